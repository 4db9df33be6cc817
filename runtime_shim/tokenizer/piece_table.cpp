// runtime_shim/tokenizer/piece_table.cpp: see the header.
#include "runtime_shim/tokenizer/piece_table.h"

#include <algorithm>
#include <bit>

namespace nano::tokenizer {
namespace {

constexpr std::size_t kMaxProbes = 512;

/// FNV's low bits are its weakest: fold the high ones in.
std::size_t place(uint64_t hash) { return static_cast<std::size_t>((hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15ull >> 20); }
uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

}  // namespace

void PieceTable::reserve(std::size_t count) {
  slots_.assign(std::bit_ceil(std::max<std::size_t>(8, count * 2)), Slot{});
  mask_ = slots_.size() - 1;
  longest_ = 0;
}

bool PieceTable::insert(std::string_view piece, int32_t id) {
  uint64_t hash = kHashStart;
  for (const char c : piece) hash = hash_byte(hash, c);
  std::size_t at = place(hash) & mask_;
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe, at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.id >= 0 && (slot.tag != tag_of(hash) || slot.piece != piece)) continue;
    slot = {piece, id, tag_of(hash)};
    longest_ = std::max(longest_, piece.size());
    return true;
  }
  return false;
}

int32_t PieceTable::find(std::string_view piece, uint64_t hash) const {
  if (slots_.empty()) return -1;
  for (std::size_t at = place(hash) & mask_; slots_[at].id >= 0; at = (at + 1) & mask_)
    if (slots_[at].tag == tag_of(hash) && slots_[at].piece == piece) return slots_[at].id;
  return -1;
}

}  // namespace nano::tokenizer
