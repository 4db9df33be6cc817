// runtime_shim/models/encoder_pass.cpp: embeddings, the halves of a layer, norms, and what an adapter adds.
#include "runtime_shim/models/encoder_pass.h"

#include <algorithm>
#include <cstring>

#include "runtime_shim/models/encoder_linear.h"

namespace nano::models {

EncoderPass::EncoderPass(const Encoder& encoder, const kernels::Table& table,
                         std::span<const std::size_t> lengths, std::size_t tokens, Scratch& scratch,
                         Team& team, const PassOptions& options)
    : encoder_(encoder),
      shape_(encoder.shape_),
      table_(table),
      lengths_(lengths),
      tokens_(tokens),
      s_(scratch),
      team_(team),
      options_(options),
      input_(scratch.x.data()) {}

void EncoderPass::embed(std::span<const int32_t> ids) {
  const std::size_t h = shape_.hidden;
  const bool positions = shape_.kind->positions;
  std::size_t token = 0;
  for (std::size_t i = 0; positions && i < lengths_.size(); ++i) {  // each sequence from 0
    for (std::size_t p = 0; p < lengths_[i]; ++p, ++token)
      read_row(encoder_.position_rows_, p, s_.sum.subspan(token * h, h));
  }
  const Norm& before = encoder_.layers_.front().attention;
  const bool normed = shape_.kind->pre_norm && !before.gain.empty();
  input_ = normed ? s_.normed.data() : s_.x.data();
  each_rows(team_, tokens_, [&](std::size_t first, std::size_t rows) {
    for (std::size_t t = first; t < first + rows; ++t) {
      float* x = s_.x.data() + t * h;
      read_row(encoder_.token_rows_, static_cast<std::size_t>(ids[t]), {x, h});
      if (positions) {
        const auto type = options_.types.empty() ? 0 : static_cast<std::size_t>(options_.types[t]);
        table_.add(x, encoder_.type_rows_.data() + type * h, h);
      }
      norm(encoder_.embedding_norm_, x, positions ? s_.sum.data() + t * h : nullptr, x);
      if (normed) norm(before, x, nullptr, s_.normed.data() + t * h);
    }
    quantize(input_, h, first, rows, h);
  });
}

void EncoderPass::run_layer(std::size_t index, Want want) {
  const EncoderLayer& layer = encoder_.layers_[index];
  const bool few = want == Want::first && tokens_ > lengths_.size();
  layer_ = index;
  local_ = layer.local;
  packed_ = layer.qkv.is_packed();
  changed_ = false;
  if (options_.adapter != nullptr) change_qkv();
  if (packed_) {
    attend_packed(layer, few);
  } else {
    attend_floats(layer, few);
  }
  const std::size_t h = shape_.hidden, rows = few ? lengths_.size() : tokens_;
  const std::size_t sum_row = row_floats(h);
  if (few) keep_first();
  if (layer.out.is_packed())
    each_rows(team_, rows,
              [&](std::size_t first, std::size_t n) { quantize(s_.context.data(), h, first, n, h); });
  multiply(layer.out, Slot::out, s_.context.data(), h, rows, 0, s_.sum.data(), sum_row);
  const bool pre = shape_.kind->pre_norm, last = index + 1 == encoder_.layers_.size();
  finish_half(pre ? layer.feed_forward : layer.attention, rows, sum_row);
  feed_forward(layer, rows, sum_row);
  // Before the last norm of a pre-norm model the sum is all there is to do.
  static const Norm nothing{};
  finish_half(!pre   ? layer.feed_forward
              : last ? nothing
                     : encoder_.layers_[index + 1].attention,
              rows, sum_row);
}

void EncoderPass::feed_forward(const EncoderLayer& layer, std::size_t rows, std::size_t sum_row) {
  const std::size_t h = shape_.hidden, f = shape_.feed_forward, half = round_up(f, kernels::kLanes);
  if (!shape_.kind->gated) {
    if (layer.up.is_packed() && layer.down.is_packed() && options_.adapter == nullptr)
      return feed_forward_packed(layer, rows, sum_row);
    const std::size_t row = row_floats(half);
    multiply(layer.up, Slot::up, input(), h, rows, half, s_.inner.data(), row);
    if (layer.down.is_packed()) {
      each_rows(team_, rows,
                [&](std::size_t first, std::size_t n) { quantize(s_.inner.data(), row, first, n, f); });
    }
    return multiply(layer.down, Slot::down, s_.inner.data(), row, rows, 0, s_.sum.data(), sum_row);
  }
  // gelu(first half) * second half; packed halves begin on a panel, those of a float matrix lie as in the file.
  const std::size_t second = layer.up.is_packed() ? half : f, row = row_floats(2 * half);
  multiply(layer.up, Slot::up, input(), h, rows, second, s_.inner.data(), row);
  each_rows(team_, rows, [&](std::size_t first, std::size_t n) {
    for (std::size_t t = first; t < first + n; ++t) {
      float* x = s_.inner.data() + t * row;
      table_.times(x, x + second, f);
    }
    if (layer.down.is_packed()) quantize(s_.inner.data(), row, first, n, f);
  });
  multiply(layer.down, Slot::down, s_.inner.data(), row, rows, 0, s_.sum.data(), sum_row);
}

// Alone, some tokens at a time: what lies between the two matrices then stays in the cache until it is quantized.
void EncoderPass::feed_forward_packed(const EncoderLayer& layer, std::size_t rows, std::size_t sum_row) {
  constexpr std::size_t kAtATime = 48;
  const std::size_t h = shape_.hidden, f = shape_.feed_forward, half = round_up(f, kernels::kLanes),
                    row = row_floats(half), some = team_.size() == 1 ? kAtATime : rows;
  uint8_t* u8 = s_.first_u8.data();
  float* scale = s_.first_scale.data();
  for (std::size_t from = 0; from < rows; from += some) {
    const std::size_t count = std::min(some, rows - from);
    const kernels::QuantRows u{s_.u8.data() + from * h, s_.u8_scale.data() + from, count, h};
    models::multiply(table_, layer.up, nullptr, 0, u, half, s_.inner.data(), row, s_, team_);
    each_rows(team_, count, [&](std::size_t first, std::size_t n) {
      table_.quantize(s_.inner.data() + first * row, row, n, f, u8 + (from + first) * f,
                      scale + from + first);
    });
  }
  models::multiply(table_, layer.down, nullptr, 0, {u8, scale, rows, f}, 0, s_.sum.data(), sum_row, s_,
                   team_);
}

void EncoderPass::last_norm(std::size_t rows) {
  const std::size_t h = shape_.hidden;
  each_rows(team_, rows, [&](std::size_t first, std::size_t count) {
    for (std::size_t t = first; t < first + count; ++t) {
      float* x = s_.x.data() + t * h;
      norm(encoder_.last_norm_, x, nullptr, x);
    }
  });
}

void EncoderPass::quantize(const float* x, std::size_t ldx, std::size_t first, std::size_t rows,
                           std::size_t k) {
  if (k % kernels::kBlock != 0) return;  // then no weights of this width are packed
  table_.quantize(x + first * ldx, ldx, rows, k, s_.u8.data() + first * k, s_.u8_scale.data() + first);
}

void EncoderPass::norm(const Norm& n, const float* x, const float* residual, float* y) {
  table_.layer_norm(x, residual, shape_.hidden, n.gain.data(), n.bias.data(), shape_.epsilon, y);
}

// The sum of a half's output and its input; and what the next half reads.
void EncoderPass::finish_half(const Norm& after, std::size_t rows, std::size_t sum_row) {
  const std::size_t h = shape_.hidden;
  const bool pre = shape_.kind->pre_norm;
  each_rows(team_, rows, [&](std::size_t first, std::size_t count) {
    for (std::size_t t = first; t < first + count; ++t) {
      float* x = s_.x.data() + t * h;
      const float* sum = s_.sum.data() + t * sum_row;
      if (!pre) {
        norm(after, x, sum, x);
        continue;
      }
      table_.add(x, sum, h);
      if (!after.gain.empty()) norm(after, x, nullptr, s_.normed.data() + t * h);
    }
    if (!after.gain.empty()) quantize(pre ? s_.normed.data() : s_.x.data(), h, first, count, h);
  });
  input_ = pre && !after.gain.empty() ? s_.normed.data() : s_.x.data();
}

void EncoderPass::multiply(const Linear& linear, Slot slot, const float* x, std::size_t ldx, std::size_t rows,
                           std::size_t gelu_rows, float* out, std::size_t ldo) {
  const kernels::QuantRows u{s_.u8.data(), s_.u8_scale.data(), rows, linear.k};
  const LowRank* change = options_.adapter != nullptr ? &options_.adapter->at(layer_, slot) : nullptr;
  if (change == nullptr || !*change) {
    return models::multiply(table_, linear, x, ldx, u, gelu_rows, out, ldo, s_, team_);
  }
  // What the adapter adds comes before the GELU.
  models::multiply(table_, linear, x, ldx, u, 0, out, ldo, s_, team_);
  const std::size_t n = change->b.n, gated = shape_.kind->gated && slot == Slot::up ? n / 2 : 0;
  low_rank(*change, x, ldx, rows, s_.change.data(), n);
  each_rows(team_, rows, [&](std::size_t first, std::size_t count) {
    for (std::size_t t = first; t < first + count; ++t) {
      const float* from = s_.change.data() + t * n;
      float* to = out + t * ldo;
      if (gated != 0) {
        table_.add(to, from, gated);
        table_.add(to + (linear.is_packed() ? round_up(gated, kernels::kLanes) : gated), from + gated, gated);
      } else {
        table_.add(to, from, n);
      }
      if (gelu_rows != 0) table_.gelu(to, std::min(gelu_rows, gated != 0 ? gated : n));
    }
  });
}

// out = b (a x), rows of out `ldo` floats apart.
void EncoderPass::low_rank(const LowRank& change, const float* x, std::size_t ldx, std::size_t rows,
                           float* out, std::size_t ldo) {
  const auto product = [&](const kernels::Weights& w, const float* from, std::size_t ld, float* to,
                           std::size_t ldt) {
    const std::size_t units = round_up(w.n, kernels::kLanes) / kernels::kLanes;
    team_.run(units, [&](std::size_t begin, std::size_t end, unsigned worker) {
      table_.matmul_float(&w, from, ld, rows, begin * kernels::kLanes, std::min(end * kernels::kLanes, w.n),
                          nullptr, to, ldt, s_.workers.data() + worker * s_.worker_floats);
    });
  };
  product(change.a, x, ldx, s_.low.data(), change.a.n);
  product(change.b, s_.low.data(), change.a.n, out, ldo);
}

// Of x only the first row of each sequence is wanted from here on.
void EncoderPass::keep_first() {
  const std::size_t h = shape_.hidden;
  std::size_t row = 0;
  for (std::size_t i = 0; i < lengths_.size(); row += lengths_[i++]) {
    std::memmove(s_.x.data() + i * h, s_.x.data() + row * h, h * sizeof(float));
  }
}

}  // namespace nano::models
