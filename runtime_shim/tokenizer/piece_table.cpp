// runtime_shim/tokenizer/piece_table.cpp: see the header.
#include "runtime_shim/tokenizer/piece_table.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/assert.h"

namespace nano::tokenizer {
namespace {

constexpr std::size_t kMaxProbes = 512;

/// FNV's low bits are its weakest: fold the high ones in.
std::size_t place(uint64_t hash) {
  return static_cast<std::size_t>((hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15ull >> 20);
}
uint16_t tag_of(uint64_t hash) {
  return static_cast<uint16_t>(hash >> 48);
}

}  // namespace

bool PieceTable::holds(const Slot& slot, std::string_view piece, uint64_t hash) {
  return slot.tag == tag_of(hash) && std::string_view(slot.bytes, slot.length) == piece;
}

void PieceTable::reserve(std::size_t count) {
  slots_.assign(std::bit_ceil(std::max<std::size_t>(8, count * 2)), Slot{});
  mask_ = slots_.size() - 1;
  longest_ = 0;
}

bool PieceTable::insert(std::string_view piece, int32_t id) {
  NANO_ASSERT(!slots_.empty() && piece.size() <= kMaxPieceBytes && id >= 0 &&
              id < std::numeric_limits<int32_t>::max());
  uint64_t hash = kHashStart;
  for (const char c : piece) hash = hash_byte(hash, c);
  std::size_t at = place(hash) & mask_;
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe, at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.id_plus_one != 0 && !holds(slot, piece, hash)) continue;
    slot = {piece.data(), id + 1, static_cast<uint16_t>(piece.size()), tag_of(hash)};
    longest_ = std::max(longest_, piece.size());
    return true;
  }
  return false;
}

int32_t PieceTable::find(std::string_view piece, uint64_t hash) const {
  if (slots_.empty()) return -1;
  for (std::size_t at = place(hash) & mask_; slots_[at].id_plus_one != 0; at = (at + 1) & mask_)
    if (holds(slots_[at], piece, hash)) return slots_[at].id_plus_one - 1;
  return -1;
}

}  // namespace nano::tokenizer
