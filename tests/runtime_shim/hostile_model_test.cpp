// tests/runtime_shim/hostile_model_test.cpp: models made to harm: each refused at load, with the name of what is wrong.
#include <cstring>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/quantize_file.h"
#include "runtime_shim/session.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

Error open_error(const std::filesystem::path& path) {
  const auto model = Model::open(path.string(), {.derived = false});
  REQUIRE_FALSE(model);
  INFO(model.error().message);
  CHECK(model.error().code != Errc::internal);
  return model.error();
}

bool names(const Error& e, std::string_view what) {
  INFO(e.message);
  CHECK(e.message.find(what) != std::string::npos);
  return true;
}

/// The golden model in q8_0 with the bytes at a place of a tensor replaced.
Error with_bytes(quant::Type type, const std::string& tensor, std::size_t at, std::string_view bytes) {
  const test::TempDir dir;
  REQUIRE(quant::quantize_file(test::bert_tiny(), dir / "q.gguf", type));
  std::string file = test::read(dir / "q.gguf");
  const auto parsed = gguf::File::open(dir / "q.gguf");
  REQUIRE(parsed);
  file.replace(static_cast<std::size_t>((*parsed->tensor(tensor))->offset) + at, bytes.size(), bytes);
  test::write(dir / "h.gguf", file);
  return open_error(dir / "h.gguf");
}

/// The golden model with the first place of `what` in the file, and so many bytes after it, overwritten.
Error with_field(const std::string& what, std::size_t after, std::string_view bytes) {
  const test::TempDir dir;
  std::string file = test::read(test::bert_tiny());
  const std::size_t at = file.find(what);
  REQUIRE(at != std::string::npos);
  file.replace(at + what.size() + after, bytes.size(), bytes);
  test::write(dir / "h.gguf", file);
  return open_error(dir / "h.gguf");
}

}  // namespace

TEST_CASE("a block's scale that is NaN or infinite is refused by its tensor") {
  using quant::Type;
  const std::string nan("\xff\x7f", 2), infinite("\x00\x7c", 2);
  names(with_bytes(Type::q8_0, "blk.1.ffn_up.weight", 34, nan),
        "'blk.1.ffn_up.weight' has a value that is not finite");
  names(with_bytes(Type::q4_0, "blk.0.attn_q.weight", 18 * 3, infinite), "'blk.0.attn_q.weight'");
  names(with_bytes(Type::q5_1, "token_embd.weight", 2, nan), "'token_embd.weight'");
}

TEST_CASE("a scale or minimum that is not finite is refused in every block type") {
  using quant::Type;
  const std::string bad[] = {{"\xff\x7f", 2}, {"\x00\x7c", 2}, {"\x00\xfc", 2}, {"\x01\xfc", 2}};  // NaN, both infinities, NaN
  for (const Type type : {Type::q4_0, Type::q4_1, Type::q5_0, Type::q5_1, Type::q8_0}) {
    const bool minimum = type == Type::q4_1 || type == Type::q5_1;
    const std::size_t last = 63 * 2 * quant::info(type).bytes;  // the last row's first block: 64 values a row
    for (const std::string& value : bad) {
      for (const std::size_t at : {std::size_t{0}, last, last + (minimum ? 2 : 0)})
        names(with_bytes(type, "blk.0.attn_k.weight", at, value), "'blk.0.attn_k.weight' has a value that is not finite");
    }
  }
}

TEST_CASE(
    "dimensions of zero, and such as multiply past 64 bits or past the file, are refused by their tensor") {
  // After a tensor's name: u32 rank, u64 dims, u32 type, u64 offset.
  names(with_field("blk.0.ffn_up.weight", 4, std::string(8, '\0')),
        "'blk.0.ffn_up.weight' has a dimension of 0");
  names(with_field("blk.0.ffn_up.weight", 4, std::string(16, '\x7f')), "'blk.0.ffn_up.weight'");
  names(with_field("blk.0.ffn_up.weight", 12, std::string("\0\0\0\1\0\0\0\0", 8)),
        "'blk.0.ffn_up.weight' ends after the file");
  // Products that are 0 in 64 bits, 0 in 32 bits, and negative in 64.
  names(with_field("blk.0.ffn_up.weight", 4, std::string("\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0", 16)), "'blk.0.ffn_up.weight'");
  names(with_field("blk.0.ffn_up.weight", 4, std::string("\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0", 16)), "'blk.0.ffn_up.weight'");
  names(with_field("blk.0.ffn_up.weight", 4, std::string("\0\0\0\x80\0\0\0\0\0\0\0\0\1\0\0\0", 16)), "'blk.0.ffn_up.weight'");
  names(with_field("blk.0.ffn_up.weight", 0, std::string("\xff\xff\xff\xff", 4)),
        "'blk.0.ffn_up.weight' has 4294967295");
}

TEST_CASE("a tensor past the end of the file, or upon another one, is refused by its name") {
  names(with_field("blk.1.ffn_down.weight", 24, std::string("\0\0\0\0\0\0\0\x10", 8)),
        "'blk.1.ffn_down.weight' ends after");
  names(with_field("blk.1.ffn_down.weight", 24, std::string(8, '\0')), "blk.1.ffn_down.weight");
}

TEST_CASE("two tensors of one name are refused by it") {
  const test::TempDir dir;
  std::string file = test::read(test::bert_tiny());
  const std::string one = "blk.1.attn_k.weight", other = "blk.0.attn_k.weight";
  file.replace(file.find(one), one.size(), other);
  test::write(dir / "h.gguf", file);
  names(open_error(dir / "h.gguf"), "'blk.0.attn_k.weight' stands there twice");
}

TEST_CASE("special ids and pieces beyond the tables are refused by their key") {
  const test::TempDir dir;
  const auto file = gguf::File::open(test::bert_tiny());
  REQUIRE(file);
  const auto pieces = file->get_string_array("tokenizer.ggml.tokens");
  REQUIRE(pieces);
  const auto size = static_cast<uint32_t>(pieces->size());
  const auto with = [&](const std::function<void(gguf::Builder&)>& change) {
    test::write_changed({.without = {}, .add = change, .poisoned = {}}, dir / "h.gguf");
    return open_error(dir / "h.gguf");
  };
  for (const std::string key : {"cls_token_id", "seperator_token_id", "unknown_token_id"}) {
    for (const uint32_t id : {size, 0x7FFFFFFFu, 0xFFFFFFFFu})
      names(with([&](gguf::Builder& b) { b.set_u32("tokenizer.ggml." + key, id); }), key);
  }
  // One piece more than the embedding table has rows.
  std::vector<std::string> more(pieces->begin(), pieces->end());
  more.emplace_back("\xE2\x96\x81zzz");
  names(with([&](gguf::Builder& b) {
          b.set_string_array("tokenizer.ggml.tokens", more);
          b.set_i32_array("tokenizer.ggml.token_type", std::vector<int32_t>(more.size(), 1));
        }),
        "the tokenizer has " + std::to_string(size + 1) + " pieces, the embedding table");
}

TEST_CASE("ids that are negative or beyond the vocabulary are refused by their key") {
  const test::TempDir dir;
  const auto with = [&](const std::function<void(gguf::Builder&)>& change) {
    test::write_changed({.without = {}, .add = change, .poisoned = {}}, dir / "h.gguf");
    return open_error(dir / "h.gguf");
  };
  names(with([](gguf::Builder& b) { b.set_i32("tokenizer.ggml.cls_token_id", -1); }),
        "tokenizer.ggml.cls_token_id");
  names(with([](gguf::Builder& b) { b.set_u32("tokenizer.ggml.unknown_token_id", 1u << 31); }),
        "unknown_token_id");
  names(with([](gguf::Builder& b) { b.set_string("tokenizer.ggml.model", "llama"); }),
        "tokenizer.ggml.scores");
  names(with([](gguf::Builder& b) { b.set_string("tokenizer.ggml.model", "gpt2"); }), "tokenizer.ggml");
  names(with([](gguf::Builder& b) {
          b.set_string("tokenizer.ggml.model", "gpt2");
          b.set_string("tokenizer.ggml.pre", "gpt-2");
          std::vector<int32_t> kinds(3, -1);
          b.set_i32_array("tokenizer.ggml.token_type", kinds);
        }),
        "tokenizer.ggml.token_type has 3 elements");
}
