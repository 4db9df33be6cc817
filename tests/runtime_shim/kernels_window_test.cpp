// tests/runtime_shim/kernels_window_test.cpp: attention that sees a part of the keys, rotation, products element by element.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/kernels/table.h"

using namespace nano;
using kernels::Table;

namespace {

std::vector<float> normals(std::mt19937& rng, std::size_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> v(n);
  for (float& x : v) x = normal(rng);
  return v;
}

// A head over (length, 3, width) with a window, and the memory it needs.
struct Case {
  std::size_t length, width, queries, window, first_key;
  std::vector<float> qkv{};
  std::vector<float> memory{};
  std::vector<float> run(const Table& table) {
    std::vector<float> out(queries * width, 5.0f);
    memory.assign(kernels::attend_floats(length, width) + 16, 0.0f);
    auto at = reinterpret_cast<std::uintptr_t>(memory.data());
    kernels::Head head;
    head.q = qkv.data() + first_key * 3 * width;
    head.k = qkv.data() + width;
    head.v = qkv.data() + 2 * width;
    head.stride = 3 * width;
    head.queries = queries;
    head.length = length;
    head.width = width;
    head.scale = 0.3f;
    head.out = out.data();
    head.out_stride = width;
    head.window = window;
    head.first_key = first_key;
    table.attend(&head, reinterpret_cast<float*>((at + 63) / 64 * 64));
    return out;
  }
};

Case random_case(std::mt19937& rng) {
  Case c{1 + rng() % 70, 1 + rng() % 40, 1, 1 + rng() % 20, 0};
  c.first_key = rng() % c.length;
  c.queries = 1 + rng() % (c.length - c.first_key);
  c.qkv = normals(rng, c.length * 3 * c.width);
  return c;
}

}  // namespace

TEST_CASE("with a window the reference attends to the keys around each query, and to no others",
          "[kernels]") {
  std::mt19937 rng(71);
  for (int round = 0; round < 30; ++round) {
    Case c = random_case(rng);
    const auto out = c.run(kernels::ref);
    const auto at = [&](std::size_t row, std::size_t part, std::size_t d) {
      return static_cast<double>(c.qkv[(row * 3 + part) * c.width + d]);
    };
    for (std::size_t i = 0; i < c.queries; ++i) {
      double total = 0.0;
      std::vector<double> want(c.width);
      for (std::size_t j = 0; j < c.length; ++j) {
        const std::size_t me = c.first_key + i;
        if ((j > me ? j - me : me - j) > c.window) continue;
        double score = 0.0;
        for (std::size_t d = 0; d < c.width; ++d) score += at(me, 0, d) * at(j, 1, d);
        total += std::exp(0.3 * score);
        for (std::size_t d = 0; d < c.width; ++d) want[d] += std::exp(0.3 * score) * at(j, 2, d);
      }
      for (std::size_t d = 0; d < c.width; ++d)
        REQUIRE(static_cast<double>(out[i * c.width + d]) == Approx(want[d] / total).margin(1e-4));
    }
  }
}

TEST_CASE("every table attends within a window to the bits of ref", "[kernels]") {
  std::mt19937 rng(72);
  for (const Table* table : kernels::compiled()) {
    if (!table->usable()) continue;
    for (int round = 0; round < 150; ++round) {
      Case c = random_case(rng);
      INFO(table->name << " length " << c.length << " window " << c.window << " queries " << c.queries);
      const auto want = c.run(kernels::ref), have = c.run(*table);
      REQUIRE(std::memcmp(have.data(), want.data(), want.size() * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("pairs turn by an angle, and every table turns and multiplies to the bits of ref", "[kernels]") {
  std::mt19937 rng(73);
  for (std::size_t n = 1; n <= 40; ++n) {
    const auto x = normals(rng, 2 * n), angle = normals(rng, n), y = normals(rng, 2 * n);
    std::vector<float> c(n), s(n);
    for (std::size_t d = 0; d < n; ++d) {
      c[d] = std::cos(angle[d]);
      s[d] = std::sin(angle[d]);
    }
    std::vector<float> turned = x, product = x;
    kernels::ref.rotate(turned.data(), n, c.data(), s.data());
    kernels::ref.times(product.data(), y.data(), 2 * n);
    for (std::size_t d = 0; d < n; ++d) {
      const auto a = static_cast<double>(x[d]), b = static_cast<double>(x[n + d]);
      const auto by = static_cast<double>(angle[d]);
      REQUIRE(static_cast<double>(turned[d]) == Approx(a * std::cos(by) - b * std::sin(by)).margin(1e-5));
      REQUIRE(static_cast<double>(turned[n + d]) == Approx(b * std::cos(by) + a * std::sin(by)).margin(1e-5));
      REQUIRE(product[d] == x[d] * y[d]);
    }
    for (const Table* table : kernels::compiled()) {
      if (!table->usable()) continue;
      std::vector<float> other = x, times = x;
      table->rotate(other.data(), n, c.data(), s.data());
      table->times(times.data(), y.data(), 2 * n);
      REQUIRE(std::memcmp(other.data(), turned.data(), 2 * n * sizeof(float)) == 0);
      REQUIRE(std::memcmp(times.data(), product.data(), 2 * n * sizeof(float)) == 0);
    }
  }
}
