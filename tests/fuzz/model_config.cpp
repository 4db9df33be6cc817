// tests/fuzz/model_config.cpp: any text as config.json, or as the files that sentence-transformers has beside it.
#include <string>

#include "runtime_shim/convert/config.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/tensor_map.h"
#include "tests/fuzz/fuzz.h"

// The first byte chooses which file the rest is.
int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  if (size == 0) return 0;
  const std::string bytes(fuzz::text(data + 1, size - 1));
  const std::string bert =
      R"({"model_type":"bert","architectures":["BertModel"],"hidden_size":8,"num_hidden_layers":1,)"
      R"("num_attention_heads":2,"intermediate_size":8,"vocab_size":9,"max_position_embeddings":6})";
  std::map<std::string, std::string> files = {
      {"config.json", bert},
      {"model.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10)},
      {"modules.json", R"([{"type":"a.Transformer","path":""},{"type":"a.Pooling","path":"1_Pooling"}])"},
      {"1_Pooling/config.json", R"({"pooling_mode_mean_tokens":true})"}};
  constexpr const char* kNames[] = {"config.json", "modules.json", "1_Pooling/config.json",
                                    "sentence_bert_config.json", "model.safetensors.index.json"};
  const char* name = kNames[data[0] % std::size(kNames)];
  if (std::string_view(name).starts_with("model.")) files.erase("model.safetensors");
  files[name] = bytes;
  const auto folder = convert::Folder::of(std::move(files));
  if (!folder) return 0;
  const auto config = convert::read_config(*folder);
  if (!config) return 0;
  fuzz::must(config->hidden % config->heads == 0 && config->layers > 0,
             "sizes that are accepted fit together");
  fuzz::must(config->context + config->first_position <= config->position_rows, "the context has positions");
  if (config->layers <= 64) fuzz::must(!convert::map_tensors(*folder, *config), "no tensor is there");
  return 0;
}
