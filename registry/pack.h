// registry/pack.h: from a package folder (nano.json and its files) to a release and its blobs.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "registry/bundle.h"
#include "schemas/problem.h"
#include "schemas/release.h"

namespace nano::registry {

inline constexpr uint64_t kMaxCardBytes = 256 * 1024;  ///< README.md: larger ones are refused

/// A closer look at a file whose role is weights, by who can read GGUF: what of the manifest it contradicts. `known` are the
/// manifest's own problems: what could not be read there contradicts nothing. An empty pointer stands for the file's place.
using WeightsCheck = std::function<schemas::Problems(const std::filesystem::path& file, const schemas::Manifest&, const schemas::FileEntry&,
                                                     const schemas::Problems& known)>;

/// What every release packed here says of its date: 1980-01-01T00:00:00Z. Packing looks neither at the clock nor at the
/// environment, so that the same folder gives the same bytes and the same digest wherever and whenever it is packed; when a
/// release was published is for its registry to say.
inline constexpr UnixTime kPackedDate = 315'532'800;

struct PackOptions {
  UnixTime created = kPackedDate;
  WeightsCheck check_weights{};   ///< empty: only the magic is looked at
};

struct Packed {
  schemas::Release release{};
  std::string release_bytes{};
  Digest digest{};                 ///< of release_bytes
  std::vector<LocalBlob> blobs{};  ///< each once, rising
};

struct PackReport {
  schemas::Problems problems{};     ///< all of them, at once
  std::vector<std::string> notes{};  ///< worth saying, not wrong: files in the folder that the manifest does not name
  std::optional<schemas::Manifest> manifest{};  ///< as far as it could be read
  std::optional<Packed> packed{};   ///< set exactly when there are no problems
};

/// Check everything, hash every file. Neither file times and owners nor the order of a folder change a byte of what comes out.
///   errors  not_found: no folder, or no nano.json in it; store. A package's faults are problems, not errors.
[[nodiscard]] Result<PackReport> pack_folder(const std::filesystem::path& dir, const PackOptions& options);

/// Does a file begin like something a package may never hold (pickle, zip, ELF, PE, Mach-O, script, …)?
/// Returns what it is, or "" = allowed. `head` = its first kHeadBytes bytes, or all of a shorter one.
[[nodiscard]] std::string forbidden_kind(std::string_view head, std::string_view path);
inline constexpr std::size_t kHeadBytes = 512;
/// The same as a problem (its pointer is empty), and weights must begin as GGUF does.
[[nodiscard]] std::optional<schemas::Problem> content_problem(std::string_view head, std::string_view path, bool is_weights);

}  // namespace nano::registry
