// registry/tree.cpp: paths are made of parsed values only, so that no wire text becomes a path.
#include "registry/tree.h"

#include "base/hash.h"

namespace nano::registry::tree {

std::string shard(std::string_view ns) { return sha256(ns).hex().substr(0, 2); }

std::string package(const schemas::PackageName& name) { return "targets/" + shard(name.ns) + "/" + name.ns + "/" + name.name; }

std::string release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest) {
  return package(name) + "/" + digest.hex() + "." + version.text() + ".json";
}

std::string release_envelope(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest) {
  return package(name) + "/" + digest.hex() + "." + version.text() + ".dsse.json";
}

std::string index(const Digest& digest) { return std::string(kIndexFolder) + "/" + digest.hex() + ".search.json"; }

std::string blob(const Digest& digest) {
  const std::string hex = digest.hex();
  return "blobs/sha256/" + hex.substr(0, 2) + "/" + hex;
}

}  // namespace nano::registry::tree
