// runtime_shim/models/scratch.h: the memory of one forward pass: grown to the largest pass so far, then reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nano::models {

struct EncoderShape;

[[nodiscard]] constexpr std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

/// Floats from one row of `n` to the next, where rows are written a few columns at a time: whole cache lines, an odd number
/// of them. (Rows a power of two apart would all want the same few places of the cache.)
[[nodiscard]] constexpr std::size_t row_floats(std::size_t n) {
  return (round_up(n, 16) / 16 | 1) * 16;
}

/// One pass at a time. A scratch serves passes of one model, or heads, not both at once.
class Scratch {
 public:
  /// Make room for `tokens` tokens on a team of `team_size`.
  void plan(const EncoderShape& shape, std::size_t tokens, unsigned team_size);
  /// And for what an adapter of rank `rank` adds.
  void plan_adapter(const EncoderShape& shape, std::size_t tokens, std::size_t rank);
  /// Make room for a head over `rows` states of `hidden`, with outputs of at most `wide`.
  void plan_head(std::size_t hidden, std::size_t rows, std::size_t wide);

  std::span<float> x{};           ///< (tokens, hidden)
  std::span<float> normed{};      ///< (tokens, hidden): x normalised, of pre-norm architectures
  std::span<float> qkv{};         ///< (tokens, row_floats(heads * 3 * padded width)) or three times (tokens, hidden)
  std::span<float> first_q{};     ///< the queries of the wanted rows, where those are few
  std::span<float> context{};     ///< (tokens, hidden)
  std::span<float> sum{};         ///< (tokens, row_floats(hidden))
  std::span<float> inner{};       ///< (tokens, row_floats(feed_forward; gated: two of them, each in whole panels))
  std::span<uint8_t> u8{};                    ///< (tokens, hidden)
  std::span<uint8_t> wide_u8{};               ///< `inner` as integers; or of u8 the rows that are wanted
  std::span<float> u8_scale{}, wide_scale{};  ///< (tokens)
  std::size_t worker_floats = 0;               ///< floats of one worker's own part
  std::span<float> workers{};                  ///< (workers, worker_floats), each 64-byte aligned

  /// (longest sequence, width / 2) of global and local layers; empty without rotation
  std::vector<float> cosine[2]{}, sine[2]{};
  std::vector<float> low{};     ///< (tokens, low_row): of an adapter
  std::vector<float> change{};  ///< (tokens, change_row): of an adapter
  /// Rank and widest output: a token's place in low and change is the same at every step, for workers are at different ones.
  std::size_t low_row = 0, change_row = 0;

 private:
  std::vector<float> floats_{};
  std::vector<uint8_t> bytes_{};
  std::size_t tokens_ = 0;
  unsigned team_size_ = 0;
  std::size_t turned_ = 0;  // positions in cosine and sine
  std::size_t head_rows_ = 0, head_hidden_ = 0, head_wide_ = 0;
};

}  // namespace nano::models
