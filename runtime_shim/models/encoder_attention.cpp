// runtime_shim/models/encoder_attention.cpp: queries, keys and values, what turns them, and attention to all or to nearby tokens.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime_shim/models/encoder_linear.h"
#include "runtime_shim/models/encoder_pass.h"

namespace nano::models {
namespace {

constexpr std::size_t kLongAttention = 64;  // tokens from which packed models attend in integers
constexpr std::size_t kNearbyQueries =
    48;  // queries of a local layer that go together: they share the window's keys

}  // namespace

// q, k and v of a head, then its attention, by one thread while they are in its cache.
void EncoderPass::attend_packed(const EncoderLayer& layer, bool few) {
  const std::size_t h = shape_.hidden, width = h / shape_.heads, padded = round_up(width, kernels::kLanes);
  const std::size_t ld = row_floats(shape_.heads * 3 * padded), panels = padded / kernels::kLanes;
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
    finish_heads(begin, end, few);
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

// The heads' part of what an adapter adds, and their rotation. `few`: queries are those of first tokens, at position 0.
void EncoderPass::finish_heads(std::size_t begin, std::size_t end, bool few) {
  if (!changed_ && !shape_.kind->rotary) return;
  const std::size_t h = shape_.hidden, width = h / shape_.heads, padded = round_up(width, kernels::kLanes);
  const std::size_t ld = row_floats(shape_.heads * 3 * padded);
  std::size_t row = 0;
  for (std::size_t i = 0; i < lengths_.size(); ++i) {
    for (std::size_t p = 0; p < lengths_[i]; ++p, ++row) {
      for (std::size_t head = begin; head < end; ++head) {
        for (std::size_t part = 0; part < 3; ++part) {
          if (part == 0 && few && p != 0) continue;
          float* x = part == 0 && few ? s_.first_q.data() + i * ld : s_.qkv.data() + row * ld;
          x += (3 * head + part) * padded;
          if (changed_) table_.add(x, s_.change.data() + row * 3 * h + part * h + head * width, width);
          if (shape_.kind->rotary && part < 2) turn(x, p);
        }
      }
    }
  }
}

void EncoderPass::turn(float* x, std::size_t position) {
  const std::size_t half = shape_.hidden / shape_.heads / 2, at = position * half, kind = local_ ? 1 : 0;
  table_.rotate(x, half, s_.cosine[kind].data() + at, s_.sine[kind].data() + at);
}

// Where the adapter changes q, k or v: s_.change = what it adds to them, (tokens, 3 hidden).
void EncoderPass::change_qkv() {
  const std::size_t h = shape_.hidden, ld = 3 * h;
  const LowRank& all = options_.adapter->at(layer_, Slot::qkv);
  if (all) {
    low_rank(all, input(), h, {0, tokens_}, s_.change.data(), ld, Crew(team_));
    changed_ = true;
    return;
  }
  const Slot slots[] = {Slot::q, Slot::k, Slot::v};
  for (const Slot slot : slots) changed_ = changed_ || options_.adapter->at(layer_, slot);
  for (std::size_t i = 0; changed_ && i < 3; ++i) {
    const LowRank& change = options_.adapter->at(layer_, slots[i]);
    if (change) {
      low_rank(change, input(), h, {0, tokens_}, s_.change.data() + i * h, ld, Crew(team_));
    } else {
      for (std::size_t t = 0; t < tokens_; ++t) std::fill_n(s_.change.data() + t * ld + i * h, h, 0.0f);
    }
  }
}

void EncoderPass::attend_floats(const EncoderLayer& layer, bool few) {
  const std::size_t h = shape_.hidden, width = h / shape_.heads;
  const bool one = layer.qkv.n != 0;
  // Three matrices give three arrays, one gives rows of three.
  const std::size_t part = one ? h : tokens_ * h, ld = one ? 3 * h : h;
  const Linear* linears[] = {one ? &layer.qkv : &layer.q, &layer.k, &layer.v};
  const kernels::QuantRows u{s_.u8.data(), s_.u8_scale.data(), tokens_, h};  // one of three may be packed
  for (std::size_t i = 0; i < (one ? 1u : 3u); ++i) {
    models::multiply(table_, *linears[i], input(), h, u, 0, s_.qkv.data() + i * part, ld, s_,
                     Crew(team_));
  }
  std::size_t row = 0;
  for (std::size_t i = 0; (changed_ || shape_.kind->rotary) && i < lengths_.size(); ++i) {
    for (std::size_t p = 0; p < lengths_[i]; ++p, ++row) {
      for (std::size_t n = 0; n < 3; ++n) {
        float* x = s_.qkv.data() + row * ld + n * part;
        if (changed_) table_.add(x, s_.change.data() + row * 3 * h + n * h, h);
        for (std::size_t head = 0; shape_.kind->rotary && n < 2 && head < shape_.heads; ++head)
          turn(x + head * width, p);
      }
    }
  }
  attend_each(few, [&](std::size_t head, std::size_t, std::size_t first) {
    const float* q = s_.qkv.data() + first * ld + head * width;
    return kernels::Head{
        .q = q, .k = q + part, .v = q + 2 * part, .stride = ld, .queries = 1, .length = 1, .width = width};
  });
}

template <class At>
void EncoderPass::attend_each(bool few, At&& head_at) {
  team_.run(lengths_.size() * shape_.heads, [&](std::size_t begin, std::size_t end, unsigned worker) {
    std::size_t sequence = 0, row = 0;
    for (std::size_t item = begin; item < end; ++item) {
      for (; sequence < item / shape_.heads; ++sequence) row += lengths_[sequence];
      attend(head_at(item % shape_.heads, sequence, row), item % shape_.heads, sequence, row, few, worker);
    }
  });
}

void EncoderPass::attend(kernels::Head head, std::size_t index, std::size_t sequence, std::size_t row,
                         bool few, unsigned worker) {
  head.length = lengths_[sequence];
  head.queries = few ? 1 : head.length;
  head.scale = 1.0f / std::sqrt(static_cast<float>(head.width));
  head.out = s_.context.data() + (few ? sequence : row) * shape_.hidden + index * head.width;
  head.out_stride = shape_.hidden;
  float* own = s_.workers.data() + worker * s_.worker_floats;
  if (local_ && head.length > shape_.window + 1) return attend_nearby(head, own);
  // Long sequences of packed models: there the exact float products would cost as much as a sixth of the pass.
  const bool whole = packed_ && head.length >= kLongAttention && head.width % kernels::kBlock == 0;
  (whole ? table_.attend_quant : table_.attend)(&head, own);
}

// Some queries at a time, each time with the keys that any of them sees.
void EncoderPass::attend_nearby(kernels::Head head, float* own) {
  const std::size_t length = head.length, queries = head.queries, window = shape_.window;
  for (std::size_t first = 0; first < queries; first += kNearbyQueries) {
    const std::size_t count = std::min(kNearbyQueries, queries - first);
    const std::size_t from = first < window ? 0 : first - window,
                      to = std::min(length, first + count + window);
    kernels::Head part = head;
    part.q += first * head.stride;
    part.k += from * head.stride;
    part.v += from * head.stride;
    part.out += first * head.out_stride;
    part.queries = count;
    part.length = to - from;
    part.window = window;
    part.first_key = first - from;
    table_.attend(&part, own);
  }
}

// The quantized first rows of the sequences.
kernels::QuantRows EncoderPass::first_rows(std::size_t k) {
  std::size_t row = 0;
  for (std::size_t i = 0; i < lengths_.size(); row += lengths_[i++]) {
    std::memcpy(s_.wide_u8.data() + i * k, s_.u8.data() + row * k, k);
    s_.wide_scale[i] = s_.u8_scale[row];
  }
  return {s_.wide_u8.data(), s_.wide_scale.data(), lengths_.size(), k};
}

}  // namespace nano::models
