// tests/resolver/random_graph.h: small registries and requests from a seed.
#pragma once

#include <random>
#include <string>

#include "tests/resolver/memory_source.h"

namespace nano::test {

struct GraphShape {
  int packages = 4;
  int versions = 3;        ///< at most
  int dependencies = 2;    ///< of a version, at most
  bool with_limits = true; ///< some versions yanked, some filtered
  bool with_variants = false;  ///< versions have variants, and some demands name one
};

/// Numbers in [0, n), the same with every standard library.
inline int below(std::mt19937_64& rng, int n) { return static_cast<int>(rng() % static_cast<uint64_t>(n)); }

inline std::string random_range(std::mt19937_64& rng, int versions) {
  const auto v = [&] { return std::to_string(1 + below(rng, versions)) + ".0.0"; };
  switch (below(rng, 6)) {
    case 0: return "*";
    case 1: return ">=" + v();
    case 2: return "<=" + v();
    case 3: return v() + " || " + v();
    default: return v();
  }
}

/// Packages p0, p1, ... with versions 1.0.0, 2.0.0, ...; now and then a dependency on itself or on a package that no one has.
inline void fill_random(std::mt19937_64& rng, const GraphShape& shape, MemorySource& source) {
  for (int p = 0; p < shape.packages; ++p) {
    const int count = 1 + below(rng, shape.versions);
    for (int v = 1; v <= count; ++v) {
      std::vector<std::pair<std::string, std::string>> needs;
      for (int d = below(rng, shape.dependencies + 1); d > 0; --d) {
        const int to = below(rng, 20) == 0 ? 99 : below(rng, shape.packages);
        needs.emplace_back("p" + std::to_string(to), random_range(rng, shape.versions));
      }
      VersionInfo& info = source.add("p" + std::to_string(p), std::to_string(v) + (below(rng, 8) == 0 ? ".0.0-rc.1" : ".0.0"), needs);
      if (shape.with_variants) {
        for (const char* v_name : {"q4", "q8"})
          if (below(rng, 4) > 0) info.variants.emplace_back(v_name);
        for (Dependency& d : info.dependencies)
          if (below(rng, 2) == 0) d.variant = below(rng, 2) == 0 ? "q4" : "q8";
      }
      if (!shape.with_limits) continue;
      if (below(rng, 8) == 0) info.yanked = "broken";
      if (below(rng, 8) == 0) info.filtered = below(rng, 2) == 0 ? "is too large" : "is too young";
    }
  }
}

inline resolver::Request random_request(std::mt19937_64& rng, const GraphShape& shape) {
  resolver::Request request;
  for (int i = 1 + below(rng, 2); i > 0; --i) {
    const std::string text = random_range(rng, shape.versions);
    request.requirements.push_back({.name = name("p" + std::to_string(below(rng, shape.packages))), .set = range(text), .text = text});
    if (shape.with_variants && below(rng, 4) == 0) request.requirements.back().variant = below(rng, 2) == 0 ? "q4" : "q8";
  }
  for (int i = below(rng, 3); i > 0; --i) {
    auto& kept = below(rng, 2) == 0 ? request.locked : request.installed;
    kept[name("p" + std::to_string(below(rng, shape.packages)))] = version(std::to_string(1 + below(rng, shape.versions)) + ".0.0");
  }
  request.lowest = below(rng, 4) == 0;
  return request;
}

}  // namespace nano::test
