// tests/runtime_shim/gguf_hostile_test.cpp: cut, flipped and extreme files are refused or parsed, never worse.
#include <cstring>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/tokenizer/wordpiece.h"

using namespace nano;
using namespace nano::gguf;

namespace {

/// A small model-like file: every kind of value, a vocabulary, four tensors of different types.
std::string sample() {
  Builder b;
  b.set_string("general.architecture", "bert");
  b.set_u32("general.alignment.not", 1);
  b.set_u64("n.u64", 77);
  b.set_bool("n.bool", false);
  b.set_f32("n.eps", 1e-6f);
  b.set_string("tokenizer.ggml.model", "bert");
  b.set_string_array("tokenizer.ggml.tokens",
                     std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁good", "bad"});
  b.set_i32_array("tokenizer.ggml.token_type", std::vector<int32_t>{3, 3, 3, 3, 1, 1});
  static const std::vector<float> floats(96, 0.25f);
  static const std::vector<std::byte> blocks(34 * 4);
  const std::vector<uint64_t> two{32, 4}, one{48};
  REQUIRE(b.add_f32("norm", {96}, floats));
  REQUIRE(b.add_f32("scalar", {1}, std::span(floats).first(1)));
  REQUIRE(b.add_tensor("weight", quant::Type::q8_0, two, blocks));
  REQUIRE(b.add_tensor("half", quant::Type::f16, one, std::span(blocks).first(96)));
  return *b.bytes();
}

/// Parse a heap copy of exactly these bytes (so that asan sees one byte too many), and walk all that it hands out.
bool survives(const std::string& bytes) {
  const std::vector<std::byte> exact(reinterpret_cast<const std::byte*>(bytes.data()),
                                     reinterpret_cast<const std::byte*>(bytes.data()) + bytes.size());
  const auto file = File::parse(exact, "hostile.gguf");
  if (!file) {
    CHECK((file.error().code == Errc::invalid || file.error().code == Errc::unsupported));
    CHECK_FALSE(file.error().message.empty());
    return false;
  }
  for (const Entry& e : file->metadata()) {
    (void)file->get_u64(e.key).has_value();
    (void)file->get_f32(e.key).has_value();
    (void)file->get_string_array(e.key).has_value();
    (void)file->get_i32_array(e.key).has_value();
    (void)file->get_f32_array(e.key).has_value();
  }
  for (const Tensor& t : file->tensors()) {
    if (t.elements() > 1u << 20 || !t.type->computable) continue;
    std::vector<float> row(t.row_length());
    quant::dequantize_row(t.type->type, t.bytes.first(t.row_bytes()), row);
    (void)quant::first_non_finite(t.type->type, t.bytes);
  }
  (void)describe(*file);
  if (const auto w = tokenizer::WordPiece::load(*file)) (void)w->encode("good badly GOODBAD");
  return true;
}

}  // namespace

TEST_CASE("a GGUF cut after any byte is refused, until all its tensors are there") {
  const std::string whole = sample();
  REQUIRE(survives(whole));
  const auto parsed = File::parse(std::as_bytes(std::span(whole)), "whole");
  std::size_t last = 0;
  for (const Tensor& t : parsed->tensors()) last = std::max<std::size_t>(last, t.offset + t.bytes.size());
  for (std::size_t n = 0; n < last; ++n) {
    INFO("cut to " << n << " bytes");
    CHECK_FALSE(survives(whole.substr(0, n)));
  }
  for (std::size_t n = last; n <= whole.size(); ++n) CHECK(survives(whole.substr(0, n)));
}

TEST_CASE("every four and eight bytes of a GGUF set to extremes are refused or parsed") {
  const std::string whole = sample();
  const uint64_t extremes[] = {
      0,          1,    13, 32, (1ull << 31) - 1, 1ull << 31, (1ull << 32) - 1, 1ull << 32, (1ull << 63) - 1,
      1ull << 63, ~0ull};
  std::size_t refused = 0;
  for (std::size_t at = 4; at + 8 <= whole.size(); ++at) {
    for (const uint64_t v : extremes) {
      std::string wide = whole, narrow = whole;
      std::memcpy(wide.data() + at, &v, 8);
      std::memcpy(narrow.data() + at, &v, 4);
      refused += survives(wide) ? 0 : 1;
      refused += survives(narrow) ? 0 : 1;
    }
  }
  CHECK(refused > 5000);
}

TEST_CASE("each field of the header set to extremes is refused") {
  const std::string whole = sample();
  for (const std::size_t at :
       {std::size_t{8}, std::size_t{16}, std::size_t{24}}) {  // tensors, pairs, first key's length
    for (const uint64_t v : {uint64_t{0}, uint64_t{1}, (uint64_t{1} << 31) - 1, uint64_t{1} << 31,
                             (uint64_t{1} << 32) - 1, uint64_t{1} << 63, ~uint64_t{0}}) {
      std::string bytes = whole;
      std::memcpy(bytes.data() + at, &v, 8);
      INFO("field at " << at << " = " << v);
      // Fewer tensors than written: the rest is taken for padding and data.
      const bool harmless = at == 8 && v <= 1;
      if (!harmless)
        CHECK_FALSE(survives(bytes));
      else
        (void)survives(bytes);
    }
  }
}

TEST_CASE("twenty thousand GGUFs with random bytes flipped are refused or parsed") {
  const std::string whole = sample();
  std::mt19937 rng(99);
  std::size_t parsed = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (auto n = rng() % 4 + 1; n > 0; --n) {
      const std::size_t at = rng() % bytes.size();
      bytes[at] = static_cast<char>(
          rng() % 3 == 0 ? rng() : static_cast<unsigned char>(bytes[at]) ^ (1u << rng() % 8));
    }
    parsed += survives(bytes) ? 1 : 0;
  }
  CHECK(parsed > 100);
  CHECK(parsed < 20000);
}
