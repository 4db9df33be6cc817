// runtime_shim/tokenizer/vocabulary.cpp: see the header.
#include "runtime_shim/tokenizer/vocabulary.h"

#include <algorithm>
#include <string>

namespace nano::tokenizer {
namespace {

// What an image says of a vocabulary, before its arrays.
struct Ready {
  uint32_t pieces = 0, scores = 0;
  uint32_t slots = 0, longest = 0;
};

int32_t find_in(const PieceTable& table, std::string_view bytes) {
  if (bytes.empty() || bytes.size() > table.longest()) return -1;
  uint64_t hash = kHashStart;
  for (const char c : bytes) hash = hash_byte(hash, c);
  return table.find(bytes, hash);
}

}  // namespace

/// One way through an image: measure, fill, or read.
class Vocabulary::Loader {
 public:
  Loader(const gguf::File& file, packed::Image& image, KindMask found, std::size_t max_piece, bool scores)
      : file_(file), image_(image), found_(found), max_piece_(max_piece), want_scores_(scores) {
    out_.texts_ = PieceTexts(file);
  }

  [[nodiscard]] Result<Vocabulary> load() {
    const bool reading = image_.mode() == packed::Image::Mode::read;
    Ready ready;
    if (!reading) NANO_TRY(look(ready));
    const auto kept = image_.place<Ready>(1, [&](std::span<Ready> to) { to[0] = ready; });
    if (!kept.empty()) ready = kept[0];
    const auto slots = [](uint32_t n) { return n >= 8 && n <= 4 * kMaxVocabulary && (n & (n - 1)) == 0; };
    if (reading && !(ready.pieces >= 1 && ready.pieces <= kMaxVocabulary && slots(ready.slots) &&
                     (ready.scores == 0 || ready.scores == ready.pieces)))
      return make_error(Errc::store, "the packed vocabulary is damaged");
    NANO_TRY(place(ready));
    return std::move(out_);
  }

 private:
  using Slot = PieceTable::Slot;

  [[nodiscard]] bool is_found(std::size_t i) const {
    return (found_ >> kinds_[i] & 1) != 0 && (only_whole_.empty() || !only_whole_[i]);
  }

  [[nodiscard]] Status look(Ready& ready) {
    NANO_TRY_ASSIGN(pieces_, PieceTexts::read(file_));
    const auto wrong_count = [&](const char* key, std::size_t n) {
      return file_.invalid(std::string(key) + " has " + std::to_string(n) + " elements for " +
                           std::to_string(pieces_.size()) + " pieces");
    };
    kinds_.assign(pieces_.size(), static_cast<uint8_t>(PieceKind::normal));
    if (file_.has("tokenizer.ggml.token_type")) {
      NANO_TRY_ASSIGN(const auto types, file_.get_i32_array("tokenizer.ggml.token_type"));
      if (types.size() != pieces_.size()) return wrong_count("tokenizer.ggml.token_type", types.size());
      for (std::size_t i = 0; i < types.size(); ++i) {
        if (types[i] < 0 || types[i] > 6)
          return file_.invalid("tokenizer.ggml.token_type of piece " + std::to_string(i) + " is " +
                               std::to_string(types[i]) + "; 0 to 6 are possible");
        kinds_[i] = static_cast<uint8_t>(types[i]);
      }
    }
    NANO_TRY_ASSIGN(only_whole_, AddedTokens::only_whole(file_, kinds_));
    if (want_scores_) {
      NANO_TRY_ASSIGN(scores_, file_.get_f32_array("tokenizer.ggml.scores"));
      if (scores_.size() != pieces_.size()) return wrong_count("tokenizer.ggml.scores", scores_.size());
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const auto length = static_cast<uint32_t>(std::min<std::size_t>(pieces_[i].size(), 0xFFFFFFFFu));
      if (is_found(i) && length > max_piece_)
        return file_.unsupported("piece " + std::to_string(i) + " of the vocabulary is " +
                                 std::to_string(length) + " bytes long, more than " + std::to_string(max_piece_));
      if (is_found(i)) {
        ++count;
        ready.longest = std::max(ready.longest, length);
      }
    }
    ready.pieces = static_cast<uint32_t>(pieces_.size());
    ready.scores = static_cast<uint32_t>(scores_.size());
    ready.slots = static_cast<uint32_t>(PieceTable::slots_for(count));
    return Unit{};
  }

  [[nodiscard]] Status place(const Ready& ready) {
    int64_t homeless = -1;
    out_.size_ = ready.pieces;
    out_.texts_.place(image_, ready.pieces, pieces_);
    out_.kinds_ = image_.place<uint8_t>(
        ready.pieces, [&](std::span<uint8_t> to) { std::copy(kinds_.begin(), kinds_.end(), to.begin()); });
    out_.scores_ = image_.place<float>(
        ready.scores, [&](std::span<float> to) { std::copy(scores_.begin(), scores_.end(), to.begin()); });
    const auto slots = image_.place<Slot>(ready.slots, [&](std::span<Slot> to) {
      // The first of equal pieces is put in last: it stays.
      for (std::size_t i = pieces_.size(); i-- > 0;) {
        if (pieces_[i].empty() || !is_found(i)) continue;
        if (!PieceTable::insert(to, out_.texts_.text(), pieces_[i], static_cast<int32_t>(i)))
          homeless = static_cast<int64_t>(i);
      }
    });
    if (homeless >= 0)
      return PieceTexts::homeless(file_, static_cast<std::size_t>(homeless),
                                  pieces_[static_cast<std::size_t>(homeless)]);
    if (!image_.whole()) return make_error(Errc::store, "the packed vocabulary is cut off");
    if (image_.mode() == packed::Image::Mode::measure) return Unit{};
    out_.table_ = PieceTable(slots, ready.longest, out_.texts_.text());
    return Unit{};
  }

  const gguf::File& file_;
  packed::Image& image_;
  KindMask found_;
  std::size_t max_piece_;
  bool want_scores_;
  std::vector<std::string_view> pieces_{};
  std::vector<uint8_t> kinds_{};
  std::vector<bool> only_whole_{};
  std::vector<float> scores_{};
  Vocabulary out_{};
};

Result<Vocabulary> Vocabulary::load(const gguf::File& file, packed::Image& image, KindMask found,
                                    std::size_t max_piece, bool scores) {
  return Loader(file, image, found, std::min(max_piece, kMaxPieceBytes), scores).load();
}

PieceKind Vocabulary::kind(int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= kinds_.size()) return PieceKind::undefined;
  return static_cast<PieceKind>(kinds_[static_cast<std::size_t>(id)]);
}

float Vocabulary::score(int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= scores_.size()) return 0.0f;
  return scores_[static_cast<std::size_t>(id)];
}

int32_t Vocabulary::find(std::string_view bytes) const {
  return find_in(table_, bytes);
}

Result<SpecialKeys> read_special(const gguf::File& file, std::size_t pieces) {
  const auto find = [&](std::initializer_list<const char*> names, int32_t& out) -> Status {
    for (const char* name : names) {
      const std::string key = std::string("tokenizer.ggml.") + name;
      if (!file.has(key)) continue;
      NANO_TRY_ASSIGN(const uint32_t id, file.get_u32(key));
      if (id >= pieces)
        return file.invalid("metadata key '" + key + "' is " + std::to_string(id) + "; the vocabulary has " +
                            std::to_string(pieces) + " pieces");
      out = static_cast<int32_t>(id);
      return Unit{};
    }
    return Unit{};
  };
  SpecialKeys keys;
  NANO_TRY(find({"unknown_token_id"}, keys.unknown));
  NANO_TRY(find({"cls_token_id", "bos_token_id"}, keys.cls));
  NANO_TRY(find({"seperator_token_id", "separator_token_id", "eos_token_id"}, keys.sep));
  NANO_TRY(find({"padding_token_id"}, keys.pad));
  NANO_TRY(find({"mask_token_id"}, keys.mask));
  if (keys.cls < 0 || keys.sep < 0)
    return file.invalid(std::string("no metadata key names the token ") +
                        (keys.cls < 0 ? "before a text (tokenizer.ggml.cls_token_id or bos_token_id)"
                                      : "after a text (tokenizer.ggml.seperator_token_id or eos_token_id)"));
  return keys;
}

SpecialIds special_ids(const SpecialKeys& keys) {
  SpecialIds ids{std::max(keys.unknown, 0), keys.cls, keys.sep, std::max(keys.pad, 0), {}};
  if (keys.mask >= 0) ids.mask = keys.mask;
  return ids;
}

bool sound(const SpecialKeys& keys, std::size_t pieces) {
  const auto id = [&](int32_t v) { return v >= -1 && (v < 0 || static_cast<std::size_t>(v) < pieces); };
  return id(keys.unknown) && id(keys.cls) && id(keys.sep) && id(keys.pad) && id(keys.mask) && keys.cls >= 0 &&
         keys.sep >= 0;
}

}  // namespace nano::tokenizer
