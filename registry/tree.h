// registry/tree.h: every path of the static tree, once. Relative, `/`-separated, the same in URLs and folders.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"
#include "schemas/name.h"
#include "schemas/version.h"

namespace nano::registry::tree {

/// Hints, unsigned: the registry's name and its API.
inline constexpr std::string_view kRegistryJson = "registry.json";
/// Unknown field of each root after the first: the registry's id, the sha256 (64 hex digits) of the first (TRUST.md).
inline constexpr std::string_view kIdField = "x-nano-id";
/// `metadata/<file>`: what roles signed, by the name it is served under ("3.root.json", "timestamp.json").
[[nodiscard]] std::string metadata(std::string_view file);
/// `targets/<path>`: a signed role's target, its path percent-encoded and its name prefixed with its digest already.
[[nodiscard]] std::string target(std::string_view path);
/// The writer's lock; not part of what is served.
inline constexpr std::string_view kLock = ".lock";

/// The first two hex digits of sha256(namespace): shards the namespaces, and later the roles that own them (TRUST.md).
[[nodiscard]] std::string shard(std::string_view ns);
/// `<hh>/<ns>/<name>`: a package's releases as target paths (TRUST.md). The root namespace is `_`.
[[nodiscard]] std::string package_target(const schemas::PackageName& name);
/// `<hh>/<ns>/<name>/<version>.json`: a release as a target path, without the digest it is served under.
[[nodiscard]] std::string release_target(const schemas::PackageName& name, const schemas::Version& version);
/// `targets/<hh>/<ns>/<name>`: the folder of a package's releases.
[[nodiscard]] std::string package(const schemas::PackageName& name);
/// `targets/<hh>/<ns>/<name>/<sha256>.<version>.json`: the release bytes, named by what they are.
[[nodiscard]] std::string release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest);
/// `targets/index`: the folder of the search indexes.
inline constexpr std::string_view kIndexFolder = "targets/index";
/// `targets/index/<sha256>.search.json`
[[nodiscard]] std::string index(const Digest& digest);
/// `blobs/sha256/<2 hex>/<64 hex>`
[[nodiscard]] std::string blob(const Digest& digest);

}  // namespace nano::registry::tree
