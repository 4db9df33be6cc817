// tests/runtime_shim/recorded_ids.h: a tokenizer against the ids that llama.cpp recorded for its vocabularies.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime_shim/tokenizer/tokenizer.h"
#include "tests/support/support.h"

namespace nano::test {

/// What holds for every encoding of `text`: one range and one word an id, ranges in order and inside the text.
inline void check_shape(const tokenizer::Encoding& e, std::string_view text) {
  REQUIRE(e.ids.size() == e.offsets.size());
  REQUIRE(e.ids.size() == e.words.size());
  std::size_t begin = 0, end = 0;
  for (const auto& r : e.offsets) {
    REQUIRE(r.begin >= begin);
    REQUIRE(r.end >= end);
    REQUIRE(r.begin <= r.end);
    REQUIRE(r.end <= text.size());
    begin = r.begin;
    end = r.end;
  }
}

/// The ids without special ones.
inline std::vector<int32_t> plain_ids(const tokenizer::Tokenizer& t, std::string_view text) {
  return t.encode(text, {.max_tokens = 0, .add_special = false}).ids;
}

/// Every case of a .inp/.out pair beside the vocabulary; how many there were.
inline std::size_t check_recorded(const tokenizer::Tokenizer& t, const std::filesystem::path& vocabulary) {
  const std::string input = read(vocabulary.string() + ".inp");
  std::istringstream output(read(vocabulary.string() + ".out"));
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::size_t at = 0, cases = 0;
  std::string line;
  while (at <= input.size() && std::getline(output, line)) {
    const std::size_t end = std::min(input.find(separator, at), input.size());
    const std::string text = input.substr(at, end - at);
    std::istringstream numbers(line);
    std::vector<int32_t> want;
    for (int32_t id = 0; numbers >> id;) want.push_back(id);
    INFO("case " << cases << ": '" << text << "'");
    CHECK(plain_ids(t, text) == want);
    check_shape(t.encode(text), text);
    at = end + separator.size();
    ++cases;
  }
  CHECK(at >= input.size());
  return cases;
}

}  // namespace nano::test
