// tests/registry/roles_fixture.h: a registry whose roles each have a key of their own, to sign with and to lose.
#pragma once

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "registry/tree.h"
#include "tests/registry/fixture.h"
#include "tests/registry/signed_reader.h"

namespace nano::test {

using namespace nano::registry;

struct RolesRepo {
  TempDir temp;
  std::filesystem::path dir = temp / "tree";
  MemoryKeys keys;
  explicit RolesRepo(bool all_shards = false) {
    const auto made = Repository::init(
        dir, {.name = "test", .now = kDate, .all_shards = all_shards, .adopt_namespaces = true}, keys);
    if (!made) FAIL(made.error().render());
  }
  Repository open(UnixTime now = kDate, bool adopt = true) {
    OpenOptions o{.now = now};
    o.adopt_namespaces = adopt;
    auto r = Repository::open(dir, o, keys);
    if (!r) FAIL(r.error().render());
    return std::move(*r);
  }
  verify::PublicKey key() { return keys.make("x").value(); }
  Packed package(std::string_view name, std::string_view version, std::string_view weights = "GGUF w") {
    const auto folder =
        temp / (sha256(std::string(name) + std::string(version) + std::string(weights)).hex().substr(0, 12));
    write_package(folder, name, version, weights);
    return pack(folder);
  }
};

inline std::string path_of(const Packed& p) {
  return tree::release_target(p.release.manifest.name, p.release.manifest.version);
}

template <class T>
Error error_of(Result<T> r) {
  REQUIRE_FALSE(r);
  return std::move(r.error());
}

}  // namespace nano::test
