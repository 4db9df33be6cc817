// bench/numbers.h: lists of numbers on a bench's command line, "16,32,128".
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace nano::bench {

/// errors  usage: an element that is no number above 0
inline Result<std::vector<unsigned>> numbers(const std::string& text) {
  std::vector<unsigned> out;
  for (const auto& part : split(text, ',')) {
    const int n = std::atoi(part.c_str());
    if (n <= 0) return make_error(Errc::usage, "'" + part + "' is not a number above 0");
    out.push_back(static_cast<unsigned>(n));
  }
  return out;
}

}  // namespace nano::bench
