// runtime_shim/tokenizer/piece_table.h: a flat hash table from the bytes of a vocabulary piece to its id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace nano::tokenizer {

/// FNV-1a, byte by byte, so that all prefixes of a word are hashed in one pass over it. source: RFC draft-eastlake-fnv
inline constexpr uint64_t kHashStart = 0xCBF29CE484222325ull;
[[nodiscard]] constexpr uint64_t hash_byte(uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ull;
}

inline constexpr std::size_t kMaxPieceBytes = 65'535;

/// Open addressing, linear probing, at most half full. The slots lie in memory that others own and that may come from a
/// file: they hold no pointers, but places in one stretch of text, which are checked at each use.
class PieceTable {
 public:
  struct Slot {
    uint32_t at = 0;          ///< where the piece begins in the text
    int32_t id_plus_one = 0;  ///< 0 = free
    uint16_t length = 0;      ///< bytes
    uint16_t tag = 0;         ///< other bits of the hash than those that choose the place
  };
  static_assert(sizeof(Slot) == 12);

  /// Slots for `count` pieces: a power of two.
  [[nodiscard]] static std::size_t slots_for(std::size_t count);

  PieceTable() = default;  ///< empty
  /// slots.size() is 0 or a power of two; `longest` is the greatest length of a piece in them.
  PieceTable(std::span<const Slot> slots, std::size_t longest, std::string_view text);

  /// Add to or replace in free or earlier filled `slots`; at most kMaxPieceBytes long, id >= 0, no more pieces than there
  /// is room for, `piece` a part of `text`.
  /// False: too many pieces fall on one place (only a vocabulary made for it does that).
  [[nodiscard]] static bool insert(std::span<Slot> slots, std::string_view text, std::string_view piece,
                                   int32_t id);
  /// The id, or -1. `hash` must be the FNV-1a of `piece`.
  [[nodiscard]] int32_t find(std::string_view piece, uint64_t hash) const;
  [[nodiscard]] std::size_t longest() const { return longest_; }  ///< bytes of the longest piece

 private:
  std::span<const Slot> slots_{};
  std::string_view text_{};
  std::size_t longest_ = 0;
};

}  // namespace nano::tokenizer
