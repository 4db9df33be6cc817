// tests/runtime_shim/kernel_cases.h: what the tests of kernels share: the tables to compare, random floats, panels.
#pragma once

#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/kernels/table.h"
#include "runtime_shim/packed/panels.h"

namespace nano::test {

using kernels::Table;

inline std::vector<const Table*> others() {
  std::vector<const Table*> out;
  for (const Table* t : kernels::compiled()) {
    if (t != &kernels::ref && t->usable()) out.push_back(t);
  }
  if (out.empty()) WARN("SKIPPED: this CPU has no table but ref");
  return out;
}

// The same bits? (All values here are finite, so that is equality with the sign of zero.)
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

// Floats of all sizes a network makes, with zeros of both signs and some outliers.
inline std::vector<float> floats(std::mt19937& rng, std::size_t n, float scale = 1.0f) {
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> v(n);
  for (float& x : v) {
    const auto kind = rng() % 20;
    x = kind == 0 ? 0.0f : kind == 1 ? -0.0f : kind == 2 ? normal(rng) * 30.0f : normal(rng);
  }
  return v;
}

// 64-byte aligned scratch.
struct Aligned {
  explicit Aligned(std::size_t bytes) : memory(bytes + 64) {}
  void* get() const {
    auto at = reinterpret_cast<std::uintptr_t>(memory.data());
    return reinterpret_cast<void*>((at + 63) / 64 * 64);
  }
  std::vector<unsigned char> memory;  // moving it keeps its place
};

// An integer matrix in panels, and the memory it points into.
struct Panels {
  explicit Panels(std::size_t bytes, std::size_t rows)
      : values(bytes), scale(rows * 4), sum(rows * 4), bias(rows * 4) {}
  Aligned values, scale, sum, bias;
  kernels::Packed packed{};
};

inline Panels empty_panels(std::size_t n, std::size_t k, int bits) {
  const std::size_t panels = (n + 15) / 16, bytes = packed::panel_bytes(k, bits);
  Panels p(panels * bytes, panels * 16);
  p.packed = {static_cast<uint8_t*>(p.values.get()),
              static_cast<float*>(p.scale.get()),
              static_cast<int32_t*>(p.sum.get()),
              static_cast<float*>(p.bias.get()),
              panels * 16,
              k,
              bytes,
              bits};
  return p;
}

inline Panels pack(const packed::Source& source, int bits, const std::vector<float>& bias) {
  Panels p = empty_panels(source.rows, source.k, bits);
  for (std::size_t i = 0; i < p.packed.n / 16; ++i) {
    packed::pack_panel(source, 16 * i, bits, static_cast<uint8_t*>(p.values.get()) + i * p.packed.panel_bytes,
                       static_cast<float*>(p.scale.get()) + 16 * i,
                       static_cast<int32_t*>(p.sum.get()) + 16 * i);
  }
  std::copy(bias.begin(), bias.end(), static_cast<float*>(p.bias.get()));
  return p;
}

// Any bytes as panels: what a damaged file under derived/ may hold.
inline Panels random_panels(std::mt19937& rng, std::size_t n, std::size_t k, int bits) {
  Panels p = empty_panels(n, k, bits);
  auto* at = static_cast<uint8_t*>(p.values.get());
  for (std::size_t i = 0; i < p.packed.n / 16 * p.packed.panel_bytes; ++i)
    at[i] = static_cast<uint8_t>(rng());
  auto* sum = static_cast<int32_t*>(p.sum.get());
  for (std::size_t j = 0; j < p.packed.n; ++j) {
    uint8_t* panel = at + j / 16 * p.packed.panel_bytes;
    for (std::size_t b = 0; bits == 4 && b < k / 32; ++b) {
      uint8_t* factors = panel + k / 32 * 256 + b * 32;
      factors[j % 16] &= 15;
      factors[16 + j % 16] = static_cast<uint8_t>(factors[j % 16] * (7 + rng() % 2));
    }
    sum[j] = 0;
    for (std::size_t i = 0; i < k; ++i) {
      const uint8_t both = panel[i / 32 * 256 + i % 16 / 4 * 64 + j % 16 * 4 + i % 4];
      const uint8_t* factors = panel + k / 32 * 256 + i / 32 * 32;
      const int four = (i % 32 < 16 ? both & 15 : both >> 4) * factors[j % 16] - factors[16 + j % 16];
      sum[j] += 128 * (bits == 4 ? four : static_cast<int8_t>(panel[i / 4 * 64 + j % 16 * 4 + i % 4]));
    }
    static_cast<float*>(p.scale.get())[j] = static_cast<float>(rng() % 1000) * 1e-5f;
    static_cast<float*>(p.bias.get())[j] = static_cast<float>(rng() % 1000) * 1e-3f - 0.5f;
  }
  return p;
}

struct Activations {
  std::vector<uint8_t> u{};
  std::vector<float> scale{};
  kernels::QuantRows rows{};
};

inline Activations quantize(const Table& table, const std::vector<float>& x, std::size_t rows,
                            std::size_t k) {
  Activations a;
  a.u.resize(rows * k);
  a.scale.resize(rows);
  table.quantize(x.data(), k, rows, k, a.u.data(), a.scale.data());
  a.rows = {a.u.data(), a.scale.data(), rows, k};
  return a;
}

inline std::vector<float> multiply(const Table& table, const Panels& w, const Activations& x,
                                   kernels::Then then = kernels::Then::nothing) {
  std::vector<float> out(x.rows.rows * (w.packed.n + 3), 7.0f);
  Aligned scratch(kernels::scratch_bytes(w.packed.k));
  table.matmul(&w.packed, &x.rows, 0, w.packed.n / 16, then, out.data(), w.packed.n + 3, scratch.get());
  return out;
}

}  // namespace nano::test
