// tests/runtime_shim/safetensors_test.cpp: the strict reader: one broken file, one message.
#include "runtime_shim/convert/safetensors.h"

#include <cstring>

#include <catch2/catch.hpp>

#include "tests/support/support.h"

using namespace nano;
using convert::Safetensors;

namespace {

std::string file_of(std::string_view header, std::size_t data) {
  const uint64_t length = header.size();
  std::string out(reinterpret_cast<const char*>(&length), 8);
  out += header;
  return out + std::string(data, '\0');
}

std::string error_of(const std::string& bytes) {
  const auto r = Safetensors::parse(std::as_bytes(std::span(bytes)), "f");
  REQUIRE_FALSE(r);
  return r.error().message;
}
std::string error_of(std::string_view header, std::size_t data) {
  return error_of(file_of(header, data));
}
bool has(const std::string& message, std::string_view part) {
  INFO(message);
  CHECK(message.find(part) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("a safetensors file gives its tensors, in whatever order they lie") {
  const std::string bytes = file_of(
      R"({"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"__metadata__":{"format":"pt"},)"
      R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"c":{"dtype":"F16","shape":[],"data_offsets":[12,14]}}  )",
      14);
  const auto f = Safetensors::parse(std::as_bytes(std::span(bytes)), "f");
  REQUIRE(f);
  REQUIRE(f->tensors().size() == 3);
  CHECK(f->find("a")->shape == std::vector<uint64_t>{2});
  CHECK(f->find("b")->elements() == 2);
  CHECK(f->find("b")->bytes.size() == 8);
  CHECK(f->find("c")->elements() == 1);
  CHECK(f->find("d") == nullptr);
  CHECK(Safetensors::parse(std::as_bytes(std::span(bytes).first(bytes.size())), "f")->find("a")->dtype ==
        "BF16");
}

TEST_CASE("a safetensors file that breaks the format is refused") {
  has(error_of("short"), "too short");
  has(error_of(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)), "bytes long");
  has(error_of(" {}", 0), "does not begin with '{'");
  has(error_of("{", 0), "not valid JSON");
  has(error_of(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
          1),
      "stands twice");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", 4), "the key 'more'");
  has(error_of(R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}})", 4), "of type 'Q4'");
  has(error_of(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0), "dimension of 0");
  has(error_of(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4), "no whole number");
  has(error_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4),
      "larger than 2^64");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 4), "lies at 0 to 8");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4), "lies at 4 to 0");
  has(error_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4), "make 8");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1]}})", 4), "no data_offsets");
  has(error_of(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
          6),
      "'b' does not begin where");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8), "'a' does not begin where");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5), "1 bytes after");
  has(error_of(R"({"__metadata__":{"a":1}})", 0), "object of strings");
  has(error_of(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4), "at most 8");
}
