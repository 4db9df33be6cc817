// runtime_shim/models/encoder_pass.cpp: embeddings, the halves of a layer, norms, and what an adapter adds.
#include "runtime_shim/models/encoder_pass.h"

#include <algorithm>
#include <cstring>

#include "runtime_shim/models/encoder_linear.h"

namespace nano::models {
namespace {

/// Where tokens are shared out: so many of them a worker are worth reading all weights of the layer (docs/PERFORMANCE.md has the figures).
constexpr std::size_t kRowsAWorker = 8;

}  // namespace

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
  const std::size_t h = shape_.hidden, e = shape_.embedding;
  const bool positions = shape_.kind->positions;
  std::size_t token = 0;
  for (std::size_t i = 0; positions && i < lengths_.size(); ++i) {  // each sequence from 0
    for (std::size_t p = 0; p < lengths_[i]; ++p, ++token)
      read_row(encoder_.position_rows_, p, s_.sum.subspan(token * h, e));
  }
  static const Norm nothing{};
  const Norm& before = encoder_.layers_.empty() ? nothing : encoder_.layers_.front().attention;
  const bool normed = shape_.kind->pre_norm && !before.gain.empty(), widened = e != h;
  input_ = normed ? s_.normed.data() : s_.x.data();
  each_rows(Crew(team_), {0, tokens_}, [&](std::size_t first, std::size_t rows) {
    for (std::size_t t = first; t < first + rows; ++t) {
      float* x = s_.x.data() + t * h;
      read_row(encoder_.token_rows_, static_cast<std::size_t>(ids[t]), {x, e});
      if (shape_.kind->table_only) continue;
      if (positions) {
        const auto type = options_.types.empty() ? 0 : static_cast<std::size_t>(options_.types[t]);
        table_.add(x, encoder_.type_rows_.data() + type * e, e);
      }
      const Norm& n = encoder_.embedding_norm_;
      table_.layer_norm(x, positions ? s_.sum.data() + t * h : nullptr, e, n.gain.data(), n.bias.data(), shape_.epsilon, x);
      if (normed) norm(before, x, nullptr, s_.normed.data() + t * h);
    }
    if (!widened && !encoder_.layers_.empty()) quantize(input_, first, rows);
  });
  if (widened) widen();
}

// From the tables' width to that of the layers. Rows of x lie `hidden` apart in both; the positions in `sum` are used up.
void EncoderPass::widen() {
  const std::size_t h = shape_.hidden, e = shape_.embedding, sum_row = row_floats(h);
  const Linear& project = encoder_.project_;
  if (project.is_packed()) {
    each_rows(Crew(team_), {0, tokens_}, [&](std::size_t first, std::size_t rows) {
      table_.quantize(s_.x.data() + first * h, h, rows, e, s_.u8.data() + first * e, s_.u8_scale.data() + first);
    });
  }
  models::multiply(table_, project, s_.x.data(), h, {s_.u8.data(), s_.u8_scale.data(), tokens_, e}, 0, s_.sum.data(), sum_row, s_,
                   Crew(team_));
  each_rows(Crew(team_), {0, tokens_}, [&](std::size_t first, std::size_t rows) {
    for (std::size_t t = first; t < first + rows; ++t) std::copy_n(s_.sum.data() + t * sum_row, h, s_.x.data() + t * h);
    quantize(s_.x.data(), first, rows);
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
  const std::size_t rows = few ? lengths_.size() : tokens_;
  if (few) keep_first();
  // Before the last norm of a pre-norm model the sum is all there is to do.
  static const Norm nothing{};
  const bool pre = shape_.kind->pre_norm, last = index + 1 == encoder_.layers_.size();
  const Norm& next = !pre ? layer.feed_forward : last ? nothing : encoder_.layers_[index + 1].attention;
  const std::size_t workers = team_.size();
  // Float matrices are turned as they are read: each of them once, not once a worker.
  const bool integers = layer.out.is_packed() && layer.up.is_packed() && layer.down.is_packed();
  if (!integers || rows < workers * kRowsAWorker) {
    after_attention(layer, next, {0, rows}, Crew(team_));
  } else {
    team_.run(workers, [&](std::size_t begin, std::size_t end, unsigned worker) {
      const std::size_t first = rows * begin / workers;
      after_attention(layer, next, {first, rows * end / workers - first}, Crew(worker));
    });
  }
  input_ = pre && !next.gain.empty() ? s_.normed.data() : s_.x.data();
}

void EncoderPass::after_attention(const EncoderLayer& layer, const Norm& next, Rows rows, const Crew& crew) {
  const std::size_t h = shape_.hidden, sum_row = row_floats(h);
  if (layer.out.is_packed()) {
    each_rows(crew, rows, [&](std::size_t first, std::size_t n) { quantize(s_.context.data(), first, n); });
  }
  const std::size_t at = rows.first;
  multiply(layer.out, Slot::out, s_.context.data() + at * h, h,
           {s_.u8.data() + at * h, s_.u8_scale.data() + at, rows.count, h}, at, 0,
           s_.sum.data() + at * sum_row, sum_row, crew);
  finish_half(shape_.kind->pre_norm ? layer.feed_forward : layer.attention, rows, crew);
  feed_forward(layer, rows, crew);
  finish_half(next, rows, crew);
}

// Alone, some tokens at a time: what lies between the two matrices then stays in the cache until it is quantized.
void EncoderPass::feed_forward(const EncoderLayer& layer, Rows rows, const Crew& crew) {
  constexpr std::size_t kAtATime = 48;
  const std::size_t h = shape_.hidden, f = shape_.feed_forward, half = round_up(f, kernels::kLanes);
  // Gated: gelu(first half) * second half; packed halves begin on a panel, those of a float matrix lie as in the file.
  const bool gated = shape_.kind->gated, packed = layer.down.is_packed();
  const std::size_t second = layer.up.is_packed() ? half : f, gelu_rows = gated ? second : half,
                    row = row_floats(gated ? 2 * half : half), sum_row = row_floats(h),
                    parts = crew.size() == 1 ? (rows.count + kAtATime - 1) / kAtATime : 1,
                    some = (rows.count + parts - 1) / parts;
  const float* from =
      shape_.kind->pre_norm && !layer.feed_forward.gain.empty() ? s_.normed.data() : s_.x.data();
  float* inner = s_.inner.data() + rows.first * row;  // of some tokens, reused; of all where down takes floats
  uint8_t* u8 = s_.wide_u8.data() + rows.first * f;
  float* scale = s_.wide_scale.data() + rows.first;
  for (std::size_t done = 0; done < rows.count; done += some) {
    const std::size_t count = std::min(some, rows.count - done), at = rows.first + done;
    float* now = packed ? inner : inner + done * row;
    multiply(layer.up, Slot::up, from + at * h, h, {s_.u8.data() + at * h, s_.u8_scale.data() + at, count, h},
             at, gelu_rows, now, row, crew);
    if (!gated && !packed) continue;
    each_rows(crew, {0, count}, [&](std::size_t first, std::size_t n) {
      for (std::size_t t = first; gated && t < first + n; ++t)
        table_.times(now + t * row, now + t * row + second, f);
      if (packed)
        table_.quantize(now + first * row, row, n, f, u8 + (done + first) * f, scale + done + first);
    });
  }
  multiply(layer.down, Slot::down, inner, row, {u8, scale, rows.count, f}, rows.first, 0,
           s_.sum.data() + rows.first * sum_row, sum_row, crew);
}

void EncoderPass::last_norm(std::size_t rows) {
  const std::size_t h = shape_.hidden;
  each_rows(Crew(team_), {0, rows}, [&](std::size_t first, std::size_t count) {
    for (std::size_t t = first; t < first + count; ++t) {
      float* x = s_.x.data() + t * h;
      norm(encoder_.last_norm_, x, nullptr, x);
    }
  });
}

void EncoderPass::quantize(const float* x, std::size_t first, std::size_t rows) {
  const std::size_t h = shape_.hidden;
  if (h % kernels::kBlock != 0) return;  // then no weights of this width are packed
  table_.quantize(x + first * h, h, rows, h, s_.u8.data() + first * h, s_.u8_scale.data() + first);
}

void EncoderPass::norm(const Norm& n, const float* x, const float* residual, float* y) {
  table_.layer_norm(x, residual, shape_.hidden, n.gain.data(), n.bias.data(), shape_.epsilon, y);
}

// The sum of a half's output and its input; and what the next half reads.
void EncoderPass::finish_half(const Norm& after, Rows rows, const Crew& crew) {
  const std::size_t h = shape_.hidden, sum_row = row_floats(h);
  const bool pre = shape_.kind->pre_norm;
  each_rows(crew, rows, [&](std::size_t first, std::size_t count) {
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
    if (!after.gain.empty()) quantize(pre ? s_.normed.data() : s_.x.data(), first, count);
  });
}

void EncoderPass::multiply(const Linear& linear, Slot slot, const float* x, std::size_t ldx,
                           const kernels::QuantRows& u, std::size_t first, std::size_t gelu_rows, float* out,
                           std::size_t ldo, const Crew& crew) {
  const LowRank* change = options_.adapter != nullptr ? &options_.adapter->at(layer_, slot) : nullptr;
  if (change == nullptr || !*change)
    return models::multiply(table_, linear, x, ldx, u, gelu_rows, out, ldo, s_, crew);
  // What the adapter adds comes before the GELU.
  models::multiply(table_, linear, x, ldx, u, 0, out, ldo, s_, crew);
  const std::size_t n = change->b.n, gated = shape_.kind->gated && slot == Slot::up ? n / 2 : 0;
  float* changes = s_.change.data() + first * s_.change_row;
  low_rank(*change, x, ldx, {first, u.rows}, changes, n, crew);
  each_rows(crew, {0, u.rows}, [&](std::size_t begin, std::size_t count) {
    for (std::size_t t = begin; t < begin + count; ++t) {
      const float* from = changes + t * n;
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
void EncoderPass::low_rank(const LowRank& change, const float* x, std::size_t ldx, Rows rows, float* out,
                           std::size_t ldo, const Crew& crew) {
  const auto product = [&](const kernels::Weights& w, const float* from, std::size_t ld, float* to,
                           std::size_t ldt) {
    const std::size_t units = round_up(w.n, kernels::kLanes) / kernels::kLanes;
    crew.run(units, [&](std::size_t begin, std::size_t end, unsigned worker) {
      table_.matmul_float(&w, from, ld, rows.count, begin * kernels::kLanes,
                          std::min(end * kernels::kLanes, w.n), nullptr, to, ldt,
                          s_.workers.data() + worker * s_.worker_floats);
    });
  };
  float* low = s_.low.data() + rows.first * s_.low_row;
  product(change.a, x, ldx, low, change.a.n);
  product(change.b, low, change.a.n, out, ldo);
}

void EncoderPass::keep_first() {
  const std::size_t h = shape_.hidden;
  std::size_t row = 0;
  for (std::size_t i = 0; i < lengths_.size(); row += lengths_[i++]) {
    if (lengths_[i] == 0) {
      std::fill_n(s_.x.data() + i * h, h, 0.0f);  // a text without a token
      continue;
    }
    std::memmove(s_.x.data() + i * h, s_.x.data() + row * h, h * sizeof(float));
  }
}

}  // namespace nano::models
