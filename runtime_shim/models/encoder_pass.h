// runtime_shim/models/encoder_pass.h: one forward pass of an encoder over packed sequences.
#pragma once

#include <span>

#include "runtime_shim/models/encoder.h"

namespace nano::models {

/// Post-norm layers normalise the sum of a half's output with its input, in x; pre-norm layers add to x and normalise into
/// `normed`, which the next half reads. Either way the next half reads `input()`, quantized too where weights are packed.
class EncoderPass {
 public:
  EncoderPass(const Encoder& encoder, const kernels::Table& table, std::span<const std::size_t> lengths,
              std::size_t tokens, Scratch& scratch, Team& team, const PassOptions& options);

  void embed(std::span<const int32_t> ids);
  void run_layer(std::size_t index, Want want);
  void last_norm(std::size_t rows);

 private:
  [[nodiscard]] const float* input() const { return input_; }
  void quantize(const float* x, std::size_t ldx, std::size_t first, std::size_t rows, std::size_t k);
  void norm(const Norm& n, const float* x, const float* residual, float* y);
  void finish_half(const Norm& after, std::size_t rows, std::size_t sum_row);
  /// `gelu_rows`: as of models::multiply.
  void multiply(const Linear& linear, Slot slot, const float* x, std::size_t ldx, std::size_t rows,
                std::size_t gelu_rows, float* out, std::size_t ldo);
  void low_rank(const LowRank& change, const float* x, std::size_t ldx, std::size_t rows, float* out,
                std::size_t ldo);
  void feed_forward(const EncoderLayer& layer, std::size_t rows, std::size_t sum_row);
  void feed_forward_packed(const EncoderLayer& layer, std::size_t rows, std::size_t sum_row);
  void keep_first();

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

/// Call f(first, rows) over all tokens, on several threads where that pays.
template <class F>
void each_rows(Team& team, std::size_t tokens, F&& f) {
  constexpr std::size_t kRowsAUnit = 4;  // tokens, in the steps that go token by token
  constexpr std::size_t kRowsAlone =
      24;  // up to so many such a step is not worth a second thread's cache misses
  if (team.size() == 1 || tokens <= kRowsAlone) return f(0, tokens);
  team.run((tokens + kRowsAUnit - 1) / kRowsAUnit, [&](std::size_t begin, std::size_t end, unsigned) {
    const std::size_t last = end * kRowsAUnit < tokens ? end * kRowsAUnit : tokens;
    f(begin * kRowsAUnit, last - begin * kRowsAUnit);
  });
}

}  // namespace nano::models
