// runtime_shim/models/scratch.cpp: how much memory a pass takes, and the angles of rotation.
#include "runtime_shim/models/scratch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime_shim/models/encoder.h"

namespace nano::models {
namespace {

// The next n floats, from a place that is a multiple of 64 bytes.
std::span<float> take(float*& at, std::size_t n) {
  return {std::exchange(at, at + n), n};
}

template <class T>
T* aligned(T* at) {
  while (reinterpret_cast<std::uintptr_t>(at) % 64 != 0) ++at;
  return at;
}

}  // namespace

void Scratch::plan(const EncoderShape& shape, std::size_t tokens, unsigned team_size) {
  if (tokens <= tokens_ && team_size <= team_size_) return;
  tokens_ = std::max(tokens_, round_up(tokens, 32));
  team_size_ = std::max(team_size_, team_size);
  if (shape.kind->table_only) {
    floats_.assign(16 + tokens_ * shape.hidden, 0.0f);
    float* at = aligned(floats_.data());
    x = take(at, tokens_ * shape.hidden);
    return;
  }
  const std::size_t h = shape.hidden, f = shape.feed_forward, wide = std::max(h, f), width = h / shape.heads;
  const std::size_t longest = std::min<std::size_t>(tokens_, shape.context),
                    padded = round_up(width, kernels::kLanes);
  worker_floats = round_up(
      std::max(kernels::scratch_bytes(wide) / sizeof(float), kernels::attend_floats(longest, width)), 16);
  const std::size_t row = tokens_ * row_floats(h),
                    heads = tokens_ * std::max(3 * h, row_floats(shape.heads * 3 * padded));
  const std::size_t inner_row =
      tokens_ * row_floats(round_up(f, kernels::kLanes) * (shape.kind->gated ? 2 : 1));
  const std::size_t normed_row = shape.kind->pre_norm ? row : 0;
  floats_.assign(16 + 3 * row + normed_row + 2 * heads + inner_row + team_size_ * worker_floats + 2 * tokens_,
                 0.0f);
  bytes_.assign(64 + tokens_ * (h + wide), 0);
  float* at = aligned(floats_.data());
  workers = take(at, team_size_ * worker_floats);
  for (auto* part : {&x, &context, &sum}) *part = take(at, row);
  normed = take(at, normed_row);
  qkv = take(at, heads);
  first_q = take(at, heads);
  inner = take(at, inner_row);
  u8_scale = take(at, tokens_);
  wide_scale = take(at, tokens_);
  uint8_t* const bytes = aligned(bytes_.data());
  u8 = {bytes, tokens_ * h};
  wide_u8 = {bytes + tokens_ * h, tokens_ * wide};

  if (!shape.kind->rotary || longest <= turned_) return;
  turned_ = longest;
  const std::size_t half = width / 2;
  for (std::size_t kind = 0; kind < 2; ++kind) {
    const auto base = static_cast<double>(kind == 0 ? shape.rope_global : shape.rope_local);
    cosine[kind].resize(longest * half);
    sine[kind].resize(longest * half);
    for (std::size_t d = 0; d < half; ++d) {
      const double step = std::pow(base, -2.0 * static_cast<double>(d) / static_cast<double>(width));
      for (std::size_t t = 0; t < longest; ++t) {
        cosine[kind][t * half + d] = static_cast<float>(std::cos(static_cast<double>(t) * step));
        sine[kind][t * half + d] = static_cast<float>(std::sin(static_cast<double>(t) * step));
      }
    }
  }
}

void Scratch::plan_adapter(const EncoderShape& shape, std::size_t tokens, std::size_t rank) {
  const std::size_t room = round_up(tokens, 32);
  const std::size_t widest =
      std::max<std::size_t>(3 * shape.hidden, std::size_t{shape.feed_forward} * (shape.kind->gated ? 2 : 1));
  low_row = rank;
  change_row = widest;
  if (low.size() < room * rank) low.resize(room * rank);
  if (change.size() < room * widest) change.resize(room * widest);
}

void Scratch::plan_head(std::size_t hidden, std::size_t rows, std::size_t wide) {
  if (rows <= head_rows_ && hidden <= head_hidden_ && wide <= head_wide_) return;
  head_rows_ = std::max(head_rows_, rows);
  head_hidden_ = std::max(head_hidden_, hidden);
  head_wide_ = std::max(head_wide_, wide);
  const std::size_t h = round_up(head_hidden_, kernels::kLanes);
  worker_floats = round_up(kernels::scratch_bytes(h) / sizeof(float), 16);
  floats_.assign(16 + worker_floats + h + head_rows_ * (h + head_wide_ + 1), 0.0f);
  bytes_.assign(head_rows_ * h, 0);
  float* at = aligned(floats_.data());
  workers = take(at, worker_floats);
  context = take(at, h);
  sum = take(at, head_rows_ * h);
  inner = take(at, head_rows_ * head_wide_);
  u8_scale = take(at, head_rows_);
  u8 = bytes_;
}

}  // namespace nano::models
