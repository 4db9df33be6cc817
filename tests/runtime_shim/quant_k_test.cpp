// tests/runtime_shim/quant_k_test.cpp: K-quants are read as gguf-py reads them, and quantize makes a model of them that runs.
#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/k_blocks.h"
#include "runtime_shim/quant/quantize_file.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

constexpr std::size_t kValues = 512;  // of each type in the golden file
struct Kind {
  uint32_t id;
  std::size_t block;
};
constexpr Kind kKinds[] = {{10, 84}, {11, 110}, {12, 144}, {13, 176}, {14, 210}};

/// The bytes of two blocks, and what they stand for.
std::pair<std::string, std::vector<float>> golden(std::size_t index) {
  const std::string all = test::read(test::data("quant/k_golden.bin"));
  std::size_t at = 0;
  for (std::size_t i = 0; i < index; ++i) at += 2 * kKinds[i].block + kValues * sizeof(float);
  std::vector<float> values(kValues);
  REQUIRE(all.size() >= at + 2 * kKinds[index].block + kValues * sizeof(float));
  std::memcpy(values.data(), all.data() + at + 2 * kKinds[index].block, kValues * sizeof(float));
  return {all.substr(at, 2 * kKinds[index].block), values};
}

}  // namespace

TEST_CASE("each K-quant is read as gguf-py reads it") {
  for (std::size_t k = 0; k < std::size(kKinds); ++k) {
    const auto type = static_cast<quant::Type>(kKinds[k].id);
    INFO(quant::find_type(kKinds[k].id)->name);
    CHECK(quant::is_readable(type));
    const auto [bytes, want] = golden(k);
    std::vector<float> have(kValues);
    quant::read_row(type, std::as_bytes(std::span(bytes)), have);
    for (std::size_t i = 0; i < kValues; ++i) CHECK(std::fabs(have[i] - want[i]) <= 2e-6f * (1.0f + std::fabs(want[i])));
  }
  CHECK(quant::is_readable(quant::Type::q8_0));
  CHECK_FALSE(quant::is_readable(static_cast<quant::Type>(16)));  // iq2_xxs
}

TEST_CASE("quantize reads a file of K-quants, and refuses one that it cannot read with a remedy that helps") {
  const test::TempDir dir;
  const auto file_of = [&](uint32_t id, const std::string& bytes) {
    // The writer knows the sizes of types that it does not compute with, as the reader does.
    gguf::Builder b;
    b.set_string("general.architecture", "bert");
    const uint64_t dims[] = {256, 2};
    const Status added = b.add_tensor("blk.0.ffn_down.weight", static_cast<quant::Type>(id), dims, std::as_bytes(std::span(bytes)));
    INFO((added ? "" : added.error().render()));
    REQUIRE(added);
    REQUIRE(b.write(dir / "in.gguf"));
  };
  const auto [bytes, want] = golden(2);
  file_of(12, bytes);
  const auto report = quant::quantize_file(dir / "in.gguf", dir / "out.gguf", quant::Type::f32);
  REQUIRE(report);
  const auto out = gguf::File::open(dir / "out.gguf");
  REQUIRE(out);
  std::vector<float> have(kValues);
  std::memcpy(have.data(), (*out->tensor("blk.0.ffn_down.weight"))->bytes.data(), kValues * sizeof(float));
  for (std::size_t i = 0; i < kValues; ++i) CHECK(std::fabs(have[i] - want[i]) <= 2e-6f * (1.0f + std::fabs(want[i])));
  file_of(16, std::string(2 * 66, '\1'));
  const auto refused = quant::quantize_file(dir / "in.gguf", dir / "none.gguf", quant::Type::q8_0);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unsupported);
  CHECK(refused.error().message.find("iq2_xxs") != std::string::npos);
  CHECK(refused.error().hint.find("q8_0") != std::string::npos);
}
