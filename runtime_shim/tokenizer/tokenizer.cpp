// runtime_shim/tokenizer/tokenizer.cpp: special tokens around the pieces, pairs, and which tokenizer a file asks for.
#include "runtime_shim/tokenizer/tokenizer.h"

#include <algorithm>

#include "runtime_shim/tokenizer/byte_pairs.h"
#include "runtime_shim/tokenizer/sentencepiece.h"
#include "runtime_shim/tokenizer/wordpiece.h"

namespace nano::tokenizer {
namespace {

template <class Kind>
Result<std::unique_ptr<Tokenizer>> load_kind(const gguf::File& file, packed::Image& image) {
  NANO_TRY_ASSIGN(Kind loaded, Kind::load(file, image));
  return std::unique_ptr<Tokenizer>(std::make_unique<Kind>(std::move(loaded)));
}

struct Known {
  std::string_view model;  // tokenizer.ggml.model
  Result<std::unique_ptr<Tokenizer>> (*load)(const gguf::File&, packed::Image&);
};
constexpr Known kKnown[] = {
    {"bert", load_kind<WordPiece>},
    {"gpt2", load_kind<BytePairs>},
    {"llama", load_kind<SentencePiece>},
    {"t5", load_kind<SentencePiece>},
};

void put(Encoding& out, int32_t id, std::size_t at) {
  out.ids.push_back(id);
  out.offsets.push_back({at, at});
  out.words.push_back(kNoWord);
}

void put_all(Encoding& out, const Encoding& from, std::size_t count) {
  const auto n = static_cast<std::ptrdiff_t>(count);
  out.ids.insert(out.ids.end(), from.ids.begin(), from.ids.begin() + n);
  out.offsets.insert(out.offsets.end(), from.offsets.begin(), from.offsets.begin() + n);
  out.words.insert(out.words.end(), from.words.begin(), from.words.begin() + n);
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> Tokenizer::load_any(const gguf::File& file, packed::Image& image) {
  NANO_TRY_ASSIGN(const std::string_view model, file.get_string("tokenizer.ggml.model"));
  for (const Known& known : kKnown) {
    if (known.model == model) return known.load(file, image);
  }
  return file.unsupported("its tokenizer is '" + gguf::shown(model) + "', which this build does not have");
}

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  Encoding out;
  const bool limited = options.max_tokens > 0;
  const auto add = [&](int32_t id, std::size_t at) {
    if (!limited || out.ids.size() < options.max_tokens) put(out, id, at);
  };
  if (options.add_special) add(special_.cls, 0);
  // The pieces count what stands already, leave room for the separator, and stop once there is a token too many.
  const std::size_t room = options.max_tokens - (limited && options.add_special ? 1 : 0);
  out.truncated = !append(text, limited ? std::max(room, out.ids.size()) : kNoLimit, out);
  if (options.add_special) add(special_.sep, text.size());
  return out;
}

Encoding Tokenizer::encode_pair(std::string_view a, std::string_view b, const EncodeOptions& options) const {
  Encoding first, second, out;
  const std::size_t special = options.add_special ? (two_separators_ ? 4 : 3) : 0;
  const std::size_t room =
      options.max_tokens == 0 ? kNoLimit : options.max_tokens - std::min(options.max_tokens, special);
  const bool all_a = append(a, room, first), all_b = append(b, room, second);
  std::size_t n = first.ids.size(), m = second.ids.size();
  // The longer one gives way; of equals the second.
  if (n + m > room) {
    const std::size_t half = room / 2;
    if (m <= half) {
      n = room - m;
    } else if (n <= room - half) {
      m = room - n;
    } else {
      n = room - half;
      m = half;
    }
  }
  out.truncated = !all_a || !all_b || n < first.ids.size() || m < second.ids.size();
  const auto add = [&](int32_t id, std::size_t at) {
    if (options.add_special && (options.max_tokens == 0 || out.ids.size() < options.max_tokens))
      put(out, id, at);
  };
  add(special_.cls, 0);
  put_all(out, first, n);
  add(special_.sep, a.size());
  if (two_separators_) add(special_.sep, 0);
  out.second = out.ids.size();
  put_all(out, second, m);
  add(special_.sep, b.size());
  out.types.assign(out.ids.size(), 0);
  for (std::size_t i = out.second; i < out.ids.size(); ++i) out.types[i] = second_type_;
  return out;
}

}  // namespace nano::tokenizer
