// schemas/lockfile.h: nano.lock: the exact releases a project runs on, as text that merges line by line.
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
#include "schemas/version.h"

namespace nano::schemas {

inline constexpr std::string_view kLockfileSchema = "nano.lock/1";
inline constexpr uint64_t kMaxLockfileBytes = 4'000'000;
inline constexpr std::size_t kMaxLockedPackages = 10'000;

/// Of a package with a file of role `golden`: that file, and what came out of its inputs where the lock was made.
struct LockedGolden {
  Digest file{};
  Digest
      outputs{};  ///< of the labels and scores as text; differs in the last bits between machines, so it informs only
  friend bool operator==(const LockedGolden&, const LockedGolden&) = default;
};

struct LockedPackage {
  PackageName name{};
  Version version{};
  std::string variant{};               ///< "" = the package has none
  Digest release{};                    ///< of the release's bytes: fixes every file
  uint64_t size = 0;                   ///< bytes of its files
  std::string registry_id{};           ///< "" = the registry that came with nano: the digest alone counts
  std::vector<std::string> signers{};  ///< key ids, sorted; empty with registry_id
  bool requested = true;               ///< named by nano.json; false = came as a dependency
  std::vector<PackageName> dependencies{};  ///< sorted
  std::optional<LockedGolden> golden{};
  friend bool operator==(const LockedPackage&, const LockedPackage&) = default;
};

/// Where packages come from, for people: what to say to `nano registry add` where it is not configured. Nothing is ever fetched
/// from this address, or trusted, because a lock names it.
struct LockedRegistry {
  std::string id{};   ///< LockedPackage::registry_id
  std::string url{};  ///< as it was where the package was locked first; no user info, no query; "" = not told
  friend bool operator==(const LockedRegistry&, const LockedRegistry&) = default;
};

struct Lockfile {
  std::vector<LockedPackage> packages{};    ///< sorted by name, each once
  std::vector<LockedRegistry> registries{};  ///< sorted by id, each once; older locks have none
  [[nodiscard]] const LockedRegistry* find_registry(std::string_view id) const;
  [[nodiscard]] const LockedPackage* find(const PackageName& name) const;
  friend bool operator==(const Lockfile&, const Lockfile&) = default;
};

/// errors  invalid: breaks the format; also conflict markers of a merge, and a lock of a newer nano (each said so)
[[nodiscard]] Result<Lockfile> parse_lockfile(std::string_view bytes);
[[nodiscard]] Problems check_lockfile(std::string_view bytes);
/// Sorts. Equal lockfiles give equal bytes; keys sorted, one value a line.
[[nodiscard]] std::string write_lockfile(const Lockfile& lock);

}  // namespace nano::schemas
