// app/pack.h: from a package folder to a signed-able bundle, and from a GGUF to a package folder.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "schemas/problem.h"

namespace nano::app {

struct PackOptions {
  fs::Path dir{};
  fs::Path out{};  ///< empty: <name>-<version>.nano in the working folder
  bool force = false;  ///< replace `out`
};
struct PackReport {
  std::string name{};
  std::string version{};
  fs::Path bundle{};
  uint64_t bundle_bytes = 0;
  uint64_t content_bytes = 0;
  std::size_t files = 0;
  std::string release_digest{};
  std::vector<schemas::Problem> problems{};  ///< every one at once; not empty = nothing was written
};
/// Validate everything (manifest, files, each GGUF opened by the executor) and write the bundle.
///   errors  not_found, store. Problems of the package are data, not an error.
[[nodiscard]] Result<PackReport> pack(Context& ctx, const PackOptions& options);

struct NewOptions {
  fs::Path dir{};
  std::vector<fs::Path> from{};  ///< .gguf files to take facts and weights from: one model, a variant each, the first the default
  std::string name{};  ///< empty: the folder's name
};
struct NewReport {
  fs::Path dir{};
  std::vector<std::string> files{};    ///< what was written
  std::vector<std::string> to_fill{};  ///< what the person must still fill in, one sentence each
};
/// errors  usage: the folder exists and is not empty; two files of one type, or of two models; invalid: not a GGUF nano understands
[[nodiscard]] Result<NewReport> new_package(Context& ctx, const NewOptions& options);

}  // namespace nano::app
