// schemas/index.h: the search index of a static tree: every package, its versions, sizes and headline claims.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/manifest.h"
#include "schemas/release.h"

namespace nano::schemas {

inline constexpr std::string_view kIndexSchema = "nano.index/1";
inline constexpr uint64_t kMaxIndexBytes = 8'000'000;
inline constexpr std::size_t kMaxIndexPackages = 100'000;
inline constexpr std::size_t kMaxIndexVersions = 10'000;  ///< of one package
inline constexpr std::size_t kMaxYankBytes = 1024;        ///< of the reason of a yank: one line

/// A claim short enough to search and choose by.
struct HeadlineClaim {
  std::string variant{};
  std::string task{};     ///< what was asked of it; "" = the package's own task
  std::string metric{};   ///< "" = no metric, then latency or memory
  Decimal value{};        ///< of the metric
  std::string dataset{};  ///< id
  std::optional<Digest> dataset_digest{};  ///< of the file that holds the items
  std::optional<Decimal> p50_ms{};
  std::optional<Decimal> p95_ms{};
  std::optional<uint64_t> memory_bytes{};
  std::string device{};   ///< with latency and memory
  std::optional<uint64_t> threads{};
  std::optional<Decimal> calibration_us{};  ///< ClaimConditions
  std::optional<Digest> conditions{};  ///< sha256 of the claim's whole conditions: equal digests can be compared
  friend bool operator==(const HeadlineClaim&, const HeadlineClaim&) = default;
};

struct IndexVariant {
  std::string name{};
  bool is_default = false;
  std::string quantization{};
  uint64_t size = 0;  ///< bytes to install, shared files included
  Needs needs{};
  friend bool operator==(const IndexVariant&, const IndexVariant&) = default;
};

struct IndexVersion {
  Version version{};
  Digest release{};         ///< of the release bytes
  uint64_t release_size = 0;  ///< bytes
  std::string published{};  ///< YYYY-MM-DDTHH:MM:SSZ
  std::string first_served{};  ///< when this registry first served it, YYYY-MM-DDTHH:MM:SSZ; "" = no statement
  std::string yanked{};     ///< the reason; "" = not yanked
  std::string license{};    ///< SPDX; what a version may be used for is its own
  std::string abi{};        ///< ModelInfo::abi
  std::vector<HeadlineClaim> claims{};  ///< of this version, for choosing
  std::vector<IndexVariant> variants{};
  std::vector<Dependency> dependencies{};
  friend bool operator==(const IndexVersion&, const IndexVersion&) = default;
};

/// The words are those of the newest version that is neither yanked nor, if there is a choice, a pre-release.
struct IndexPackage {
  PackageName name{};
  Kind kind = Kind::model;
  std::string title{};
  std::string description{};  ///< the first 300 bytes, cut at a character
  std::string task{};
  std::vector<std::string> languages{};
  std::string license{};      ///< SPDX
  std::vector<std::string> keywords{};
  uint64_t parameters = 0;
  Access access = Access::open;
  std::vector<HeadlineClaim> claims{};   ///< as those of that version
  std::vector<IndexVersion> versions{};  ///< rising
  friend bool operator==(const IndexPackage&, const IndexPackage&) = default;
};

struct Index {
  std::string created{};
  std::vector<IndexPackage> packages{};  ///< sorted by name
  [[nodiscard]] const IndexPackage* find(const PackageName& name) const;
  void put(IndexPackage package);  ///< in its place; one of that name is replaced
  friend bool operator==(const Index&, const Index&) = default;
};

/// errors  invalid
[[nodiscard]] Result<Index> parse_index(std::string_view bytes);
[[nodiscard]] Problems check_index(std::string_view bytes);
/// Compact, sorted. errors  invalid: over the limit
[[nodiscard]] Result<std::string> write_index(const Index& index);

/// The version whose words stand for a package: not yanked before yanked, release before pre-release, then the newest.
/// `package` has a version.
[[nodiscard]] const IndexVersion& speaker(const IndexPackage& package);
/// The words that only a manifest has (description, languages, keywords), from the speaker's.
void add_words(IndexPackage& package, const Manifest& manifest);

}  // namespace nano::schemas
