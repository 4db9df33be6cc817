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

// The tokens that are looked for in the text as it stands, and between them what append() makes of the rest.
// source: huggingface/tokenizers src/tokenizer/added_vocabulary.rs extract_and_normalize
bool Tokenizer::append_text(std::string_view text, std::size_t limit, Encoding& out) const {
  if (added_are_pieces_ || !added_.any()) return append(text, true, limit, out);
  int32_t words = 0;
  for (std::size_t at = 0; at < text.size();) {
    const AddedTokens::Match found = added_.next(text, at, false);
    if (found.begin > at) {
      const std::size_t before = out.ids.size();
      const bool all = append(text.substr(at, found.begin - at), at == 0, limit, out);
      const int32_t shift = words;
      for (std::size_t i = before; i < out.ids.size(); ++i) {
        out.offsets[i].begin += at;
        out.offsets[i].end += at;
        out.words[i] += shift;
        words = std::max(words, out.words[i] + 1);
      }
      if (!all) return false;
    }
    if (found.id < 0) break;
    if (out.ids.size() >= limit) return false;
    out.ids.push_back(found.id);
    out.offsets.push_back({found.begin, found.end});
    out.words.push_back(words++);
    at = found.end;
  }
  return true;
}

// Has `a` more tokens than `b`? Both have more than `room`; of the shorter one not much more than all is looked at.
bool Tokenizer::is_longer(std::string_view a, std::string_view b, std::size_t room) const {
  for (std::size_t limit = 2 * std::max<std::size_t>(room, 8);; limit *= 2) {
    Encoding x, y;
    const bool all_x = append_text(a, limit, x), all_y = append_text(b, limit, y);
    if (all_x && all_y) return x.ids.size() > y.ids.size();
    if (all_x || all_y) return all_y;
  }
}

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  Encoding out;
  const std::size_t most = options.max_tokens == 0 ? kNoLimit : options.max_tokens;
  static const std::vector<TemplatePart> kBare{TemplatePart{}};
  const std::vector<TemplatePart>& parts = options.add_special ? templates_.single : kBare;
  std::size_t after = 0;  // special tokens that stand behind the text
  for (const TemplatePart& part : parts) after = part.id == kFirstText ? 0 : after + 1;
  bool typed = false;
  std::size_t texts = 0;
  for (const TemplatePart& part : parts) {
    if (part.id == kFirstText) {
      // The pieces count what stands already, leave room for what follows, and stop once there is a token too many.
      const std::size_t room = most == kNoLimit ? most : most - std::min(most, after);
      out.truncated = !append_text(text, std::max(room, out.ids.size()), out);
      ++texts;
    } else if (out.ids.size() < most) {
      put(out, part.id, texts == 0 ? 0 : text.size());
    }
    out.types.resize(out.ids.size(), part.type);
    typed = typed || part.type != 0;
  }
  if (!typed) out.types.clear();
  return out;
}

Encoding Tokenizer::encode_pair(std::string_view a, std::string_view b, const EncodeOptions& options) const {
  Encoding first, second, out;
  static const std::vector<TemplatePart> kBare{TemplatePart{}, TemplatePart{kSecondText, 0}};
  const std::vector<TemplatePart>& parts = options.add_special ? templates_.pair : kBare;
  const std::size_t most = options.max_tokens == 0 ? kNoLimit : options.max_tokens;
  const std::size_t special = parts.size() - 2;
  const std::size_t room = most == kNoLimit ? most : most - std::min(most, special);
  const bool all_a = append_text(a, room, first), all_b = append_text(b, room, second);
  std::size_t n = first.ids.size(), m = second.ids.size();
  // source: huggingface/tokenizers src/utils/truncation.rs truncate_encodings, LongestFirst
  if (n + m > room || !all_a || !all_b) {
    const bool swap = !all_a && !all_b ? is_longer(a, b, room) : all_a == all_b ? n > m : !all_a;
    std::size_t shorter = swap ? m : n, longer = swap ? n : m;
    const std::size_t half = room / 2;
    if (shorter <= half) {
      longer = std::min(longer, room - shorter);
    } else {
      shorter = half;
      longer = half + room % 2;
    }
    n = swap ? longer : shorter;
    m = swap ? shorter : longer;
  }
  out.truncated = !all_a || !all_b || n < first.ids.size() || m < second.ids.size();
  std::size_t at = 0;  // where a special token stands: behind the first text, before the second, behind it
  for (const TemplatePart& part : parts) {
    if (part.id == kFirstText) {
      put_all(out, first, n);
      at = a.size();
    } else if (part.id == kSecondText) {
      out.second = out.ids.size();
      put_all(out, second, m);
      at = b.size();
    } else if (out.ids.size() < most) {
      put(out, part.id, at);
      if (out.second == 0) at = 0;
    }
    out.types.resize(out.ids.size(), part.type);
  }
  return out;
}

}  // namespace nano::tokenizer
