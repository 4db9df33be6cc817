// tests/registry/tree_test.cpp: the paths of the tree, and the signed pointer to its index.
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "registry/index_pointer.h"
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
  CHECK(tree::release_envelope({.ns = "acme", .name = "tiny"}, v, d) == "targets/82/acme/tiny/" + d.hex() + ".1.2.0-rc.1.dsse.json");
  CHECK(tree::index(d) == "targets/index/" + d.hex() + ".search.json");
  CHECK(tree::blob(d) == "blobs/sha256/aa/" + d.hex());
}

TEST_CASE("an index pointer survives writing and reading") {
  const IndexPointer p{.sha256 = sha256("x"), .size = 17, .created = "2026-01-02T03:04:05Z"};
  const auto back = parse_index_pointer(write_index_pointer(p));
  REQUIRE(back);
  CHECK(*back == p);
}

TEST_CASE("an index pointer with a fault is invalid") {
  const std::string hex = sha256("x").hex();
  const auto doc = [&](std::string_view schema, std::string_view digest, std::string_view size, std::string_view created, std::string_view more = "") {
    return "{\"schema\":\"" + std::string(schema) + "\",\"sha256\":\"" + std::string(digest) + "\",\"size\":" + std::string(size) + ",\"created\":\"" +
           std::string(created) + "\"" + std::string(more) + "}";
  };
  const std::string_view when = "2026-01-02T03:04:05Z";
  CHECK(parse_index_pointer(doc("nano.index-pointer/1", hex, "17", when)));
  for (const std::string& bad : {doc("nano.index-pointer/2", hex, "17", when), doc("nano.index-pointer/1", "../../etc/passwd", "17", when),
                                 doc("nano.index-pointer/1", hex, "-1", when), doc("nano.index-pointer/1", hex, "8000001", when),
                                 doc("nano.index-pointer/1", hex, "\"17\"", when), doc("nano.index-pointer/1", hex, "17", "yesterday"),
                                 doc("nano.index-pointer/1", hex, "17", when, ",\"more\":1"), std::string("[]"), std::string("{}")}) {
    INFO(bad);
    CHECK(parse_index_pointer(bad).error().code == Errc::invalid);
  }
}
