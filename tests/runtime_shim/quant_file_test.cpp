// tests/runtime_shim/quant_file_test.cpp: rewriting a GGUF in another type: which tensors, which bytes, which errors.
#include <cstring>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "base/hash.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/quantize_file.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::quant;

namespace {

/// A small file with every kind of tensor the rules tell apart. `plant` goes into one weight.
void make(const std::filesystem::path& path, float plant = 0.5f) {
  std::mt19937 rng(1);
  std::vector<float> x(64 * 32);
  for (float& v : x)
    v = static_cast<float>(static_cast<int>(rng() % 2001) - 1000) / 1003.0f;  // no library's distribution
  std::vector<float> planted = x;
  planted[70] = plant;
  gguf::Builder b;
  b.set_string("general.architecture", "bert");
  b.set_u32("general.file_type", 0);
  b.set_string_array("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  const auto part = [&](std::size_t n) { return std::span<const float>(x).first(n); };
  REQUIRE(b.add_f32("token_embd.weight", {64, 20}, part(64 * 20)));
  REQUIRE(b.add_f32("position_embd.weight", {64, 4}, part(64 * 4)));
  REQUIRE(b.add_f32("token_types.weight", {64, 2}, part(64 * 2)));
  REQUIRE(b.add_f32("token_embd_norm.weight", {64}, part(64)));
  REQUIRE(b.add_f32("blk.0.attn_q.weight", {64, 32}, planted));
  REQUIRE(b.add_f32("blk.0.attn_q.bias", {32}, part(32)));
  REQUIRE(b.add_f32("blk.0.odd.weight", {33, 5}, part(33 * 5)));
  REQUIRE(b.add_f32("cls.output.weight", {64, 2}, part(64 * 2)));
  REQUIRE(b.write(path));
}

const TensorReport& find(const QuantizeReport& report, std::string_view name) {
  for (const TensorReport& t : report.tensors)
    if (t.name == name) return t;
  FAIL("no tensor " << name);
  return report.tensors[0];
}

}  // namespace

TEST_CASE("quantizing a file turns its weights and leaves what llama.cpp leaves") {
  const test::TempDir dir;
  make(dir / "f32.gguf");
  for (const Type type :
       {Type::q8_0, Type::q4_0, Type::q4_1, Type::q5_0, Type::q5_1, Type::f16, Type::bf16, Type::f32}) {
    const auto report = quantize_file(dir / "f32.gguf", dir / "out.gguf", type);
    REQUIRE(report);
    const auto file = gguf::File::open(dir / "out.gguf");
    REQUIRE(file);
    CHECK(*file->get_u32("general.file_type") == static_cast<uint32_t>(info(type).file_type));
    CHECK(*file->get_u32("general.quantization_version") == 2);
    CHECK(*file->get_string("general.architecture") == "bert");
    CHECK(file->get_string_array("tokenizer.ggml.tokens")->size() == 2);
    CHECK(file->metadata()[1].key == "general.file_type");  // the order is kept
    CHECK(report->bytes_after == file->bytes().size());
    const auto type_of = [&](std::string_view name) { return (*file->tensor(name))->type->type; };
    CHECK(type_of("token_embd.weight") == type);
    CHECK(type_of("blk.0.attn_q.weight") == type);
    CHECK(type_of("blk.0.odd.weight") == (info(type).block == 1 ? type : Type::f16));
    for (const char* kept : {"position_embd.weight", "token_types.weight", "token_embd_norm.weight",
                             "blk.0.attn_q.bias", "cls.output.weight"}) {
      CHECK(type_of(kept) == Type::f32);
      CHECK(find(*report, kept).max_error == 0);
    }
    const TensorReport& w = find(*report, "blk.0.attn_q.weight");
    CHECK(w.rms_error <= w.max_error);
    if (type == Type::f32)
      CHECK(w.max_error == 0);
    else
      CHECK(w.max_error > 0);
    if (type == Type::q8_0) CHECK(w.max_error < 1.0 / 254 + 1.0 / 1024);
    if (type == Type::q4_0) CHECK(w.max_error < 1.0 / 8);
    CHECK(find(*report, "blk.0.odd.weight").note.empty() == (info(type).block == 1));
  }
}

TEST_CASE("a quantized file is the same bytes every time, and on every machine") {
  const test::TempDir dir;
  make(dir / "f32.gguf");
  REQUIRE(quantize_file(dir / "f32.gguf", dir / "a.gguf", Type::q4_0));
  REQUIRE(quantize_file(dir / "f32.gguf", dir / "b.gguf", Type::q4_0));
  const std::string a = test::read(dir / "a.gguf");
  CHECK(a == test::read(dir / "b.gguf"));
  // Recorded on x86-64 with g++ 12 and clang 14; every other machine and compiler must give the same.
  CHECK(sha256(a).hex() == "43b1e174d79b9fd3ea76585441b92ed8ea977028bbbd2a53ba87f0919c21e11c");
}

TEST_CASE("q4 can be made from q8, and the report names the error against the q8 values") {
  const test::TempDir dir;
  make(dir / "f32.gguf");
  REQUIRE(quantize_file(dir / "f32.gguf", dir / "q8.gguf", Type::q8_0));
  const auto report = quantize_file(dir / "q8.gguf", dir / "q4.gguf", Type::q4_0);
  REQUIRE(report);
  const TensorReport& w = find(*report, "blk.0.attn_q.weight");
  CHECK(w.from == Type::q8_0);
  CHECK(w.to == Type::q4_0);
  CHECK(w.rms_error > 0.001);
  CHECK(w.bytes_before == 64 * 34);
  CHECK(w.bytes_after == 64 * 18);
  // the errors, measured again from the files
  const auto q8 = gguf::File::open(dir / "q8.gguf"), q4 = gguf::File::open(dir / "q4.gguf");
  std::vector<float> before(64 * 32), after(64 * 32);
  dequantize_row(Type::q8_0, (*q8->tensor("blk.0.attn_q.weight"))->bytes, before);
  dequantize_row(Type::q4_0, (*q4->tensor("blk.0.attn_q.weight"))->bytes, after);
  double squares = 0, most = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double e = static_cast<double>(before[i]) - static_cast<double>(after[i]);
    squares += e * e;
    most = std::max(most, std::abs(e));
  }
  CHECK(w.rms_error == Approx(std::sqrt(squares / static_cast<double>(before.size()))));
  CHECK(w.max_error == Approx(most));
}

TEST_CASE("a weight of one dimension stays F32, whatever it is called") {
  const test::TempDir dir;
  const std::vector<float> x(64, 0.3f);
  gguf::Builder b;
  REQUIRE(b.add_f32("scale.weight", {64}, x));
  REQUIRE(b.write(dir / "one.gguf"));
  const auto report = quantize_file(dir / "one.gguf", dir / "out.gguf", Type::q4_0);
  REQUIRE(report);
  CHECK(find(*report, "scale.weight").to == Type::f32);
}

TEST_CASE("keep_f32 keeps what it names") {
  const test::TempDir dir;
  make(dir / "f32.gguf");
  const auto report = quantize_file(dir / "f32.gguf", dir / "out.gguf", Type::q8_0, {.keep_f32 = {"attn_q"}});
  REQUIRE(report);
  CHECK(find(*report, "blk.0.attn_q.weight").to == Type::f32);
  CHECK(find(*report, "token_embd.weight").to == Type::q8_0);
}

TEST_CASE("a file that cannot be quantized is refused and nothing is written") {
  const test::TempDir dir;
  make(dir / "inf.gguf", std::numeric_limits<float>::infinity());
  const auto infinite = quantize_file(dir / "inf.gguf", dir / "out.gguf", Type::q8_0);
  REQUIRE_FALSE(infinite);
  CHECK(infinite.error().code == Errc::invalid);
  CHECK(infinite.error().message.find("'blk.0.attn_q.weight', row 1: value 6") != std::string::npos);
  make(dir / "large.gguf", 1e9f);
  CHECK(quantize_file(dir / "large.gguf", dir / "out.gguf", Type::f16).error().code == Errc::invalid);
  make(dir / "f32.gguf");
  const std::string before = test::read(dir / "f32.gguf");
  CHECK(quantize_file(dir / "f32.gguf", dir / "f32.gguf", Type::q8_0).error().code == Errc::usage);
  CHECK(test::read(dir / "f32.gguf") == before);
  CHECK(quantize_file(dir / "none.gguf", dir / "out.gguf", Type::q8_0).error().code == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(dir / "out.gguf"));
}
