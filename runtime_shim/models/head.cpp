// runtime_shim/models/head.cpp: pooling, and the small layers after the trunk.
#include "runtime_shim/models/head.h"

#include <algorithm>
#include <cmath>

#include "runtime_shim/models/encoder_linear.h"

namespace nano::models {
namespace {

constexpr std::size_t kRowsAtOnce = 32;  // so that scratch memory stays small however long the text

double as_double(float v) {
  return static_cast<double>(v);
}

void activate(const kernels::Table& table, Activation activation, float* row, std::size_t n) {
  switch (activation) {
    case Activation::tanh: return table.tanh(row, n);
    case Activation::gelu: return table.gelu(row, n);
    case Activation::relu: return void(std::for_each(row, row + n, [](float& v) { v = v > 0.0f ? v : 0.0f; }));
    case Activation::none: break;
  }
}

}  // namespace

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Error not_finite() {
  return make_error(Errc::invalid, "the model's weights make values that are not finite",
                    "the model file is damaged or made wrongly");
}

void pool(Pooling pooling, std::span<const float> states, std::size_t length, std::span<float> out) {
  const std::size_t h = out.size();
  if (length == 0) {  // of a text without a token
    std::fill(out.begin(), out.end(), 0.0f);
    return;
  }
  if (pooling == Pooling::cls || pooling == Pooling::last) {
    std::copy_n(states.data() + (pooling == Pooling::cls ? 0 : length - 1) * h, h, out.data());
    return;
  }
  for (std::size_t d = 0; d < h; ++d) {
    double total = 0.0;
    float most = states[d];
    for (std::size_t t = 0; t < length; ++t) {
      const float v = states[t * h + d];
      total += as_double(v);
      most = v > most ? v : most;
    }
    out[d] = pooling == Pooling::max ? most : static_cast<float>(total / static_cast<double>(length));
  }
}

void normalize(std::span<float> v) {
  double square = 0.0;
  for (const float x : v) square += as_double(x) * as_double(x);
  const double scale = square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
  for (float& x : v) x = static_cast<float>(as_double(x) * scale);
}

bool Head::needs_all() const {
  if (task_ == HeadTask::tag || task_ == HeadTask::find) return true;
  if (task_ == HeadTask::classify)
    return pooling_ == Pooling::mean || pooling_ == Pooling::max || pooling_ == Pooling::last;
  return pooling_ != Pooling::cls;
}

Status Head::apply(const kernels::Table& table, const float* x, std::size_t ldx, std::size_t rows, float* out,
                   Scratch& s) const {
  const std::size_t h = hidden_,
                    wide = std::max(round_up(output_.n, kernels::kLanes), round_up(h, kernels::kLanes));
  s.plan_head(h, std::min(rows, kRowsAtOnce), wide);
  const auto layer = [&](const Linear& linear, const float* from, std::size_t ld, std::size_t count,
                         float* to, std::size_t ldo) {
    if (linear.is_packed()) table.quantize(from, ld, count, h, s.u8.data(), s.u8_scale.data());
    multiply(table, linear, from, ld, {s.u8.data(), s.u8_scale.data(), count, h}, 0, to, ldo, s,
             Crew(0u));
  };
  for (std::size_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::size_t count = std::min(rows - first, kRowsAtOnce);
    const float* from = x + first * ldx;
    std::size_t ld = ldx;
    if (dense_.n != 0) {
      const std::size_t ldo = round_up(h, kernels::kLanes);
      layer(dense_, from, ld, count, s.sum.data(), ldo);
      for (std::size_t r = 0; r < count; ++r) {
        float* row = s.sum.data() + r * ldo;
        activate(table, activation_, row, h);
        if (!norm_.gain.empty())
          table.layer_norm(row, nullptr, h, norm_.gain.data(), norm_.bias.data(), epsilon_, row);
      }
      from = s.sum.data();
      ld = ldo;
    }
    if (output_.n == 0) {
      for (std::size_t r = 0; r < count; ++r) std::copy_n(from + r * ld, h, out + (first + r) * h);
      continue;
    }
    layer(output_, from, ld, count, s.inner.data(), wide);
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(s.inner.data() + r * wide, output_.n, out + (first + r) * output_.n);
  }
  return all_finite({out, rows * (output_.n != 0 ? output_.n : h)}) ? Status(Unit{}) : Status(not_finite());
}

Status Head::score(const kernels::Table& table, std::span<const float> states, std::size_t length,
                   std::span<float> logits, Scratch& s) const {
  if (!needs_all()) return apply(table, states.data(), hidden_, 1, logits.data(), s);
  s.plan_head(hidden_, 1, std::max(round_up(output_.n, kernels::kLanes), round_up(hidden_, kernels::kLanes)));
  pool(pooling_, states, length, s.context.first(hidden_));
  return apply(table, s.context.data(), hidden_, 1, logits.data(), s);
}

void Head::probabilities(const kernels::Table& table, std::span<float> logits) const {
  if (problem_ == Problem::regression) return;
  if (problem_ == Problem::single_label) return table.softmax(logits.data(), logits.size(), 1.0f);
  for (float& v : logits) v = static_cast<float>(1.0 / (1.0 + std::exp(-as_double(v))));
}

// Dense layers after pooling, as sentence-transformers has them.
Status Head::project(const kernels::Table& table, std::span<float> x, std::span<float> out, Scratch& s) const {
  std::size_t k = x.size(), widest = 0;
  for (const Projection& p : projections_) {
    widest = std::max(widest, round_up(p.linear.n, kernels::kLanes));
    k = std::max(k, p.linear.k);
  }
  std::vector<float> now(x.begin(), x.end());
  s.plan_head(std::max(k, hidden_), 1, std::max(widest, round_up(hidden_, kernels::kLanes)));
  for (const Projection& p : projections_) {
    if (p.linear.is_packed()) table.quantize(now.data(), now.size(), 1, now.size(), s.u8.data(), s.u8_scale.data());
    multiply(table, p.linear, now.data(), now.size(), {s.u8.data(), s.u8_scale.data(), 1, now.size()}, 0, s.inner.data(), widest,
             s, Crew(0u));
    activate(table, p.activation, s.inner.data(), p.linear.n);
    now.assign(s.inner.begin(), s.inner.begin() + static_cast<std::ptrdiff_t>(p.linear.n));
  }
  std::copy(now.begin(), now.end(), out.begin());
  return all_finite(out) ? Status(Unit{}) : Status(not_finite());
}

Status Head::embed(const kernels::Table& table, std::span<const float> states, std::size_t length,
                   std::span<float> out, Scratch& s) const {
  if (!projections_.empty()) {
    std::vector<float> before(output_.n != 0 ? output_.n : hidden_);
    NANO_TRY(embed_plainly(table, states, length, before, s));
    NANO_TRY(project(table, before, out, s));
  } else {
    NANO_TRY(embed_plainly(table, states, length, out, s));
  }
  if (normalize_) normalize(out);
  return Unit{};
}

// Pooled, and through the small layers.
Status Head::embed_plainly(const kernels::Table& table, std::span<const float> states, std::size_t length,
                           std::span<float> out, Scratch& s) const {
  if (dense_.n == 0 && output_.n == 0) {
    pool(pooling_, states, length, out);
  } else {
    s.plan_head(hidden_, 1,
                std::max(round_up(output_.n, kernels::kLanes), round_up(hidden_, kernels::kLanes)));
    pool(pooling_, states, length, s.context.first(hidden_));
    NANO_TRY(apply(table, s.context.data(), hidden_, 1, out.data(), s));
  }
  return Unit{};
}

}  // namespace nano::models
