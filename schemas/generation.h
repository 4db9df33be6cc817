// schemas/generation.h: generations/<N>.json: what is installed. Read at each start of a model, so it is kept light.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/name.h"
#include "schemas/problem.h"
#include "schemas/range.h"
#include "schemas/version.h"

namespace nano::schemas {

inline constexpr std::string_view kGenerationSchema = "nano.generation/1";
inline constexpr uint64_t kMaxGenerationBytes = 8'000'000;
inline constexpr std::size_t kMaxGenerationEntries = 10'000;
inline constexpr std::size_t kMaxTrustLinks = 40;      ///< TUF visits at most 32 delegations
inline constexpr std::size_t kMaxTrustLinkKeys = 64;   ///< of one role

/// One link of the chain that vouched for a release when it was installed: a role, who signed it, until when it holds.
struct TrustLink {
  std::string role{};               ///< "root", "targets", "reg.3f", "ns.acme": as the registry's metadata names it
  uint64_t version = 0;             ///< of that role's metadata
  std::string expires{};            ///< YYYY-MM-DDTHH:MM:SSZ
  std::vector<std::string> keys{};  ///< ids (64 hex digits) of the keys whose signatures counted, rising
  friend bool operator==(const TrustLink&, const TrustLink&) = default;
};

/// What the person asked for, beyond the name, when a package was installed: every later plan heeds it.
struct AskedFor {
  Range range{};          ///< "*" = any version
  std::string variant{};  ///< "" = any
  [[nodiscard]] bool is_anything() const { return range.is_any() && variant.empty(); }
  friend bool operator==(const AskedFor&, const AskedFor&) = default;
};

struct GenerationEntry {
  PackageName name{};
  Version version{};
  std::string variant{};        ///< "" = the package has none
  Digest release{};             ///< of the release's bytes
  std::string registry{};       ///< the user's name for it; "" = from a file
  std::string registry_id{};    ///< stable id of the registry; may be empty
  std::string signer{};         ///< key id that signed the release (the first of the last link); "" = unsigned
  std::vector<TrustLink> chain{};  ///< from root to the role that lists the release; empty = unsigned
  std::string verified{};       ///< when the chain was checked, YYYY-MM-DDTHH:MM:SSZ; "" = never
  bool requested = true;        ///< asked for by name; false = came as a dependency
  bool unsigned_allowed = false;  ///< installed with --allow-unsigned
  AskedFor asked{};             ///< of a requested one; anything in generations written before nano kept it
  bool pinned = false;          ///< this version and variant and no other until `nano unpin`
  /// Where its files are, relative to the store: package_dir(…), or that with `~` and a prefix of the release's hex digest
  /// (an unsigned package packed again under the same version).
  std::string dir{};
  friend bool operator==(const GenerationEntry&, const GenerationEntry&) = default;
};

struct Generation {
  uint64_t number = 0;              ///< from 1
  std::string created{};            ///< YYYY-MM-DDTHH:MM:SSZ
  std::optional<uint64_t> parent{}; ///< the generation it was made from; none for the first
  std::string command{};            ///< what the person typed
  std::vector<GenerationEntry> entries{};  ///< sorted by name, each once: one version and variant per package

  [[nodiscard]] const GenerationEntry* find(const PackageName& name) const;
  friend bool operator==(const Generation&, const Generation&) = default;
};

/// errors  invalid
[[nodiscard]] Result<Generation> parse_generation(std::string_view bytes);
[[nodiscard]] Problems check_generation(std::string_view bytes);
/// Sorts the entries and fills empty `dir`s.
[[nodiscard]] std::string write_generation(const Generation& generation);

}  // namespace nano::schemas
