// tests/fuzz/wordpiece.cpp: any bytes as text for a small vocabulary: offsets stay in the text and in order.
#include "runtime_shim/tokenizer/wordpiece.h"

#include <string>
#include <vector>

#include "runtime_shim/gguf/writer.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nano;

struct Vocabulary {
  std::string bytes{};
  gguf::File file{};
  tokenizer::WordPiece pieces{};
};

const Vocabulary& vocabulary() {
  static const Vocabulary kept = [] {
    std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (const char c : std::string("abcdefghijklmnopqrstuvwxyz0123456789.,!?'\"-")) {
      pieces.push_back("\xE2\x96\x81" + std::string(1, c));
      pieces.push_back(std::string(1, c));
    }
    for (const char* more :
         {"\xE2\x96\x81the", "ing", "\xE2\x96\x81\xE6\x88\x91", "\xE1\x85\xA1", "\xE2\x96\x81\xE1\x84\x80",
          "\xE2\x96\x81\xCE\xB1", "\xCE\xB2", "\xC3\x9F", "\xE2\x96\x81"})
      pieces.emplace_back(more);
    gguf::Builder b;
    b.set_string("tokenizer.ggml.model", "bert");
    b.set_string_array("tokenizer.ggml.tokens", pieces);
    Vocabulary v;
    v.bytes = b.bytes().value();
    v.file = gguf::File::parse(std::as_bytes(std::span(v.bytes)), "vocabulary").value();
    v.pieces = tokenizer::WordPiece::load(v.file).value();
    return v;
  }();
  return kept;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t limit = data[0] % 40;  // 0 = none
  const std::string_view text = fuzz::text(data, size).substr(1);
  const auto& words = vocabulary().pieces;
  const auto e = words.encode(text, {.max_tokens = limit, .add_special = true});
  fuzz::must(e.ids.size() == e.offsets.size(), "an offset for each token");
  fuzz::must(limit == 0 || e.ids.size() <= std::max<std::size_t>(limit, 2), "the limit holds");
  std::size_t begin = 0, end = 0;
  for (std::size_t i = 0; i < e.ids.size(); ++i) {
    const auto& r = e.offsets[i];
    fuzz::must(e.ids[i] >= 0 && static_cast<std::size_t>(e.ids[i]) < words.size(),
               "ids are of the vocabulary");
    fuzz::must(r.begin >= begin && r.end >= end && r.begin <= r.end && r.end <= text.size(),
               "offsets go forward");
    begin = r.begin;
    end = r.end;
  }
  return 0;
}
