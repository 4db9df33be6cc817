// resolver/universe.h: the packages met so far, with versions as indices: how sets of versions become sets of bits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "resolver/index_set.h"
#include "resolver/resolver.h"

namespace nano::resolver {

using PackageId = uint32_t;

/// Bit 0 of every set over a package means "the package is absent", bit i+1 its i-th version, rising.
inline constexpr std::size_t kAbsent = 0;

struct Package {
  PackageName name{};
  bool is_root = false;
  bool is_loaded = false;
  std::vector<VersionInfo> versions{};               ///< rising
  std::vector<std::vector<bool>> registered{};       ///< by version, by dependency: the solver has its incompatibility
  std::size_t domain() const { return versions.size() + 1; }
};

/// Ids are given in the order of first mention.
class Universe {
 public:
  Universe(const Request& request, PackageSource& source) : request_(request), source_(source) {}

  [[nodiscard]] PackageId id(const PackageName& name);
  [[nodiscard]] std::size_t size() const { return packages_.size(); }
  [[nodiscard]] Package& operator[](PackageId p) { return *packages_[p]; }
  [[nodiscard]] const Package& operator[](PackageId p) const { return *packages_[p]; }
  [[nodiscard]] uint64_t loaded() const { return loaded_; }

  /// Make the versions of these packages known.
  /// errors  as PackageSource; invalid: a version is listed twice
  [[nodiscard]] Status load(const std::vector<PackageId>& wanted);

  /// Those of `p`'s versions that are in `set` and, unless these are "", have that ABI and that variant. Never the absent bit.
  [[nodiscard]] IndexSet versions_in(PackageId p, const VersionSet& set, const std::string& abi, const std::string& variant) const;

 private:
  [[nodiscard]] Status load_one(Package& package);

  const Request& request_;
  PackageSource& source_;
  std::vector<std::unique_ptr<Package>> packages_{};
  std::unordered_map<PackageName, PackageId> ids_{};
  uint64_t loaded_ = 0;
};

}  // namespace nano::resolver
