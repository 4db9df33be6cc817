// runtime_shim/models/encoder.cpp: the forward pass of a BERT encoder over packed sequences.
#include "runtime_shim/models/encoder.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace nano::models {
namespace {

constexpr std::size_t kPanelsAUnit = 2;     // panels of kLanes outputs that one thread takes at a time
constexpr std::size_t kRowsAUnit = 4;       // tokens, in the steps that go token by token
constexpr std::size_t kQueryRows = 16;      // queries whose scores are held at a time

std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

bool is_block(const kernels::Weights& w) {
  using kernels::WeightType;
  return w.type != WeightType::f32 && w.type != WeightType::f16 && w.type != WeightType::bf16;
}

kernels::QuantRows quantized(const Scratch& s, std::size_t rows, std::size_t k) {
  return {s.q8.data(), s.q8_scale.data(), s.q8_sum.data(), rows, k};
}

void quantize(const kernels::Table& table, Scratch& s, const float* x, std::size_t first, std::size_t rows, std::size_t k) {
  if (k % kernels::kBlock != 0) return;  // then no weights of this width are blocks
  const std::size_t blocks = k / kernels::kBlock;
  table.quantize_rows(x + first * k, k, rows, k, s.q8.data() + first * k, s.q8_scale.data() + first * blocks,
                      s.q8_sum.data() + first * blocks);
}

// One matrix to multiply the same activations with.
struct Product {
  const Linear* linear = nullptr;
  float* out = nullptr;  // (rows, n)
};

// out = W x + bias for each product; x (rows, k) as floats, and as 8-bit rows in the scratch.
void multiply(const kernels::Table& table, std::span<const Product> products, const float* x, std::size_t rows, Scratch& s,
              Team& team) {
  constexpr std::size_t unit = kPanelsAUnit * kernels::kLanes;
  std::size_t units = 0;
  for (const Product& p : products) units += round_up(p.linear->weight.n, unit) / unit;
  team.run(units, [&](std::size_t item, unsigned worker) {
    const Product* p = products.data();
    for (std::size_t mine = round_up(p->linear->weight.n, unit) / unit; item >= mine;
         mine = round_up(p->linear->weight.n, unit) / unit) {
      item -= mine;
      ++p;
    }
    const kernels::Weights& w = p->linear->weight;
    const std::size_t begin = item * unit, end = std::min(w.n, begin + unit);
    float* own = s.workers.data() + worker * s.worker_floats;
    if (is_block(w)) {
      const kernels::QuantRows q = quantized(s, rows, w.k);
      table.matmul_quant(&w, &q, begin, end, p->linear->bias.data(), p->out, w.n, own);
    } else {
      table.matmul_float(&w, x, w.k, rows, begin, end, p->linear->bias.data(), p->out, w.n, own);
    }
  });
}

// Call f(first, rows) over all tokens, a few at a time.
template <class F>
void each_rows(Team& team, std::size_t tokens, F&& f) {
  team.run((tokens + kRowsAUnit - 1) / kRowsAUnit, [&](std::size_t item, unsigned) {
    const std::size_t first = item * kRowsAUnit;
    f(first, std::min(kRowsAUnit, tokens - first));
  });
}

// Softmax(q k' / sqrt(d)) v of one head of one sequence; q, k, v, out point at its first row and column.
void attend(const kernels::Table& table, const float* q, const float* k, const float* v, std::size_t stride, std::size_t length,
            std::size_t width, float* out, float* own) {
  const std::size_t padded = round_up(length, kernels::kLanes);
  float* turned = own;  // (width, padded): the keys, so that scores are sums over width with keys as lanes
  float* scores = own + width * padded;
  for (std::size_t j = 0; j < length; ++j) {
    for (std::size_t d = 0; d < width; ++d) turned[d * padded + j] = k[j * stride + d];
  }
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  for (std::size_t i = 0; i < length; i += kQueryRows) {
    const std::size_t rows = std::min(kQueryRows, length - i);
    table.gemm(q + i * stride, stride, rows, turned, padded, width, length, scores, padded);
    for (std::size_t r = 0; r < rows; ++r) table.softmax(scores + r * padded, length, scale);
    table.gemm(scores, padded, rows, v, stride, length, width, out + i * stride, stride);
  }
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Error not_finite() {
  return make_error(Errc::invalid, "the model's weights make values that are not finite", "the model file is damaged or made wrongly");
}

}  // namespace

void Scratch::plan(const EncoderShape& shape, std::size_t tokens, unsigned team_size) {
  if (tokens <= tokens_ && team_size <= team_size_) return;
  tokens_ = std::max(tokens_, round_up(tokens, 32));
  team_size_ = std::max(team_size_, team_size);
  const std::size_t h = shape.hidden, f = shape.feed_forward, wide = std::max(h, f);
  const std::size_t longest = round_up(std::min<std::size_t>(tokens_, shape.context), kernels::kLanes);
  worker_floats = round_up(std::max(kernels::scratch_bytes(wide) / sizeof(float), (h / shape.heads + kQueryRows) * longest), 16);
  const std::size_t row = round_up(tokens_ * h, 16), inner_row = round_up(tokens_ * f, 16);
  floats_.assign(16 + 6 * row + inner_row + team_size_ * worker_floats + tokens_ * (wide / kernels::kBlock), 0.0f);
  bytes_.assign(tokens_ * wide, 0);
  ints_.assign(tokens_ * (wide / kernels::kBlock), 0);
  auto* at = floats_.data();
  while (reinterpret_cast<std::uintptr_t>(at) % 64 != 0) ++at;
  const auto take = [&at](std::size_t n) { return std::span<float>(std::exchange(at, at + n), n); };
  for (auto* part : {&x, &q, &k, &v, &context, &sum}) *part = take(row);
  inner = take(inner_row);
  workers = take(team_size_ * worker_floats);
  q8_scale = take(tokens_ * (wide / kernels::kBlock));
  q8 = bytes_;
  q8_sum = ints_;
}

Status Encoder::forward(const kernels::Table& table, std::span<const int32_t> ids, std::span<const std::size_t> lengths,
                        Scratch& scratch, Team& team) const {
  std::size_t total = 0;
  for (const std::size_t length : lengths) {
    if (length == 0 || length > shape_.context) {
      return make_error(Errc::usage, "a sequence of " + std::to_string(length) + " tokens: this model takes 1 to " +
                                         std::to_string(shape_.context));
    }
    total += length;
  }
  if (total != ids.size()) return make_error(Errc::usage, "the sequences' lengths do not add up to the number of ids");
  for (const int32_t id : ids) {
    if (id < 0 || static_cast<uint32_t>(id) >= shape_.vocabulary) {
      return make_error(Errc::usage, "token id " + std::to_string(id) + " is outside the vocabulary of " +
                                         std::to_string(shape_.vocabulary));
    }
  }
  scratch.plan(shape_, total, team.size());
  embed(table, ids, lengths, scratch, team);
  for (const EncoderLayer& layer : layers_) run_layer(table, layer, lengths, total, scratch, team);
  if (!all_finite(scratch.x.first(total * shape_.hidden))) return not_finite();
  return Unit{};
}

void Encoder::embed(const kernels::Table& table, std::span<const int32_t> ids, std::span<const std::size_t> lengths,
                    Scratch& scratch, Team& team) const {
  const std::size_t h = shape_.hidden;
  std::size_t token = 0;
  for (const std::size_t length : lengths) {  // the positions, each sequence from 0
    for (std::size_t i = 0; i < length; ++i, ++token) {
      read_row(position_rows_, i, scratch.sum.subspan(token * h, h));
    }
  }
  each_rows(team, ids.size(), [&](std::size_t first, std::size_t rows) {
    for (std::size_t t = first; t < first + rows; ++t) {
      float* x = scratch.x.data() + t * h;
      read_row(token_rows_, static_cast<std::size_t>(ids[t]), {x, h});
      table.add(x, type_zero_.data(), h);
      table.layer_norm(x, scratch.sum.data() + t * h, h, embedding_norm_.gain.data(), embedding_norm_.bias.data(),
                       shape_.epsilon, x);
    }
    quantize(table, scratch, scratch.x.data(), first, rows, h);
  });
}

void Encoder::run_layer(const kernels::Table& table, const EncoderLayer& layer, std::span<const std::size_t> lengths,
                        std::size_t tokens, Scratch& s, Team& team) const {
  const std::size_t h = shape_.hidden, f = shape_.feed_forward, width = h / shape_.heads;
  const auto add_and_norm = [&](const Norm& norm) {
    each_rows(team, tokens, [&](std::size_t first, std::size_t rows) {
      for (std::size_t t = first; t < first + rows; ++t) {
        float* x = s.x.data() + t * h;
        table.layer_norm(x, s.sum.data() + t * h, h, norm.gain.data(), norm.bias.data(), shape_.epsilon, x);
      }
      quantize(table, s, s.x.data(), first, rows, h);
    });
  };

  const Product qkv[] = {{&layer.q, s.q.data()}, {&layer.k, s.k.data()}, {&layer.v, s.v.data()}};
  multiply(table, qkv, s.x.data(), tokens, s, team);
  team.run(lengths.size() * shape_.heads, [&](std::size_t item, unsigned worker) {
    const std::size_t sequence = item / shape_.heads, column = item % shape_.heads * width;
    std::size_t row = 0;
    for (std::size_t i = 0; i < sequence; ++i) row += lengths[i];
    const std::size_t at = row * h + column;
    attend(table, s.q.data() + at, s.k.data() + at, s.v.data() + at, h, lengths[sequence], width, s.context.data() + at,
           s.workers.data() + worker * s.worker_floats);
  });
  each_rows(team, tokens, [&](std::size_t first, std::size_t rows) { quantize(table, s, s.context.data(), first, rows, h); });
  const Product out[] = {{&layer.out, s.sum.data()}};
  multiply(table, out, s.context.data(), tokens, s, team);
  add_and_norm(layer.after_attention);

  const Product up[] = {{&layer.up, s.inner.data()}};
  multiply(table, up, s.x.data(), tokens, s, team);
  each_rows(team, tokens, [&](std::size_t first, std::size_t rows) {
    table.gelu(s.inner.data() + first * f, rows * f);
    quantize(table, s, s.inner.data(), first, rows, f);
  });
  const Product down[] = {{&layer.down, s.sum.data()}};
  multiply(table, down, s.inner.data(), tokens, s, team);
  add_and_norm(layer.after_feed_forward);
}

Status Encoder::classify(const kernels::Table& table, std::span<const float> first, std::span<float> logits,
                         Scratch& scratch) const {
  if (shape_.labels == 0) {
    return make_error(Errc::unsupported, "this model has no classifier", "it makes embeddings: `nano embed`");
  }
  Team alone(1);
  scratch.plan(shape_, 1, 1);
  const float* x = first.data();
  quantize(table, scratch, x, 0, 1, shape_.hidden);
  if (pooler_.weight.n != 0) {
    const Product dense[] = {{&pooler_, scratch.sum.data()}};
    multiply(table, dense, x, 1, scratch, alone);
    table.tanh(scratch.sum.data(), shape_.hidden);
    x = scratch.sum.data();
    quantize(table, scratch, x, 0, 1, shape_.hidden);
  }
  // A product writes whole rows of n floats: the caller's span is exactly that.
  const Product output[] = {{&classifier_, logits.data()}};
  multiply(table, output, x, 1, scratch, alone);
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
