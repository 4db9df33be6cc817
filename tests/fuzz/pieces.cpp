// tests/fuzz/pieces.cpp: any bytes as text for byte-level BPE and SentencePiece of both kinds: offsets go forward, the limit
// holds, and byte-level BPE loses nothing.
#include <string>
#include <vector>

#include "base/text.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/tokenizer/byte_pairs.h"
#include "runtime_shim/tokenizer/sentencepiece.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nano;

struct Tokenizers {
  std::string bytes{};
  gguf::File byte_file{}, unigram_file{}, pair_file{};
  tokenizer::BytePairs byte_pairs{};
  tokenizer::SentencePiece unigram{}, pairs{};
};

std::string byte_vocabulary() {
  std::vector<std::string> pieces = {"<s>", "</s>"},
                           merges = {"t h", "th e", "\xC4\xA0 the", "a b", "ab ab", "\xC3\xA2 \xC4\xAC"};
  for (int b = 0; b < 256; ++b) {
    pieces.emplace_back();
    append_utf8(pieces.back(), tokenizer::byte_to_code_point(static_cast<uint8_t>(b)));
  }
  for (std::string m : merges) pieces.push_back(m.erase(m.find(' '), 1));
  std::vector<int32_t> types(pieces.size(), 1);
  types[0] = types[1] = 3;
  for (const char* user : {"  ", "    ", "<x>"}) {
    pieces.emplace_back(user);
    types.push_back(4);
  }
  gguf::Builder b;
  b.set_string("tokenizer.ggml.model", "gpt2");
  b.set_string_array("tokenizer.ggml.tokens", pieces);
  b.set_i32_array("tokenizer.ggml.token_type", types);
  b.set_string_array("tokenizer.ggml.merges", merges);
  b.set_u32("tokenizer.ggml.bos_token_id", 0);
  b.set_u32("tokenizer.ggml.eos_token_id", 1);
  return b.bytes().value();
}

const Tokenizers& tokenizers() {
  static const Tokenizers* kept = [] {
    auto* t = new Tokenizers;
    const fs::Path data = NANO_FUZZ_DATA;
    t->bytes = byte_vocabulary();
    t->byte_file = gguf::File::parse(std::as_bytes(std::span(t->bytes)), "bytes").value();
    t->unigram_file = gguf::File::open(data / "tokenizers/unigram.gguf").value();
    t->pair_file = gguf::File::open(data / "tokenizers/pairs.gguf").value();
    t->byte_pairs = tokenizer::BytePairs::load(t->byte_file).value();
    t->unigram = tokenizer::SentencePiece::load(t->unigram_file).value();
    t->pairs = tokenizer::SentencePiece::load(t->pair_file).value();
    return t;
  }();
  return *kept;
}

void check(const tokenizer::Tokenizer& t, std::string_view text, std::size_t limit) {
  const auto e = t.encode(text, {.max_tokens = limit, .add_special = true});
  fuzz::must(e.ids.size() == e.offsets.size() && e.ids.size() == e.words.size(),
             "an offset and a word for each token");
  fuzz::must(limit == 0 || e.ids.size() <= std::max<std::size_t>(limit, 2), "the limit holds");
  std::size_t begin = 0, end = 0;
  for (std::size_t i = 0; i < e.ids.size(); ++i) {
    const auto& r = e.offsets[i];
    fuzz::must(e.ids[i] >= 0 && static_cast<std::size_t>(e.ids[i]) < t.size(), "ids are of the vocabulary");
    fuzz::must(r.begin >= begin && r.end >= end && r.begin <= r.end && r.end <= text.size(),
               "offsets go forward");
    begin = r.begin;
    end = r.end;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t limit = data[0] % 40;  // 0 = none
  const std::string_view text = fuzz::text(data, size).substr(1);
  const Tokenizers& t = tokenizers();
  check(t.byte_pairs, text, limit);
  check(t.unigram, text, limit);
  check(t.pairs, text, limit);
  std::size_t bytes = 0;
  for (const int32_t id : t.byte_pairs.encode(text, {.max_tokens = 0, .add_special = false}).ids) {
    const std::string_view piece = t.byte_pairs.id_to_piece(id);
    for (std::size_t at = 0; at < piece.size(); ++bytes) (void)decode_utf8(piece, at);
  }
  fuzz::must(bytes == text.size(), "byte-level BPE loses nothing");
  return 0;
}
