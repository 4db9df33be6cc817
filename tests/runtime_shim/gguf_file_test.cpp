// tests/runtime_shim/gguf_file_test.cpp: what the writer writes the reader reads; typed metadata; the layout, byte by byte.
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::gguf;

namespace {

Result<File> parse(const std::string& bytes) {
  return File::parse(std::as_bytes(std::span(bytes)), "test.gguf");
}

std::string message(const std::string& bytes) {
  const auto r = parse(bytes);
  return r ? "parsed" : r.error().message;
}

std::string le64(uint64_t v) {
  return std::string(reinterpret_cast<const char*>(&v), 8);
}
std::string le32(uint32_t v) {
  return std::string(reinterpret_cast<const char*>(&v), 4);
}
std::string text(std::string_view s) {
  return le64(s.size()) + std::string(s);
}

/// A header written by hand from the format's table, not by the writer.
std::string header(uint64_t tensors, uint64_t pairs) {
  return "GGUF" + le32(3) + le64(tensors) + le64(pairs);
}
std::string tensor(std::string_view name, std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
  std::string out = text(name) + le32(static_cast<uint32_t>(dims.size()));
  for (const uint64_t d : dims) out += le64(d);
  return out + le32(type) + le64(offset);
}
std::string padded(std::string s, std::size_t data) {
  s.resize((s.size() + 31) / 32 * 32 + data, '\0');
  return s;
}

}  // namespace

TEST_CASE("a file written by the builder is read back whole") {
  std::vector<float> weights(64);
  std::iota(weights.begin(), weights.end(), 0.5f);
  std::vector<std::byte> blocks(2 * 34);
  const std::vector<uint64_t> dims{32, 2};
  const std::vector<std::string> strings{"one", "", "three\n"};
  const std::vector<int32_t> numbers{-1, 0, 7};
  Builder b;
  b.set_string("general.architecture", "bert");
  b.set_u32("a.u32", 4'000'000'000u);
  b.set_u64("a.u64", 1ull << 63);
  b.set_i32("a.i32", -5);
  b.set_f32("a.f32", 1e-12f);
  b.set_bool("a.bool", true);
  b.set_string_array("a.strings", strings);
  b.set_i32_array("a.numbers", numbers);
  b.set_f32_array("a.floats", weights);
  REQUIRE(b.add_f32("w", {32, 2}, weights));
  REQUIRE(
      b.add_tensor("q", quant::Type::q8_0, dims, [&]() -> Result<std::vector<std::byte>> { return blocks; }));
  const test::TempDir dir;
  REQUIRE(b.write(dir / "x.gguf"));
  CHECK(test::read(dir / "x.gguf") == *b.bytes());
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);  // no temporary left

  auto opened = File::open(dir / "x.gguf");
  REQUIRE(opened);
  const File f = std::move(*opened);  // views survive the move
  CHECK(f.version() == 3);
  CHECK(*f.get_string("general.architecture") == "bert");
  CHECK(*f.get_u32("a.u32") == 4'000'000'000u);
  CHECK(*f.get_u64("a.u32") == 4'000'000'000u);
  CHECK(*f.get_u64("a.u64") == 1ull << 63);
  CHECK(*f.get_i64("a.i32") == -5);
  CHECK(*f.get_f32("a.f32") == 1e-12f);
  CHECK(*f.get_bool("a.bool"));
  CHECK(*f.get_string_array("a.strings") == std::vector<std::string_view>{"one", "", "three\n"});
  CHECK(*f.get_i32_array("a.numbers") == numbers);
  CHECK(*f.get_f32_array("a.floats") == weights);
  REQUIRE(f.tensors().size() == 2);
  const Tensor* w = *f.tensor("w");
  CHECK(w->rank == 2);
  CHECK(w->row_length() == 32);
  CHECK(w->rows() == 2);
  CHECK(w->elements() == 64);
  CHECK(w->offset % 32 == 0);
  REQUIRE(w->bytes.size() == 256);
  CHECK(std::memcmp(w->bytes.data(), weights.data(), 256) == 0);
  CHECK((*f.tensor("q"))->row_bytes() == 34);
  CHECK(f.find_tensor("absent") == nullptr);
  CHECK(f.tensor("absent").error().message.find("'absent' is missing") != std::string::npos);
}

TEST_CASE("metadata of the wrong kind is refused by name") {
  Builder b;
  b.set_u64("big", 1ull << 40);
  b.set_i32("negative", -1);
  b.set_f32("nan", std::numeric_limits<float>::quiet_NaN());
  b.set_string("text", "7");
  b.set_string_array("texts", std::vector<std::string>{"7"});
  const std::string bytes = *b.bytes();
  const auto f = parse(bytes);
  REQUIRE(f);
  const auto says = [](const auto& result, std::string_view part) {
    return !result && result.error().code == Errc::invalid &&
           result.error().message.find(part) != std::string::npos;
  };
  CHECK(says(f->get_u32("big"), "'big' is 1099511627776"));
  CHECK(says(f->get_u32("negative"), "'negative' is -1"));
  CHECK(says(f->get_f32("nan"), "'nan' is not a finite"));
  CHECK(says(f->get_u32("text"), "'text' is of type string, not an integer"));
  CHECK(says(f->get_i32_array("texts"), "'texts' is of type array of string"));
  CHECK(says(f->get_string("absent"), "'absent' is missing"));
  CHECK(*f->get_u32_or("absent", 9) == 9);
  CHECK(says(f->get_u32_or("text", 9), "not an integer"));
}

TEST_CASE("the layout is the format's table, byte by byte") {
  const std::string hand =
      padded(header(1, 1) + text("k") + le32(4) + le32(258) + tensor("t", {2}, 0, 0), 0) +
      std::string(8, '\x01') + std::string(24, '\0');
  Builder b;
  b.set_u32("k", 258);
  const std::string eight(8, '\x01');
  const std::vector<uint64_t> dims{2};
  REQUIRE(b.add_tensor("t", quant::Type::f32, dims, std::as_bytes(std::span(eight))));
  CHECK(*b.bytes() == hand);
  const auto f = parse(hand);
  REQUIRE(f);
  CHECK((*f->tensor("t"))->offset == hand.size() - 32);
  std::string v2 = hand;
  v2[4] = 2;
  CHECK(parse(v2));
}

TEST_CASE("versions and byte orders that are not read are unsupported, not invalid") {
  const auto code = [](const std::string& bytes) { return parse(bytes).error().code; };
  CHECK(code("GGUF" + le32(1) + le64(0) + le64(0)) == Errc::unsupported);
  CHECK(code("GGUF" + le32(4) + le64(0) + le64(0)) == Errc::unsupported);
  CHECK(code(std::string("GGUF\0\0\0\3", 8) + le64(0) + le64(0)) == Errc::unsupported);
  CHECK(message(std::string("GGUF\0\0\0\3", 8)).find("big-endian") != std::string::npos);
  CHECK(code("GGUF" + le32(0) + le64(0) + le64(0)) == Errc::invalid);
  CHECK(code("PK\3\4") == Errc::invalid);
  CHECK(code("") == Errc::invalid);
  CHECK(code(padded(header(1, 0) + tensor("t", {1}, 5, 0), 32)) == Errc::unsupported);  // a type ggml removed
}

TEST_CASE("each broken rule is named") {
  const auto refused = [](const std::string& bytes, std::string_view part) {
    INFO(message(bytes));
    CHECK(message(bytes).find(part) != std::string::npos);
    CHECK_FALSE(parse(bytes));
  };
  const std::string one = text("k") + le32(7) + std::string(1, '\1');
  const std::string other = text("k") + le32(7) + std::string(1, '\0');
  refused(header(0, 2) + one + other, "'k' stands there twice");
  const auto same = parse(padded(header(0, 2) + one + one, 32));  // that says nothing new
  REQUIRE(same);
  CHECK(same->metadata().size() == 1);
  refused(header(0, 1) + text("k") + le32(7) + std::string(1, '\2'), "neither 0 nor 1");
  refused(header(0, 1) + text("key.of.mine") + le32(13) + std::string(8, '\0'),
          "'key.of.mine' has the unknown value type 13");
  refused(header(0, 1) + text("kk") + le32(9) + le32(9) + le64(0), "array of arrays");
  refused(header(0, 1) + text("kk") + le32(9) + le32(4) + le64(3) + le32(1), "ends in the array of key 'kk'");
  refused(header(0, 1) + text("kk") + le32(9) + le32(8) + le64(1) + le64(1ull << 63),
          "string 0 of the array of key 'kk'");
  refused(header(0, 1) + text("kk") + le32(4) + std::string(3, '\1'), "ends in the value of key 'kk'");
  refused(header(0, 1) + text("kk") + le32(8) + le64(5) + "four", "ends in the string of key 'kk'");
  refused(header(0, 1) + text("kk") + le32(8) + le64(1ull << 40) + "four", "the limit is 16777216");
  refused(header(0, 1) + text("") + le32(4) + le32(1), "is empty");
  const auto alignment = [](uint32_t a) {
    return header(0, 1) + text("general.alignment") + le32(4) + le32(a);
  };
  for (const uint32_t a : {0u, 1u, 4u, 33u, 48u, 1u << 17, 0xFFFFFFFFu})
    refused(alignment(a), "general.alignment");
  CHECK(parse(alignment(64)));

  const auto with = [](const std::string& infos, uint64_t n, std::size_t data) {
    return padded(header(n, 0) + infos, data);
  };
  refused(with(tensor("t", {1}, 0, 0) + tensor("t", {1}, 0, 32), 2, 64), "'t' stands there twice");
  refused(with(tensor("t", {}, 0, 0), 1, 32), "0 dimensions");
  refused(with(tensor("t", {1, 1, 1, 1, 1}, 0, 0), 1, 32), "5 dimensions");
  refused(with(tensor("t", {4, 0}, 0, 0), 1, 32), "dimension of 0");
  refused(with(tensor("t", {1ull << 32, 1ull << 32}, 0, 0), 1, 32), "more than 2^63");
  refused(with(tensor("t", {(1ull << 63) - 1}, 0, 0), 1, 32), "'t' are more than 2^63");
  refused(with(tensor("t", {1ull << 62}, 0, 0), 1, 32), "'t' are more than 2^63");
  refused(with(tensor("t", {33, 2}, 8, 0), 1, 96), "33 long");
  refused(with(tensor("t", {1}, 0, 4), 1, 32), "not a multiple of 32");
  refused(with(tensor("t", {9}, 0, 0), 1, 32), "'t' ends after the file");
  refused(with(tensor("t", {1}, 0, 0xFFFFFFFFFFFFFFE0ull), 1, 32), "'t' ends after the file");
  refused(with(tensor("a", {9}, 0, 0) + tensor("b", {1}, 0, 32), 2, 64), "tensors 'a' and 'b' overlap");
  refused(with(tensor("a", {1}, 0, 0) + tensor("b", {1}, 0, 0), 2, 64), "overlap");
  refused(with(tensor(std::string(64, 'n'), {1}, 0, 0), 1, 32), "64 bytes long; the limit is 63");
  refused(header(1, 0) + tensor("t", {1}, 0, 0), "ends before the tensors' data");
  refused(header(1ull << 63, 0), "tensors; the limit");
  refused(header(0, 1ull << 63), "metadata keys; the limit");
  refused(header(16384, 65536), "do not fit in the 0 bytes");
}

TEST_CASE("a foreign name is printed without what a terminal would obey") {
  const std::string m = message(header(0, 1) + text("\x1b[31mred\x07") + le32(77) + le32(0));
  CHECK(m.find('\x1b') == std::string::npos);
  CHECK(m.find('\x07') == std::string::npos);
  CHECK(m.find("[31mred") != std::string::npos);
}

TEST_CASE("the builder refuses what the reader would") {
  Builder b;
  const std::vector<float> one{1.0f};
  CHECK_FALSE(b.add_f32("", {1}, one));
  CHECK_FALSE(b.add_f32(std::string(64, 'x'), {1}, one));
  CHECK_FALSE(b.add_f32("t", {2}, one));
  CHECK_FALSE(b.add_f32("t", {0}, {}));
  CHECK_FALSE(b.add_f32("t", {}, one));
  CHECK_FALSE(b.add_f32("t", {1, 1, 1, 1, 1}, one));
  CHECK_FALSE(b.add_f32("t", {1ull << 40, 1ull << 40}, one));
  REQUIRE(b.add_f32("t", {1}, one));
  CHECK_FALSE(b.add_f32("t", {1}, one));
  const std::vector<uint64_t> ragged{33};
  CHECK_FALSE(b.add_tensor("q", quant::Type::q4_0, ragged, std::span<const std::byte>{}));
  b.set_u32("k", 1);
  b.set_string("k", "now text");
  const std::string bytes = *b.bytes();
  CHECK(*parse(bytes)->get_string("k") == "now text");
  const test::TempDir dir;
  CHECK(b.write(dir / "no/such/folder/x").error().code == Errc::store);
}

TEST_CASE("a file that is missing, a folder or empty is refused") {
  const test::TempDir dir;
  CHECK(File::open(dir / "none.gguf").error().code == Errc::not_found);
  CHECK(File::open(dir.path()).error().code == Errc::invalid);
  test::write(dir / "empty.gguf", "");
  CHECK(File::open(dir / "empty.gguf").error().message.find("empty") != std::string::npos);
}
