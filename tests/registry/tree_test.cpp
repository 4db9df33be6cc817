// tests/registry/tree_test.cpp: the paths of the tree.
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "registry/tree.h"

using namespace nano;
using namespace nano::registry;

TEST_CASE("the tree's paths are those of DESIGN section 4") {
  const Digest d = Digest::parse_hex(std::string(62, 'a') + "01").value();
  const auto v = schemas::Version::parse("1.2.0-rc.1").value();
  // printf %s _ | sha256sum begins d2; printf %s acme | sha256sum begins 82
  CHECK(tree::shard("_") == "d2");
  CHECK(tree::shard("acme") == "82");
  CHECK(tree::release({.ns = "_", .name = "tiny"}, v, d) == "targets/d2/_/tiny/" + d.hex() + ".1.2.0-rc.1.json");
  CHECK(tree::release_target({.ns = "acme", .name = "tiny"}, v) == "82/acme/tiny/1.2.0-rc.1.json");
  CHECK(tree::metadata("3.root.json") == "metadata/3.root.json");
  CHECK(tree::index(d) == "targets/index/" + d.hex() + ".search.json");
  CHECK(tree::blob(d) == "blobs/sha256/aa/" + d.hex());
}
