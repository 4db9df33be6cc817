// resolver/index_set.cpp: sets of bits.
#include "resolver/index_set.h"

#include <bit>

#include "base/assert.h"

namespace nano::resolver {

IndexSet::IndexSet(std::size_t size) : size_(size), more_(size > 64 ? (size - 1) / 64 : 0) {}

IndexSet IndexSet::full(std::size_t size) { return IndexSet(size).complement(); }

void IndexSet::set(std::size_t i) {
  NANO_ASSERT(i < size_);
  (i < 64 ? first_ : more_[i / 64 - 1]) |= uint64_t{1} << (i % 64);
}

bool IndexSet::is_empty() const {
  if (first_ != 0) return false;
  for (uint64_t w : more_)
    if (w != 0) return false;
  return true;
}

std::size_t IndexSet::count() const {
  std::size_t n = static_cast<std::size_t>(std::popcount(first_));
  for (uint64_t w : more_) n += static_cast<std::size_t>(std::popcount(w));
  return n;
}

bool IndexSet::is_subset_of(const IndexSet& other) const {
  NANO_ASSERT(size_ == other.size_);
  if ((first_ & ~other.first_) != 0) return false;
  for (std::size_t i = 0; i < more_.size(); ++i)
    if ((more_[i] & ~other.more_[i]) != 0) return false;
  return true;
}

bool IndexSet::is_disjoint_from(const IndexSet& other) const {
  NANO_ASSERT(size_ == other.size_);
  if ((first_ & other.first_) != 0) return false;
  for (std::size_t i = 0; i < more_.size(); ++i)
    if ((more_[i] & other.more_[i]) != 0) return false;
  return true;
}

IndexSet IndexSet::complement() const {
  IndexSet out = *this;
  const auto flip = [&](uint64_t& w, std::size_t index) {
    const std::size_t bits = size_ - index * 64;
    w = ~w & (bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1);
  };
  flip(out.first_, 0);
  for (std::size_t i = 0; i < more_.size(); ++i) flip(out.more_[i], i + 1);
  return out;
}

IndexSet& IndexSet::operator&=(const IndexSet& other) {
  NANO_ASSERT(size_ == other.size_);
  first_ &= other.first_;
  for (std::size_t i = 0; i < more_.size(); ++i) more_[i] &= other.more_[i];
  return *this;
}

IndexSet& IndexSet::operator|=(const IndexSet& other) {
  NANO_ASSERT(size_ == other.size_);
  first_ |= other.first_;
  for (std::size_t i = 0; i < more_.size(); ++i) more_[i] |= other.more_[i];
  return *this;
}

}  // namespace nano::resolver
