// tests/runtime_shim/gguf_describe_test.cpp: the summary of a file, and a writer whose disk fails.
#include <cerrno>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/fs.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/writer.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::gguf;

namespace {

const std::vector<float> kOnes(64, 1.0f);

Builder sample() {
  Builder b;
  b.set_string("general.name", "tiny");
  b.set_string("long", std::string(199, 'x') + "é and more");
  b.set_f32("eps", 1e-12f);
  b.set_bool("flag", true);
  b.set_i32("minus", -7);
  b.set_string_array("words", std::vector<std::string>{"a", "b", "c", "d"});
  b.set_i32_array("two", std::vector<int32_t>{1, 2});
  const std::vector<uint64_t> dims{32, 2};
  REQUIRE(b.add_f32("w", {32, 2}, kOnes));
  REQUIRE(b.add_f32("v", {3}, std::span(kOnes).first(3)));
  REQUIRE(b.add_tensor("h", quant::Type::f16, dims, std::as_bytes(std::span(kOnes)).first(128)));
  return b;
}

}  // namespace

TEST_CASE("a description has every pair as short text and every tensor with its totals") {
  const std::string bytes = *sample().bytes();
  const auto file = File::parse(std::as_bytes(std::span(bytes)), "x");
  REQUIRE(file);
  const Description d = describe(*file);
  std::vector<std::string> texts;
  for (const auto& m : d.metadata) texts.push_back(m.key + " (" + m.type + ") = " + m.text);
  CHECK(texts == std::vector<std::string>{"general.name (string) = tiny",
                                          "long (string) = " + std::string(199, 'x') + "…",
                                          "eps (f32) = 1e-12", "flag (bool) = true", "minus (i32) = -7",
                                          "words (array of string) = [\"a\", \"b\", \"c\", … 4 in all]",
                                          "two (array of i32) = [1, 2]"});
  REQUIRE(d.tensors.size() == 3);
  CHECK(d.tensors[0].dims == std::vector<uint64_t>{32, 2});
  CHECK(d.tensors[1].dims == std::vector<uint64_t>{3});
  CHECK(d.tensors[2].type == "f16");
  CHECK(d.tensors[2].bytes == 128);
  CHECK(d.parameters == 64 + 3 + 64);
  CHECK(d.tensor_bytes == 256 + 12 + 128);
  CHECK(d.file_bytes == bytes.size());
  CHECK(d.alignment == 32);
  REQUIRE(d.totals.size() == 2);
  CHECK(d.totals[0].type == "f32");
  CHECK(d.totals[0].tensors == 2);
  CHECK(d.totals[0].elements == 67);
  CHECK(d.totals[1].bytes == 128);
}

TEST_CASE("a disk that fails at any step leaves the old file whole and no temporary") {
  const test::TempDir dir;
  const Builder b = sample();
  for (const fs::Op step : {fs::Op::create, fs::Op::write, fs::Op::fsync, fs::Op::rename}) {
    test::write(dir / "x.gguf", "old");
    fs::inject_faults([&](fs::Op op, const fs::Path&, std::size_t&) { return op == step ? ENOSPC : 0; });
    const Status done = b.write(dir / "x.gguf");
    fs::inject_faults({});
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Errc::store);
    CHECK(test::read(dir / "x.gguf") == "old");
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
  }
  fs::inject_faults([](fs::Op op, const fs::Path&, std::size_t& allowed) {
    if (op == fs::Op::write) allowed = 7;  // short writes are continued
    return 0;
  });
  const Status done = b.write(dir / "x.gguf");
  fs::inject_faults({});
  REQUIRE(done);
  CHECK(test::read(dir / "x.gguf") == *b.bytes());
}
