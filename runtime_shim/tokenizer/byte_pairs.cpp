// runtime_shim/tokenizer/byte_pairs.cpp: words, their bytes, and the merges; the table of merges in an image.
#include "runtime_shim/tokenizer/byte_pairs.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/text.h"
#include "runtime_shim/tokenizer/merge.h"
#include "runtime_shim/tokenizer/nfc.h"
#include "runtime_shim/tokenizer/split.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tokenizer {
namespace {

constexpr std::size_t kMaxProbes = 512;
constexpr std::size_t kMaxMerges = 4 * kMaxVocabulary;
constexpr KindMask kFound = mask_of({PieceKind::undefined, PieceKind::normal, PieceKind::unknown,
                                     PieceKind::user, PieceKind::unused, PieceKind::byte});

std::size_t place_of(uint32_t left, uint32_t right) {
  const uint64_t both = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15ull;
  return static_cast<std::size_t>((both ^ (both >> 29)) * 0xBF58476D1CE4E5B9ull >> 24);
}

// The values of tokenizer.ggml.pre whose rule for words is GPT-2's. source: llama.cpp src/llama-vocab.cpp
constexpr std::string_view kPre[] = {"gpt-2",      "gpt2",       "roberta-bpe", "modern-bert",
                                     "jina-v2-es", "jina-v2-de", "jina-es",     "jina-de"};

struct Ready {
  uint32_t slots = 0;
  int32_t space_before = 0;
  SpecialKeys keys{};
};

}  // namespace

uint32_t byte_to_code_point(uint8_t byte) {
  const auto printable = [](unsigned b) {
    return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
  };
  if (printable(byte)) return byte;
  uint32_t n = 0;
  for (unsigned b = 0; b < byte; ++b) n += printable(b) ? 0 : 1;
  return 0x100 + n;
}

/// One way through an image: measure, fill, or read.
class BytePairs::Loader {
 public:
  Loader(const gguf::File& file, packed::Image& image) : file_(file), image_(image) {}

  [[nodiscard]] Result<BytePairs> load() {
    NANO_TRY_ASSIGN(const std::string_view model, file_.get_string("tokenizer.ggml.model"));
    if (model != "gpt2")
      return file_.unsupported("its tokenizer is '" + gguf::shown(model) + "', not 'gpt2'");
    NANO_TRY_ASSIGN(const std::string_view pre, file_.get_string_or("tokenizer.ggml.pre", "gpt-2"));
    if (std::find(std::begin(kPre), std::end(kPre), pre) == std::end(kPre))
      return file_.unsupported(
          "tokenizer.ggml.pre is '" + gguf::shown(pre) + "', a rule for words that this build does not have",
          "it has that of gpt-2, roberta-bpe and modern-bert");
    NANO_TRY_ASSIGN(out_.nfc_, file_.get_bool_or("nano.tokenizer.nfc", pre == "modern-bert"));
    NANO_TRY_ASSIGN(out_.words_, Vocabulary::load(file_, image_, kFound, kMaxPieceBytes, false));
    const bool reading = image_.mode() == packed::Image::Mode::read;
    Ready ready;
    if (!reading) {
      NANO_TRY(look(ready));
      NANO_TRY_ASSIGN(const bool space, file_.get_bool_or("tokenizer.ggml.add_space_prefix", false));
      ready.space_before = space ? 1 : 0;
    }
    const auto kept = image_.place<Ready>(1, [&](std::span<Ready> to) { to[0] = ready; });
    if (!kept.empty()) ready = kept[0];
    if (reading && !(std::has_single_bit(ready.slots) && sound(ready.keys, out_.words_.size())))
      return make_error(Errc::store, "the packed merges are damaged");
    out_.special_ = special_ids(ready.keys);
    out_.space_before_ = ready.space_before != 0;
    NANO_TRY(place(ready));
    NANO_TRY_ASSIGN(out_.added_, AddedTokens::load(file_, image_));
    NANO_TRY_ASSIGN(out_.templates_, read_templates(file_, out_.special_, out_.words_.size(),
                                                    {.two_separators = pre == "roberta-bpe", .second_type = 0}));
    return std::move(out_);
  }

 private:
  [[nodiscard]] Status look(Ready& ready) {
    NANO_TRY_ASSIGN(ready.keys, read_special(file_, out_.words_.size()));
    NANO_TRY_ASSIGN(merges_, file_.get_string_array("tokenizer.ggml.merges"));
    if (merges_.size() > kMaxMerges)
      return file_.unsupported("tokenizer.ggml.merges has " + std::to_string(merges_.size()) +
                               " elements, more than " + std::to_string(kMaxMerges));
    ready.slots = static_cast<uint32_t>(std::bit_ceil(std::max<std::size_t>(8, merges_.size() * 2)));
    return Unit{};
  }

  // The tables of the vocabulary are there when the image is filled; so its faults are found then.
  [[nodiscard]] Status place(const Ready& ready) {
    Status status = Unit{};
    out_.bytes_ = image_.place<int32_t>(256, [&](std::span<int32_t> to) {
      for (unsigned b = 0; b < 256 && status; ++b) {
        std::string text;
        append_utf8(text, byte_to_code_point(static_cast<uint8_t>(b)));
        to[b] = out_.words_.find(text);
        if (to[b] < 0 && ready.keys.unknown >= 0) to[b] = ready.keys.unknown;
        if (to[b] < 0)
          status = file_.invalid("the vocabulary has no piece for the byte " + std::to_string(b) +
                                 ", and no unknown token");
      }
    });
    out_.merges_ = image_.place<Merge>(ready.slots, [&](std::span<Merge> to) {
      for (std::size_t i = 0; i < merges_.size() && status; ++i) status = insert(to, i);
    });
    NANO_TRY(std::move(status));
    if (!image_.whole()) return make_error(Errc::store, "the packed merges are cut off");
    return Unit{};
  }

  [[nodiscard]] Status insert(std::span<Merge> to, std::size_t i) const {
    const auto broken = [&](const std::string& why) {
      return file_.invalid("element " + std::to_string(i) + " of tokenizer.ggml.merges, '" +
                           gguf::shown(merges_[i]) + "', " + why);
    };
    const std::size_t space = merges_[i].find(' ', 1);
    if (space == std::string_view::npos || space + 1 >= merges_[i].size())
      return broken("is not two pieces with a space between them");
    const std::string left(merges_[i].substr(0, space)), right(merges_[i].substr(space + 1));
    const int32_t a = out_.words_.find(left), b = out_.words_.find(right),
                  both = out_.words_.find(left + right);
    if (a < 0 || b < 0 || both < 0)
      return broken(std::string("joins what is no piece of the vocabulary, or makes none"));
    const auto l = static_cast<uint32_t>(a), r = static_cast<uint32_t>(b);
    const std::size_t mask = to.size() - 1;
    std::size_t at = place_of(l, r) & mask;
    for (std::size_t probe = 0; probe < kMaxProbes; ++probe, at = (at + 1) & mask) {
      if (to[at].left_plus_one == l + 1 && to[at].right == r) return Unit{};  // the first of equals counts
      if (to[at].left_plus_one != 0) continue;
      to[at] = {l + 1, r, static_cast<uint32_t>(i), both};
      return Unit{};
    }
    return broken("is one of too many that hash alike");
  }

  const gguf::File& file_;
  packed::Image& image_;
  std::vector<std::string_view> merges_{};
  BytePairs out_{};
};

Result<BytePairs> BytePairs::load(const gguf::File& file, packed::Image& image) {
  return Loader(file, image).load();
}

Result<BytePairs> BytePairs::load(const gguf::File& file) {
  packed::Image measured;
  NANO_TRY(load(file, measured));
  packed::Image image = packed::Image::to_fill(measured);
  NANO_TRY_ASSIGN(BytePairs out, load(file, image));
  out.own_ = std::move(image);
  return out;
}

const BytePairs::Merge* BytePairs::find_merge(int32_t left, int32_t right) const {
  const auto l = static_cast<uint32_t>(left), r = static_cast<uint32_t>(right);
  const std::size_t mask = merges_.size() - 1;
  std::size_t at = place_of(l, r) & mask;
  for (std::size_t probe = 0; probe < kMaxProbes && merges_[at].left_plus_one != 0;
       ++probe, at = (at + 1) & mask)
    if (merges_[at].left_plus_one == l + 1 && merges_[at].right == r) return &merges_[at];
  return nullptr;
}

/// One call of append.
class BytePairs::Run {
 public:
  Run(const BytePairs& tokenizer, std::string_view text, std::size_t limit, Encoding& out)
      : tokenizer_(tokenizer), text_(text), limit_(limit), out_(out) {}

  /// False: the limit was reached and there is more.
  [[nodiscard]] bool all() {
    std::size_t at = 0;
    while (at < text_.size()) {
      const AddedTokens::Match added = tokenizer_.added_.next(text_, at, true);
      // A word never reaches over an added token, nor does its look ahead.
      if (added.begin > at && !part(text_.substr(at, added.begin - at), at)) return false;
      if (added.id < 0) return true;
      put(added.id, added.begin, added.end);
      ++word_index_;
      if (!fits()) return false;
      at = added.end;
    }
    return true;
  }

 private:
  // What lies between added tokens, from text_[at] on. A space that is put before it is no byte of text_.
  [[nodiscard]] bool part(std::string_view text, std::size_t at) {
    std::string spaced;
    before_ = tokenizer_.space_before_ && text.front() != ' ' ? 1 : 0;
    if (before_ != 0) spaced.append(" ").append(text);
    line_ = before_ != 0 ? std::string_view(spaced) : text;
    at_ = at;
    for (std::size_t i = 0; i < line_.size();) {
      const std::size_t end = gpt2_word_end(line_, i);
      if (!word(i, end)) return false;
      i = end;
    }
    return true;
  }

  [[nodiscard]] bool word(std::size_t begin, std::size_t end) {
    merger_.symbols.clear();
    for (std::size_t i = begin; i < end; ++i)
      merger_.add(i, 1, tokenizer_.bytes_[static_cast<unsigned char>(line_[i])]);
    merger_.merge_all([&](const Symbol& l, const Symbol& r, double& order, int32_t& id) {
      const Merge* merge = tokenizer_.find_merge(l.id, r.id);
      if (merge == nullptr) return false;
      order = merge->rank;
      id = merge->merged;
      return true;
    });
    for (std::ptrdiff_t i = 0; i >= 0; i = merger_.symbols[static_cast<std::size_t>(i)].after) {
      const Symbol& s = merger_.symbols[static_cast<std::size_t>(i)];
      const auto place = [&](std::size_t n) { return at_ + n - std::min(n, before_); };
      put(s.id, place(s.at), place(s.at + s.length));
    }
    ++word_index_;
    return fits();
  }

  void put(int32_t id, std::size_t begin, std::size_t end) {
    std::size_t first = begin;
    while (first < end) {
      std::size_t next = first;
      if (!is_white_space(decode_utf8(text_.substr(0, end), next))) break;
      first = next;
    }
    out_.ids.push_back(id);
    out_.offsets.push_back({first < end ? first : begin, end});
    out_.words.push_back(word_index_);
  }

  [[nodiscard]] bool fits() {
    if (out_.ids.size() <= limit_) return true;
    out_.ids.resize(limit_);
    out_.offsets.resize(limit_);
    out_.words.resize(limit_);
    return false;
  }

  const BytePairs& tokenizer_;
  std::string_view text_;
  std::size_t limit_;
  Encoding& out_;
  std::string_view line_{};             ///< of the part that is being cut, perhaps with a space before it
  std::size_t before_ = 0, at_ = 0;  ///< that space; where in text_ the part begins
  Merger merger_{};
  int32_t word_index_ = 0;
};

bool BytePairs::append(std::string_view text, bool, std::size_t limit, Encoding& out) const {
  if (!nfc_ || !may_compose(text)) return Run(*this, text, limit, out).all();
  const Composed composed = to_nfc(text);
  const std::size_t before = out.offsets.size();
  const bool all = Run(*this, composed.text, limit, out).all();
  for (std::size_t i = before; i < out.offsets.size(); ++i) {
    auto& [begin, end] = out.offsets[i];  // empty only of a space that was put before a part
    end = end > begin ? composed.from[end - 1].end : composed.from[begin].begin;
    begin = composed.from[begin].begin;
  }
  return all;
}

}  // namespace nano::tokenizer
