// registry/tree.cpp: paths are made of parsed values only, so that no wire text becomes a path.
#include "registry/tree.h"

#include "base/hash.h"

namespace nano::registry::tree {

std::string metadata(std::string_view file) { return "metadata/" + std::string(file); }

std::string target(std::string_view path) { return "targets/" + std::string(path); }

std::string shard(std::string_view ns) { return sha256(ns).hex().substr(0, 2); }

std::string package_target(const schemas::PackageName& name) { return shard(name.ns) + "/" + name.ns + "/" + name.name; }

std::string release_target(const schemas::PackageName& name, const schemas::Version& version) {
  return package_target(name) + "/" + version.text() + ".json";
}

std::string package(const schemas::PackageName& name) { return target(package_target(name)); }

std::string release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest) {
  return package(name) + "/" + digest.hex() + "." + version.text() + ".json";
}

std::string index(const Digest& digest) { return std::string(kIndexFolder) + "/" + digest.hex() + ".search.json"; }

std::string blob(const Digest& digest) {
  const std::string hex = digest.hex();
  return "blobs/sha256/" + hex.substr(0, 2) + "/" + hex;
}

}  // namespace nano::registry::tree
