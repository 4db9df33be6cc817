// runtime_shim/tokenizer/added_tokens.cpp: see the header.
#include "runtime_shim/tokenizer/added_tokens.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "runtime_shim/tokenizer/unicode.h"

namespace nano::tokenizer {
namespace {

constexpr int32_t kUserKind = 4;  // source: llama.cpp include/llama.h, enum llama_token_type
constexpr std::string_view kIds = "nano.tokenizer.added_ids", kFlags = "nano.tokenizer.added_flags";

// \w of Hugging Face's regular expressions: letters, marks, decimal and letter numbers, connectors, joiners.
bool is_word_character(uint32_t c) {
  const Category cat = category(c);
  return is_letter(cat) || (cat >= Category::mn && cat <= Category::me) || cat == Category::nd || cat == Category::nl ||
         cat == Category::pc || c == 0x200C || c == 0x200D;
}

// Where the character before text[at] begins.
std::size_t step_back(std::string_view text, std::size_t at) {
  std::size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  std::size_t end = begin;
  (void)decode_utf8(text, end);
  return end == at ? begin : at - 1;  // no UTF-8: a byte by itself
}

uint32_t character_before(std::string_view text, std::size_t at) {
  std::size_t begin = step_back(text, at);
  return decode_utf8(text, begin);
}

bool beside_a_word(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && is_word_character(character_before(text, begin))) return true;
  return end < text.size() && is_word_character(decode_utf8(text, end));
}

constexpr uint32_t kMostPieces = 1u << 20;

using Flags = std::vector<std::pair<uint32_t, uint8_t>>;

/// Nothing: the file has no such keys.
Result<std::optional<Flags>> flags_in(const gguf::File& file) {
  if (!file.has(kIds) && !file.has(kFlags)) return std::optional<Flags>();
  NANO_TRY_ASSIGN(const auto ids, file.get_i32_array(kIds));
  NANO_TRY_ASSIGN(const auto flags, file.get_i32_array(kFlags));
  if (ids.size() != flags.size() || ids.size() > kMostPieces)
    return file.invalid(std::string(kFlags) + " has " + std::to_string(flags.size()) + " elements for " +
                        std::to_string(ids.size()) + " of " + std::string(kIds));
  Flags out;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || static_cast<uint32_t>(ids[i]) >= kMostPieces)
      return file.invalid(std::string(kIds) + ": " + std::to_string(ids[i]) + " is no id");
    if (flags[i] < 0 || flags[i] > 31)
      return file.unsupported(std::string(kFlags) + ": " + std::to_string(flags[i]) + " has flags that this build does not know");
    out.emplace_back(static_cast<uint32_t>(ids[i]), static_cast<uint8_t>(flags[i]));
  }
  return std::optional<Flags>(std::move(out));
}

struct Ready {
  uint32_t slots = 8, longest = 0, flags = 0, flagged = 0, normalized = 0;
};

}  // namespace

/// One way through an image: measure, fill, or read.
class AddedTokens::Loader {
 public:
  Loader(const gguf::File& file, packed::Image& image) : file_(file), image_(image), texts_(file) {}

  [[nodiscard]] Result<AddedTokens> load() {
    const bool reading = image_.mode() == packed::Image::Mode::read;
    Ready ready;
    if (!reading) NANO_TRY(look(ready));
    const auto kept = image_.place<Ready>(1, [&](std::span<Ready> to) { to[0] = ready; });
    if (!kept.empty()) ready = kept[0];
    const auto power = [](uint32_t n) { return n >= 8 && n <= 4 * kMostPieces && (n & (n - 1)) == 0; };
    if (!power(ready.slots) || ready.flags > kMostPieces)
      return make_error(Errc::store, "the packed vocabulary is damaged");
    int64_t homeless = -1;
    const auto slots = image_.place<PieceTable::Slot>(ready.slots, [&](std::span<PieceTable::Slot> to) {
      for (std::size_t i = users_.size(); i-- > 0;)  // the first of equal pieces is put in last: it stays
        if (!PieceTable::insert(to, texts_.text(), pieces_[users_[i]], static_cast<int32_t>(users_[i])))
          homeless = static_cast<int64_t>(users_[i]);
    });
    AddedTokens out;
    out.firsts_ = image_.place<uint8_t>(256, [&](std::span<uint8_t> to) {
      for (const std::size_t i : users_) to[static_cast<unsigned char>(pieces_[i][0])] = 1;
    });
    out.flags_ = image_.place<uint64_t>(
        ready.flags, [&](std::span<uint64_t> to) { std::copy(flags_.begin(), flags_.end(), to.begin()); });
    if (homeless >= 0)
      return PieceTexts::homeless(file_, static_cast<std::size_t>(homeless),
                                  pieces_[static_cast<std::size_t>(homeless)]);
    out.flagged_ = ready.flagged != 0;
    out.some_normalized_ = ready.normalized != 0;
    if (!image_.whole()) return make_error(Errc::store, "the packed vocabulary is cut off");
    if (image_.mode() == packed::Image::Mode::measure) return AddedTokens();
    out.table_ = PieceTable(slots, ready.longest, texts_.text());
    return out;
  }

 private:
  [[nodiscard]] Status look(Ready& ready) {
    NANO_TRY(read_flags(ready));
    if (!file_.has("tokenizer.ggml.token_type")) return Unit{};
    NANO_TRY_ASSIGN(const auto types, file_.get_i32_array("tokenizer.ggml.token_type"));
    if (std::find(types.begin(), types.end(), kUserKind) == types.end()) return Unit{};
    NANO_TRY_ASSIGN(pieces_, PieceTexts::read(file_));
    for (std::size_t i = 0; i < std::min(types.size(), pieces_.size()); ++i) {
      if (types[i] != kUserKind || pieces_[i].empty()) continue;
      if (pieces_[i].size() > kMaxUserPiece)
        return file_.unsupported("piece " + std::to_string(i) + " of the vocabulary is " +
                                 std::to_string(pieces_[i].size()) + " bytes long, more than " +
                                 std::to_string(kMaxUserPiece));
      ready.longest = std::max(ready.longest, static_cast<uint32_t>(pieces_[i].size()));
      users_.push_back(i);
    }
    ready.slots = static_cast<uint32_t>(PieceTable::slots_for(users_.size()));
    return Unit{};
  }

  [[nodiscard]] Status read_flags(Ready& ready) {
    NANO_TRY_ASSIGN(const auto all, flags_in(file_));
    ready.flagged = all ? 1 : 0;
    for (const auto& [id, flags] : all.value_or(Flags())) {
      if ((flags & kAddedNormalized) != 0) ready.normalized = 1;
      flags_.push_back(static_cast<uint64_t>(id) << 8 | flags);
    }
    std::sort(flags_.begin(), flags_.end());
    ready.flags = static_cast<uint32_t>(flags_.size());
    return Unit{};
  }

  const gguf::File& file_;
  packed::Image& image_;
  PieceTexts texts_;
  std::vector<std::string_view> pieces_{};
  std::vector<std::size_t> users_{};
  std::vector<uint64_t> flags_{};
};

Result<std::vector<bool>> AddedTokens::only_whole(const gguf::File& file, std::span<const uint8_t> kinds) {
  NANO_TRY_ASSIGN(const auto all, flags_in(file));
  if (!all) return std::vector<bool>();
  std::vector<bool> out(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) out[i] = kinds[i] == kUserKind;
  for (const auto& [id, flags] : *all)
    if (id < out.size() && (flags & kAddedPiece) != 0) out[id] = false;
  return out;
}

Result<AddedTokens> AddedTokens::load(const gguf::File& file, packed::Image& image) {
  return Loader(file, image).load();
}

uint8_t AddedTokens::flags_of(int32_t id) const {
  const uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(id)) << 8;
  const auto at = std::lower_bound(flags_.begin(), flags_.end(), key);
  return at != flags_.end() && *at >> 8 == key >> 8 ? static_cast<uint8_t>(*at & 0xFF) : uint8_t{0};
}

// `normalized`: 1 only those, 0 only the others, -1 all.
AddedTokens::Match AddedTokens::longest_at(std::string_view text, std::size_t at, int normalized) const {
  if (firsts_[static_cast<unsigned char>(text[at])] == 0) return {-1, at, at};
  Match best{-1, at, at};
  uint64_t hash = kHashStart;
  const std::size_t most = std::min({table_.longest(), kMaxUserPiece, text.size() - at});
  for (std::size_t n = 1; n <= most; ++n) {
    hash = hash_byte(hash, text[at + n - 1]);
    const int32_t id = table_.find(text.substr(at, n), hash);
    if (id < 0) continue;
    if (normalized >= 0 && ((flags_of(id) & kAddedNormalized) != 0) != (normalized == 1)) continue;
    best = {id, at, at + n};
  }
  return best;
}

AddedTokens::Match AddedTokens::at(std::string_view text, std::size_t at) const {
  return any() ? longest_at(text, at, -1) : Match{-1, at, at};
}

// source: huggingface/tokenizers src/tokenizer/added_vocabulary.rs find_matches
AddedTokens::Match AddedTokens::next(std::string_view text, std::size_t at, bool normalized) const {
  if (!any() || (normalized && !some_normalized_)) return {-1, text.size(), text.size()};
  for (std::size_t i = at; i < text.size();) {
    Match found = longest_at(text, i, normalized ? 1 : 0);
    if (found.id < 0) {
      ++i;
      continue;
    }
    const uint8_t flags = flags_of(found.id);
    if ((flags & kAddedSingleWord) != 0 && beside_a_word(text, found.begin, found.end)) {
      i = found.end;  // passed over whole
      continue;
    }
    if ((flags & kAddedLstrip) != 0) {
      while (found.begin > at) {
        const std::size_t before = step_back(text, found.begin);
        std::size_t end = before;
        if (before < at || !is_white_space(decode_utf8(text, end))) break;
        found.begin = before;
      }
    }
    if ((flags & kAddedRstrip) != 0) {
      while (found.end < text.size()) {
        std::size_t end = found.end;
        if (!is_white_space(decode_utf8(text, end))) break;
        found.end = end;
      }
    }
    return found;
  }
  return {-1, text.size(), text.size()};
}

}  // namespace nano::tokenizer
