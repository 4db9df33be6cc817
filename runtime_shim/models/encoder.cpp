// runtime_shim/models/encoder.cpp: the forward pass of a BERT encoder over packed sequences.
#include "runtime_shim/models/encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "runtime_shim/models/encoder_linear.h"

namespace nano::models {
namespace {

constexpr std::size_t kLongAttention = 64;  // tokens from which packed models attend in integers
constexpr std::size_t kRowsAUnit = 4;       // tokens, in the steps that go token by token
constexpr std::size_t kRowsAlone =
    24;  // up to so many tokens such a step is not worth a second thread's cache misses

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Error not_finite() {
  return make_error(Errc::invalid, "the model's weights make values that are not finite",
                    "the model file is damaged or made wrongly");
}

// Call f(first, rows) over all tokens, on several threads where that pays.
template <class F>
void each_rows(Team& team, std::size_t tokens, F&& f) {
  if (team.size() == 1 || tokens <= kRowsAlone) return f(0, tokens);
  team.run((tokens + kRowsAUnit - 1) / kRowsAUnit, [&](std::size_t begin, std::size_t end, unsigned) {
    f(begin * kRowsAUnit, std::min(end * kRowsAUnit, tokens) - begin * kRowsAUnit);
  });
}

}  // namespace

void Scratch::plan(const EncoderShape& shape, std::size_t tokens, unsigned team_size) {
  if (tokens <= tokens_ && team_size <= team_size_) return;
  tokens_ = std::max(tokens_, round_up(tokens, 32));
  team_size_ = std::max(team_size_, team_size);
  const std::size_t h = shape.hidden, f = shape.feed_forward, wide = std::max(h, f), width = h / shape.heads;
  const std::size_t longest = std::min<std::size_t>(tokens_, shape.context),
                    padded = round_up(width, kernels::kLanes);
  worker_floats = round_up(
      std::max(kernels::scratch_bytes(wide) / sizeof(float), kernels::attend_floats(longest, width)), 16);
  const std::size_t row = tokens_ * round_up(h, kernels::kLanes), heads = tokens_ * shape.heads * padded;
  const std::size_t inner_row = tokens_ * round_up(f, kernels::kLanes);
  floats_.assign(
      16 + 3 * row + 4 * std::max(row, heads) + inner_row + team_size_ * worker_floats + 2 * tokens_, 0.0f);
  bytes_.assign(2 * tokens_ * wide, 0);
  auto* at = floats_.data();
  while (reinterpret_cast<std::uintptr_t>(at) % 64 != 0) ++at;
  const auto take = [&at](std::size_t n) { return std::span<float>(std::exchange(at, at + n), n); };
  workers = take(team_size_ * worker_floats);
  for (auto* part : {&x, &context, &sum}) *part = take(row);
  qkv = take(3 * std::max(row, heads));
  first_q = take(std::max(row, heads));
  inner = take(inner_row);
  u8_scale = take(tokens_);
  first_scale = take(tokens_);
  u8 = std::span(bytes_).first(tokens_ * wide);
  first_u8 = std::span(bytes_).last(tokens_ * wide);
}

/// One forward pass.
class EncoderPass {
 public:
  EncoderPass(const Encoder& encoder, const kernels::Table& table, std::span<const std::size_t> lengths,
              std::size_t tokens, Scratch& scratch, Team& team)
      : encoder_(encoder),
        shape_(encoder.shape_),
        table_(table),
        lengths_(lengths),
        tokens_(tokens),
        s_(scratch),
        team_(team) {}

  void embed(std::span<const int32_t> ids) {
    const std::size_t h = shape_.hidden;
    std::size_t token = 0;
    for (const std::size_t length : lengths_) {  // the positions, each sequence from 0
      for (std::size_t i = 0; i < length; ++i, ++token)
        read_row(encoder_.position_rows_, i, s_.sum.subspan(token * h, h));
    }
    each_rows(team_, tokens_, [&](std::size_t first, std::size_t rows) {
      for (std::size_t t = first; t < first + rows; ++t) {
        float* x = s_.x.data() + t * h;
        read_row(encoder_.token_rows_, static_cast<std::size_t>(ids[t]), {x, h});
        table_.add(x, encoder_.type_zero_.data(), h);
        norm(encoder_.embedding_norm_, x, s_.sum.data() + t * h);
      }
      quantize(s_.x.data(), h, first, rows, h);
    });
  }

  void run_layer(const EncoderLayer& layer, Want want) {
    const bool few = want == Want::first && tokens_ > lengths_.size();
    packed_ = layer.qkv.is_packed();
    if (packed_) {
      attend_packed(layer, few);
    } else {
      attend_floats(layer, few);
    }
    const std::size_t h = shape_.hidden, f = shape_.feed_forward, rows = few ? lengths_.size() : tokens_;
    const std::size_t sum_row = round_up(h, kernels::kLanes), inner_row = round_up(f, kernels::kLanes);
    if (few) keep_first();
    if (layer.out.is_packed())
      each_rows(team_, rows,
                [&](std::size_t first, std::size_t n) { quantize(s_.context.data(), h, first, n, h); });
    multiply(layer.out, s_.context.data(), h, rows, kernels::Then::nothing, s_.sum.data(), sum_row);
    add_and_norm(layer.after_attention, rows, sum_row);
    multiply(layer.up, s_.x.data(), h, rows, kernels::Then::gelu, s_.inner.data(), inner_row);
    if (layer.down.is_packed()) {
      each_rows(team_, rows,
                [&](std::size_t first, std::size_t n) { quantize(s_.inner.data(), inner_row, first, n, f); });
    }
    multiply(layer.down, s_.inner.data(), inner_row, rows, kernels::Then::nothing, s_.sum.data(), sum_row);
    add_and_norm(layer.after_feed_forward, rows, sum_row);
  }

 private:
  void quantize(const float* x, std::size_t ldx, std::size_t first, std::size_t rows, std::size_t k) {
    if (k % kernels::kBlock != 0) return;  // then no weights of this width are packed
    table_.quantize(x + first * ldx, ldx, rows, k, s_.u8.data() + first * k, s_.u8_scale.data() + first);
  }

  void norm(const Norm& n, float* x, const float* residual) {
    table_.layer_norm(x, residual, shape_.hidden, n.gain.data(), n.bias.data(), shape_.epsilon, x);
  }

  void add_and_norm(const Norm& n, std::size_t rows, std::size_t sum_row) {
    const std::size_t h = shape_.hidden;
    each_rows(team_, rows, [&](std::size_t first, std::size_t count) {
      for (std::size_t t = first; t < first + count; ++t)
        norm(n, s_.x.data() + t * h, s_.sum.data() + t * sum_row);
      quantize(s_.x.data(), h, first, count, h);
    });
  }

  void multiply(const Linear& linear, const float* x, std::size_t ldx, std::size_t rows, kernels::Then then,
                float* out, std::size_t ldo) {
    models::multiply(table_, linear, x, ldx, {s_.u8.data(), s_.u8_scale.data(), rows, linear.k}, then, out,
                     ldo, s_, team_);
  }

  // Of x only the first row of each sequence is wanted from here on.
  void keep_first() {
    const std::size_t h = shape_.hidden;
    std::size_t row = 0;
    for (std::size_t i = 0; i < lengths_.size(); row += lengths_[i++]) {
      std::memmove(s_.x.data() + i * h, s_.x.data() + row * h, h * sizeof(float));
    }
  }

  // q, k and v of a head, then its attention, by one thread while they are in its cache.
  void attend_packed(const EncoderLayer& layer, bool few) {
    const std::size_t h = shape_.hidden, width = h / shape_.heads, padded = round_up(width, kernels::kLanes);
    const std::size_t ld = shape_.heads * 3 * padded, panels = padded / kernels::kLanes;
    const kernels::QuantRows all{s_.u8.data(), s_.u8_scale.data(), tokens_, h};
    const kernels::QuantRows queries = few ? first_rows(h) : all;
    const auto project = [&](std::size_t begin, std::size_t end, unsigned worker) {
      float* own = s_.workers.data() + worker * s_.worker_floats;
      for (std::size_t head = begin; few && head < end; ++head) {
        const std::size_t at = 3 * head * panels;
        table_.matmul(&layer.qkv.packed, &queries, at, at + panels, kernels::Then::nothing, s_.first_q.data(),
                      ld, own);
        table_.matmul(&layer.qkv.packed, &all, at + panels, at + 3 * panels, kernels::Then::nothing,
                      s_.qkv.data(), ld, own);
      }
      if (!few)
        table_.matmul(&layer.qkv.packed, &all, 3 * begin * panels, 3 * end * panels, kernels::Then::nothing,
                      s_.qkv.data(), ld, own);
    };
    const auto head_at = [&](std::size_t head, std::size_t sequence, std::size_t row) {
      const float* k = s_.qkv.data() + row * ld + (3 * head + 1) * padded;
      const float* q = few ? s_.first_q.data() + sequence * ld + 3 * head * padded : k - padded;
      return kernels::Head{
          .q = q, .k = k, .v = k + padded, .stride = ld, .queries = 1, .length = 1, .width = width};
    };
    if (team_.size() * 2 <= shape_.heads || team_.size() == 1) {
      team_.run(shape_.heads, [&](std::size_t begin, std::size_t end, unsigned worker) {
        project(begin, end, worker);
        for (std::size_t head = begin; head < end; ++head) {
          std::size_t row = 0;
          for (std::size_t i = 0; i < lengths_.size(); row += lengths_[i++])
            attend(head_at(head, i, row), head, i, row, few, worker);
        }
      });
      return;
    }
    team_.run(shape_.heads, project);
    attend_each(few, head_at);
  }

  void attend_floats(const EncoderLayer& layer, bool few) {
    const std::size_t h = shape_.hidden, width = h / shape_.heads, part = tokens_ * h;
    const Linear* linears[] = {&layer.q, &layer.k, &layer.v};
    for (std::size_t i = 0; i < 3; ++i) {
      multiply(*linears[i], s_.x.data(), h, tokens_, kernels::Then::nothing, s_.qkv.data() + i * part, h);
    }
    attend_each(few, [&](std::size_t head, std::size_t, std::size_t row) {
      const float* q = s_.qkv.data() + row * h + head * width;
      return kernels::Head{
          .q = q, .k = q + part, .v = q + 2 * part, .stride = h, .queries = 1, .length = 1, .width = width};
    });
  }

  template <class At>
  void attend_each(bool few, At&& head_at) {
    team_.run(lengths_.size() * shape_.heads, [&](std::size_t begin, std::size_t end, unsigned worker) {
      std::size_t sequence = 0, row = 0;
      for (std::size_t item = begin; item < end; ++item) {
        for (; sequence < item / shape_.heads; ++sequence) row += lengths_[sequence];
        attend(head_at(item % shape_.heads, sequence, row), item % shape_.heads, sequence, row, few, worker);
      }
    });
  }

  void attend(kernels::Head head, std::size_t index, std::size_t sequence, std::size_t row, bool few,
              unsigned worker) {
    head.length = lengths_[sequence];
    head.queries = few ? 1 : head.length;
    head.scale = 1.0f / std::sqrt(static_cast<float>(head.width));
    head.out = s_.context.data() + (few ? sequence : row) * shape_.hidden + index * head.width;
    head.out_stride = shape_.hidden;
    // Long sequences of packed models: there the exact float products would cost as much as a sixth of the pass.
    const bool whole = packed_ && head.length >= kLongAttention && head.width % kernels::kBlock == 0;
    (whole ? table_.attend_quant : table_.attend)(&head, s_.workers.data() + worker * s_.worker_floats);
  }

  // The quantized first rows of the sequences.
  kernels::QuantRows first_rows(std::size_t k) {
    std::size_t row = 0;
    for (std::size_t i = 0; i < lengths_.size(); row += lengths_[i++]) {
      std::memcpy(s_.first_u8.data() + i * k, s_.u8.data() + row * k, k);
      s_.first_scale[i] = s_.u8_scale[row];
    }
    return {s_.first_u8.data(), s_.first_scale.data(), lengths_.size(), k};
  }

  const Encoder& encoder_;
  const EncoderShape& shape_;
  const kernels::Table& table_;
  std::span<const std::size_t> lengths_;
  std::size_t tokens_;
  Scratch& s_;
  Team& team_;
  bool packed_ = false;  // the layer's q, k and v come from packed weights
};

Status Encoder::forward(const kernels::Table& table, std::span<const int32_t> ids,
                        std::span<const std::size_t> lengths, Scratch& scratch, Team& team, Want want) const {
  std::size_t total = 0;
  for (const std::size_t length : lengths) {
    if (length == 0 || length > shape_.context) {
      return make_error(Errc::usage, "a sequence of " + std::to_string(length) +
                                         " tokens: this model takes 1 to " + std::to_string(shape_.context));
    }
    total += length;
  }
  if (total != ids.size())
    return make_error(Errc::usage, "the sequences' lengths do not add up to the number of ids");
  for (const int32_t id : ids) {
    if (id < 0 || static_cast<uint32_t>(id) >= shape_.vocabulary) {
      return make_error(Errc::usage, "token id " + std::to_string(id) + " is outside the vocabulary of " +
                                         std::to_string(shape_.vocabulary));
    }
  }
  scratch.plan(shape_, total, team.size());
  EncoderPass pass(*this, table, lengths, total, scratch, team);
  pass.embed(ids);
  for (const EncoderLayer& layer : layers_)
    pass.run_layer(layer, &layer == &layers_.back() ? want : Want::all);
  const std::size_t rows = want == Want::first ? lengths.size() : total;
  if (!all_finite(scratch.x.first(rows * shape_.hidden))) return not_finite();
  return Unit{};
}

Status Encoder::classify(const kernels::Table& table, std::span<const float> first, std::span<float> logits,
                         Scratch& scratch) const {
  if (shape_.labels == 0) {
    return make_error(Errc::unsupported, "this model has no classifier", "it makes embeddings: `nano embed`");
  }
  Team alone(1);
  const std::size_t h = shape_.hidden;
  scratch.plan(shape_, 1, 1);
  const auto apply = [&](const Linear& linear, const float* x, std::span<float> out) {
    if (linear.is_packed()) table.quantize(x, h, 1, h, scratch.u8.data(), scratch.u8_scale.data());
    const std::size_t padded = round_up(linear.n, kernels::kLanes);
    scratch.head.resize(std::max(scratch.head.size(), padded));
    multiply(table, linear, x, h, {scratch.u8.data(), scratch.u8_scale.data(), 1, h}, kernels::Then::nothing,
             scratch.head.data(), padded, scratch, alone);
    std::copy_n(scratch.head.data(), linear.n, out.data());
  };
  const float* x = first.data();
  if (pooler_.n != 0) {
    apply(pooler_, x, scratch.sum);
    table.tanh(scratch.sum.data(), h);
    x = scratch.sum.data();
  }
  apply(classifier_, x, logits);
  return all_finite(logits) ? Status(Unit{}) : Status(not_finite());
}

void Encoder::pool(std::span<const float> states, std::size_t length, std::span<float> out) const {
  const std::size_t h = shape_.hidden;
  if (shape_.pooling == Pooling::cls || shape_.pooling == Pooling::last) {
    const std::size_t row = shape_.pooling == Pooling::cls ? 0 : length - 1;
    std::copy_n(states.data() + row * h, h, out.data());
  } else {
    for (std::size_t d = 0; d < h; ++d) {
      double total = 0.0;
      for (std::size_t t = 0; t < length; ++t) total += static_cast<double>(states[t * h + d]);
      out[d] = static_cast<float>(total / static_cast<double>(length));
    }
  }
  double square = 0.0;
  for (const float v : out) square += static_cast<double>(v) * static_cast<double>(v);
  const double scale = square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
  for (float& v : out) v = static_cast<float>(static_cast<double>(v) * scale);
}

}  // namespace nano::models
