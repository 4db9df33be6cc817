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

bool holds(const PieceTable::Slot& slot, std::string_view text, std::string_view piece, uint64_t hash) {
  return slot.tag == tag_of(hash) && slot.length == piece.size() && slot.at <= text.size() &&
         text.substr(slot.at, slot.length) == piece;
}

}  // namespace

std::size_t PieceTable::slots_for(std::size_t count) {
  return std::bit_ceil(std::max<std::size_t>(8, count * 2));
}

PieceTable::PieceTable(std::span<const Slot> slots, std::size_t longest, std::string_view text)
    : slots_(slots), text_(text), longest_(longest) {
  NANO_ASSERT(slots.empty() || std::has_single_bit(slots.size()));
}

bool PieceTable::insert(std::span<Slot> slots, std::string_view text, std::string_view piece, int32_t id) {
  NANO_ASSERT(std::has_single_bit(slots.size()) && piece.size() <= kMaxPieceBytes && id >= 0 &&
              id < std::numeric_limits<int32_t>::max());
  uint64_t hash = kHashStart;
  for (const char c : piece) hash = hash_byte(hash, c);
  const std::size_t mask = slots.size() - 1;
  std::size_t at = place(hash) & mask;
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe, at = (at + 1) & mask) {
    Slot& slot = slots[at];
    if (slot.id_plus_one != 0 && !holds(slot, text, piece, hash)) continue;
    slot = {static_cast<uint32_t>(piece.data() - text.data()), id + 1, static_cast<uint16_t>(piece.size()),
            tag_of(hash)};
    return true;
  }
  return false;
}

int32_t PieceTable::find(std::string_view piece, uint64_t hash) const {
  if (slots_.empty()) return -1;
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = place(hash) & mask;
  // The bound is for tables from a damaged file, which may have no free slot.
  for (std::size_t probe = 0; probe < kMaxProbes && slots_[at].id_plus_one != 0;
       ++probe, at = (at + 1) & mask)
    if (holds(slots_[at], text_, piece, hash)) return slots_[at].id_plus_one - 1;
  return -1;
}

}  // namespace nano::tokenizer
