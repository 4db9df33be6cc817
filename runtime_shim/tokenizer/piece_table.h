// runtime_shim/tokenizer/piece_table.h: a flat hash table from the bytes of a vocabulary piece to its id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace nano::tokenizer {

/// FNV-1a, byte by byte, so that all prefixes of a word are hashed in one pass over it. source: RFC draft-eastlake-fnv
inline constexpr uint64_t kHashStart = 0xCBF29CE484222325ull;
[[nodiscard]] constexpr uint64_t hash_byte(uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ull;
}

inline constexpr std::size_t kMaxPieceBytes = 65'535;

/// Open addressing, linear probing, at most half full. Keys are views: whoever owns their bytes outlives the table.
class PieceTable {
 public:
  /// Room for `count` pieces.
  void reserve(std::size_t count);
  /// Add or replace; at most kMaxPieceBytes long, id >= 0, no more pieces than reserved.
  /// False: too many pieces fall on one place (only a vocabulary made for it does that).
  [[nodiscard]] bool insert(std::string_view piece, int32_t id);
  /// The id, or -1. `hash` must be the FNV-1a of `piece`.
  [[nodiscard]] int32_t find(std::string_view piece, uint64_t hash) const;
  [[nodiscard]] std::size_t longest() const { return longest_; }  ///< bytes of the longest piece

 private:
  struct Slot {  // sixteen bytes: a table of a large vocabulary is a good part of what a start touches
    const char* bytes = nullptr;
    int32_t id_plus_one = 0;  ///< 0 = free
    uint16_t length = 0;
    uint16_t tag = 0;  ///< other bits of the hash than those that choose the place
  };
  static_assert(sizeof(Slot) == 16);
  [[nodiscard]] static bool holds(const Slot& slot, std::string_view piece, uint64_t hash);

  std::vector<Slot> slots_{};
  std::size_t mask_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace nano::tokenizer
