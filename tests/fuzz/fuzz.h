// tests/fuzz/fuzz.h: what the targets share: the bytes as text, and a check that ends the run when it fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

namespace nano::fuzz {

inline std::string_view text(const uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A property that must hold for every input; not an assert, so that it holds in release builds as well.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "the property does not hold: %s\n", what);
  std::abort();
}

}  // namespace nano::fuzz
