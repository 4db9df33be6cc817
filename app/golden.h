// app/golden.h: the inputs a package brings with their outputs, replayed: does it still behave as its publisher saw it?
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "base/digest.h"
#include "schemas/release.h"

namespace nano::app {

inline constexpr std::size_t kMaxGoldenInputs = 32;
inline constexpr uint64_t kMaxGoldenBytes = 1'000'000;
inline constexpr double kGoldenTolerance = 0.01;  ///< of a score

struct GoldenReport {
  std::string package{};
  std::string variant{};
  std::size_t inputs = 0;
  std::vector<std::string> failures{};  ///< "input 3: negative, not positive"; empty = it behaves
  std::string skipped{};                ///< why it was not replayed; "" = it was
  Digest file{};                        ///< of the golden file
  Digest outputs{};                     ///< of the labels and scores seen here
  double ms = 0;                        ///< of all inputs
};

/// Replay the golden file of a package folder. The folder may be one that no generation names yet.
///   returns  nullopt: the package has no golden file
///   errors   invalid: the golden file breaks its format (docs/FORMATS.md#lockfile); those of opening a model
[[nodiscard]] Result<std::optional<GoldenReport>> replay_golden(const fs::Path& dir, const schemas::Release& release,
                                                                const std::string& variant);

/// `nano verify --behaviour`: of the named installed packages, or of all; in a project, of what it was synced to.
[[nodiscard]] Result<std::vector<GoldenReport>> verify_behaviour(Context& ctx, const std::vector<std::string>& names);

}  // namespace nano::app
