// tests/fuzz/tokenizer_json.cpp: any text as tokenizer.json (or its older forms): what is accepted makes a tokenizer that works.
#include <string>

#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/vocabulary_files.h"
#include "runtime_shim/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"

// The first byte chooses which file the rest is.
int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  if (size == 0) return 0;
  std::map<std::string, std::string> files = {{"model.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10)},
                                              {"vocab.json", R"({"<s>":0,"</s>":1,"a":2,"b":3,"ab":4})"},
                                              {"merges.txt", "a b\n"}};
  constexpr const char* kNames[] = {"tokenizer.json", "vocab.txt", "vocab.json", "merges.txt",
                                    "tokenizer_config.json"};
  files[kNames[data[0] % std::size(kNames)]] = std::string(fuzz::text(data + 1, size - 1));
  const auto folder = convert::Folder::of(std::move(files));
  convert::ModelConfig config;
  config.vocabulary = 400;
  const auto words = convert::read_vocabulary(*folder, config);
  if (!words) return 0;
  fuzz::must(words->pieces.size() <= config.vocabulary && words->types.size() == words->pieces.size(),
             "every piece has an id below the model's vocabulary, and a type");
  gguf::Builder builder;
  convert::write_vocabulary(*words, config, builder);
  const auto bytes = builder.bytes();
  fuzz::must(bytes.has_value(), "what is read can be written");
  const auto file = gguf::File::parse(std::as_bytes(std::span(*bytes)), "vocabulary");
  fuzz::must(file.has_value(), "what is written can be read");
  packed::Image measured;
  if (!tokenizer::Tokenizer::load_any(*file, measured)) return 0;
  packed::Image image = packed::Image::to_fill(measured);
  const auto loaded = tokenizer::Tokenizer::load_any(*file, image);
  if (!loaded) return 0;
  const std::string text = "a text, \xC3\xA9 and <s> ab  \xF0\x9F\x99\x82\xFF";
  const auto e = (*loaded)->encode(text);
  for (const int32_t id : e.ids)
    fuzz::must(id >= 0 && static_cast<std::size_t>(id) < words->pieces.size(), "ids are of the vocabulary");
  for (const auto& r : e.offsets)
    fuzz::must(r.begin <= r.end && r.end <= text.size(), "offsets lie in the text");
  return 0;
}
