// schemas/manifest.h: nano.json: what a package is, needs, holds and promises.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schemas/claim.h"
#include "schemas/name.h"
#include "schemas/problem.h"
#include "schemas/range.h"
#include "schemas/version.h"
#include "schemas/vocabulary.h"

namespace nano::schemas {

inline constexpr std::string_view kManifestSchema = "nano.manifest/1";
inline constexpr uint64_t kMaxManifestBytes = uint64_t{1} << 20;
inline constexpr std::size_t kMaxFiles = 1000;      ///< of one release
inline constexpr std::size_t kMaxVariants = 32;
inline constexpr std::size_t kMaxPathBytes = 255;
inline constexpr std::size_t kMaxClaims = 256;
inline constexpr std::size_t kMaxOrigins = 64;      ///< registries of a project
inline constexpr std::size_t kMaxListItems = 256;   ///< of other lists (labels: 10,000)
inline constexpr std::size_t kMaxLabels = 10000;
inline constexpr std::size_t kMaxLineBytes = 256;   ///< titles, names: one line
inline constexpr std::size_t kMaxTextBytes = 8192;  ///< descriptions, intended use, limits

struct Author {
  std::string name{};
  std::string email{};
  std::string url{};
  friend bool operator==(const Author&, const Author&) = default;
};

struct License {
  std::string spdx{};  ///< SPDX expression
  std::string file{};  ///< package path of its text; may be empty
  friend bool operator==(const License&, const License&) = default;
};

struct ModelInfo {
  std::string family{};        ///< "bert"
  std::string architecture{};  ///< GGUF's general.architecture
  uint64_t parameters = 0;     ///< all of them, embeddings included
  uint64_t context_length = 0; ///< tokens; 0 = none stated
  std::vector<std::string> base_models{};
  std::string abi{};           ///< of a base, what its heads rely on: "architecture/hidden size/tokenizer digest"; "" = nothing promised
  friend bool operator==(const ModelInfo&, const ModelInfo&) = default;
};

/// One input or output of the model.
struct Port {
  std::string name{};
  std::string type{};  ///< of value_type_words()
  std::string description{};
  friend bool operator==(const Port&, const Port&) = default;
};

/// What a variant needs of the machine, beyond being a machine nano runs on.
struct Needs {
  std::vector<std::string> isa{};          ///< all of these
  std::optional<uint64_t> memory_bytes{};  ///< free memory to run
  friend bool operator==(const Needs&, const Needs&) = default;
};

/// One build of this version. Its files plus every file that belongs to no variant are what is installed.
struct Variant {
  std::string name{};                ///< "q8"
  bool is_default = false;           ///< exactly one is; a sole variant is by itself
  std::string quantization{};        ///< of quantization_words()
  std::vector<std::string> files{};  ///< package paths, at least one
  Needs needs{};
  friend bool operator==(const Variant&, const Variant&) = default;
};

struct FileEntry {
  std::string path{};     ///< fs::is_package_path
  Role role = Role::other;
  std::string variant{};  ///< found from variants[].files, not written in files[]; "" = shared by all
  friend bool operator==(const FileEntry&, const FileEntry&) = default;
};

struct Dependency {
  PackageName name{};
  Range range{};
  DependencyUse use = DependencyUse::base;
  std::string variant{};  ///< "" = any
  std::string abi{};      ///< tag the other must offer; "" = none
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// Of a project: stands in for every range that anyone has on a package.
struct OverrideRule {
  PackageName name{};
  Range range{};
  friend bool operator==(const OverrideRule&, const OverrideRule&) = default;
};

/// Of a project: this version (and variant) and no other until `nano unpin`.
struct PinRule {
  PackageName name{};
  Version version{};
  std::string variant{};  ///< "" = any
  friend bool operator==(const PinRule&, const PinRule&) = default;
};

/// Where a project's packages come from, for people: what to say to `nano registry add` where it is not configured. Nothing is
/// fetched from there, or trusted, because a project says so.
struct OriginRule {
  std::string id{};   ///< the registry's, 64 hex digits
  std::string url{};  ///< without user info and query; "" = not told
  std::vector<std::string> namespaces{};
  bool root_namespace = false;
  friend bool operator==(const OriginRule&, const OriginRule&) = default;
};

/// A data set that went into the model, with its terms.
struct DatasetUse {
  std::string name{};
  std::string license{};  ///< SPDX expression, or "none stated"
  std::string url{};
  DataUse use = DataUse::train;
  friend bool operator==(const DatasetUse&, const DatasetUse&) = default;
};

struct AccessRule {
  Access type = Access::open;
  std::string terms{};  ///< package path or URL of what must be accepted; gated has one
  friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

/// nano.json. `kind: project` needs no name, version, licence or files; `dataset` no model and no variants.
struct Manifest {
  PackageName name{};
  Version version{};
  Kind kind = Kind::model;
  std::string title{};
  std::string description{};
  std::vector<Author> authors{};
  std::string homepage{};
  std::string repository{};
  std::vector<std::string> keywords{};
  License license{};
  std::string task{};                    ///< of task_words(); "" where the kind has none
  std::vector<std::string> languages{};  ///< BCP 47 primary subtags
  std::optional<ModelInfo> model{};
  std::vector<Port> inputs{};
  std::vector<Port> outputs{};
  std::vector<std::string> labels{};     ///< in the order of the logits
  std::vector<Variant> variants{};
  std::vector<FileEntry> files{};        ///< as listed
  std::vector<Dependency> dependencies{};
  std::vector<OverrideRule> overrides{};  ///< of a project only, as are the next two
  std::vector<PinRule> pins{};
  std::vector<OriginRule> registries{};
  std::vector<DatasetUse> datasets{};
  AccessRule access{};
  std::string intended_use{};
  std::vector<std::string> limits{};     ///< what it is bad at, one sentence each
  std::vector<Claim> claims{};
  std::string json_schema{};             ///< the "$schema" line editors use, kept
  /// Keys that begin with `x-`, kept word for word: JSON pointer -> compact JSON.
  std::map<std::string, std::string> extensions{};

  [[nodiscard]] const Variant* default_variant() const;  ///< nullptr when there are none
  [[nodiscard]] const Variant* find_variant(std::string_view variant) const;
  [[nodiscard]] const FileEntry* find_file(std::string_view path) const;
  /// The first file of a role that belongs to `variant` or, failing that, to all; nullptr when none.
  [[nodiscard]] const FileEntry* file_of(Role role, std::string_view variant = {}) const;
  /// The files an installed variant has: its own and the shared ones, as listed.
  [[nodiscard]] std::vector<const FileEntry*> files_of(std::string_view variant) const;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// The first problem as an error. errors  invalid
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view bytes);
/// Every problem at once, in document order as far as the JSON could be read; empty = parse_manifest succeeds.
[[nodiscard]] Problems check_manifest(std::string_view bytes);
/// As much of a manifest as could be read, beside all its problems: for who looks at the files it names as well.
struct ManifestReading {
  std::optional<Manifest> manifest{};  ///< nullopt: not a JSON object
  Problems problems{};
};
[[nodiscard]] ManifestReading read_manifest(std::string_view bytes);
/// Two-space indented, keys sorted, a final newline: equal manifests give equal bytes.
[[nodiscard]] std::string write_manifest(const Manifest& manifest);

}  // namespace nano::schemas
