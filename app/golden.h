// app/golden.h: the inputs a package brings with their outputs, replayed: does it still behave as its publisher saw it?
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "base/digest.h"
#include "schemas/golden.h"
#include "schemas/manifest.h"

namespace nano::app {

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

/// A package's folder and which variant of it; it may be one that no generation names yet.
struct GoldenPlace {
  fs::Path dir{};
  std::string variant{};
};
/// Where the base of a head or adapter lies; nullopt: not here.
using BaseOf = std::function<Result<std::optional<GoldenPlace>>(const schemas::PackageName&)>;

/// Replay the golden file of a package: of a head or adapter on its base. Weights that nano does not run are skipped, as is
/// what has no base here.
///   returns  nullopt: the package has no golden file
///   errors   invalid: the golden file breaks its format (docs/FORMATS.md#golden-file) or is not of this model; those of
///            opening a model
[[nodiscard]] Result<std::optional<GoldenReport>> replay_golden(const GoldenPlace& place, const schemas::Manifest& manifest,
                                                                const BaseOf& base_of);
/// The package a head or adapter goes with; nullptr: it runs alone.
[[nodiscard]] const schemas::PackageName* golden_base(const schemas::Manifest& manifest);

/// `nano verify --behaviour`: of the named installed packages, or of all; in a project, of what it was synced to.
[[nodiscard]] Result<std::vector<GoldenReport>> verify_behaviour(Context& ctx, const std::vector<std::string>& names);

/// One text, or a pair.
struct GoldenText {
  std::string text{};
  std::optional<std::string> pair{};
};
struct GoldenRecord {
  schemas::GoldenFile golden{};
  std::vector<std::string> doubts{};  ///< "input 3: …": answers that another machine may give otherwise
};
/// `nano golden`: the answers of a model to up to 32 inputs, as a golden file.
struct GoldenOptions {
  std::string model{};  ///< as for run
  std::vector<GoldenText> texts{};
  fs::Path out{};      ///< empty: nothing is written
  bool force = false;  ///< replace `out`
  bool install_missing = false;
  bool record = false;  ///< name the file in the nano.json of the package that `model` is; an empty `out` then lies there
};
struct GoldenWritten {
  std::string name{}, version{}, variant{};
  std::string text{};  ///< of the file
  Digest digest{};
  std::size_t inputs = 0;
  std::vector<std::string> doubts{};
  fs::Path out{};       ///< where it was written; empty: nowhere
  fs::Path recorded{};  ///< the nano.json that names it now; empty: none
};
///   errors  as OpenModel::open and OpenModel::record_golden; usage: `out` exists; invalid: an answer that no golden file can
///           hold (a longer file than the limit, a label without text); store; with `record` those of app/record.h
[[nodiscard]] Result<GoldenWritten> write_golden_file(Context& ctx, const GoldenOptions& options);

}  // namespace nano::app
