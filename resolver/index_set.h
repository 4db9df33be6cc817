// resolver/index_set.h: a set of integers below a fixed size, one bit each: what a package may still be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nano::resolver {

/// Sets that meet in an operation have the same size. Up to 64 elements nothing is allocated.
class IndexSet {
 public:
  IndexSet() = default;
  explicit IndexSet(std::size_t size);  ///< empty
  [[nodiscard]] static IndexSet full(std::size_t size);

  [[nodiscard]] std::size_t size() const { return size_; }  ///< of the universe, not of the set
  [[nodiscard]] bool test(std::size_t i) const { return ((word(i / 64) >> (i % 64)) & 1U) != 0; }
  void set(std::size_t i);

  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] bool is_full() const { return count() == size_; }
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] bool is_subset_of(const IndexSet& other) const;
  [[nodiscard]] bool is_disjoint_from(const IndexSet& other) const;
  [[nodiscard]] IndexSet complement() const;
  IndexSet& operator&=(const IndexSet& other);
  IndexSet& operator|=(const IndexSet& other);
  [[nodiscard]] friend IndexSet operator&(IndexSet a, const IndexSet& b) { return a &= b; }
  [[nodiscard]] friend IndexSet operator|(IndexSet a, const IndexSet& b) { return a |= b; }
  friend bool operator==(const IndexSet&, const IndexSet&) = default;

 private:
  [[nodiscard]] uint64_t word(std::size_t i) const { return i == 0 ? first_ : more_[i - 1]; }

  std::size_t size_ = 0;
  uint64_t first_ = 0;             ///< elements 0 to 63
  std::vector<uint64_t> more_{};   ///< the rest, 64 a word; bits at or above size_ are 0
};

}  // namespace nano::resolver
