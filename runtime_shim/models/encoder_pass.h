// runtime_shim/models/encoder_pass.h: one forward pass of an encoder over packed sequences.
#pragma once

#include <algorithm>
#include <span>

#include "runtime_shim/models/crew.h"
#include "runtime_shim/models/encoder.h"

namespace nano::models {

/// Rows of x, and of all that is made of them alone.
struct Rows {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// A layer has two steps that wait for all workers: attention, heads shared out, and the rest, tokens shared out (a worker
/// then takes its tokens through output, feed-forward and norms). With few tokens a worker the rest is shared out by
/// columns instead, so that nobody reads all weights for three tokens: three steps, and those of the rows between them.
///
/// Post-norm layers normalise the sum of a half's output with its input, in x; pre-norm layers add to x and normalise into
/// `normed`, which the next half reads. Either way the next half reads `input()`, quantized too where weights are packed.
class EncoderPass {
 public:
  EncoderPass(const Encoder& encoder, const kernels::Table& table, std::span<const std::size_t> lengths,
              std::size_t tokens, Scratch& scratch, Team& team, const PassOptions& options);

  void embed(std::span<const int32_t> ids);
  void run_layer(std::size_t index, Want want);
  void last_norm(std::size_t rows);
  /// Of x only the first row of each sequence is wanted from here on.
  void keep_first();

 private:
  /// What the next half reads: (tokens, hidden).
  [[nodiscard]] const float* input() const { return input_; }
  void widen();
  void quantize(const float* x, std::size_t first, std::size_t rows);
  void norm(const Norm& n, const float* x, const float* residual, float* y);
  void after_attention(const EncoderLayer& layer, const Norm& next, Rows rows, const Crew& crew);
  void feed_forward(const EncoderLayer& layer, Rows rows, const Crew& crew);
  void finish_half(const Norm& after, Rows rows, const Crew& crew);
  /// Of rows that begin at x, u and out; `first` says which they are. `gelu_rows`: as of models::multiply.
  void multiply(const Linear& linear, Slot slot, const float* x, std::size_t ldx, const kernels::QuantRows& u,
                std::size_t first, std::size_t gelu_rows, float* out, std::size_t ldo, const Crew& crew);
  void low_rank(const LowRank& change, const float* x, std::size_t ldx, Rows rows, float* out, std::size_t ldo,
                const Crew& crew);

  // Attention (encoder_attention.cpp)
  void attend_packed(const EncoderLayer& layer, bool few);
  void attend_floats(const EncoderLayer& layer, bool few);
  void change_qkv();
  void finish_heads(std::size_t begin, std::size_t end, bool few);
  void turn(float* x, std::size_t position);
  template <class At>
  void attend_each(bool few, At&& head_at);
  void attend(kernels::Head head, std::size_t index, std::size_t sequence, std::size_t row, bool few,
              unsigned worker);
  void attend_nearby(kernels::Head head, float* own);
  kernels::QuantRows first_rows(std::size_t k);

  const Encoder& encoder_;
  const EncoderShape& shape_;
  const kernels::Table& table_;
  std::span<const std::size_t> lengths_;
  std::size_t tokens_;
  Scratch& s_;
  Team& team_;
  const PassOptions& options_;
  const float* input_ = nullptr;
  std::size_t layer_ = 0;
  bool local_ = false;    // the layer attends within the window
  bool packed_ = false;   // the layer's q, k and v come from packed weights
  bool changed_ = false;  // an adapter adds to the layer's q, k or v: s_.change holds what (tokens, 3 hidden)
};

/// Call f(first, count) over the rows, on several threads where that pays.
template <class F>
void each_rows(const Crew& crew, Rows rows, F&& f) {
  constexpr std::size_t kRowsAUnit = 4;  // tokens, in the steps that go token by token
  constexpr std::size_t kRowsAlone =
      24;  // up to so many such a step is not worth a second thread's cache misses
  if (crew.size() == 1 || rows.count <= kRowsAlone) return f(rows.first, rows.count);
  crew.run((rows.count + kRowsAUnit - 1) / kRowsAUnit, [&](std::size_t begin, std::size_t end, unsigned) {
    const std::size_t last = std::min(end * kRowsAUnit, rows.count);
    f(rows.first + begin * kRowsAUnit, last - begin * kRowsAUnit);
  });
}

}  // namespace nano::models
