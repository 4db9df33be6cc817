// tests/schemas/documents_test.cpp: generations and configurations beyond their golden files.
#include <catch2/catch.hpp>

#include "schemas/config.h"
#include "schemas/generation.h"
#include "schemas/store_layout.h"

using namespace nano;
using namespace nano::schemas;

namespace {

GenerationEntry entry(const char* name, const char* version) {
  GenerationEntry e;
  e.name = PackageName::parse(name).value();
  e.version = Version::parse(version).value();
  e.variant = "q8";
  e.release = Digest::parse_hex(std::string(64, 'a')).value();
  return e;
}
RegistryEntry registry(const char* name, std::vector<std::string> namespaces, bool root = false) {
  return {.name = name, .url = "https://x.example/", .namespaces = std::move(namespaces), .root_namespace = root};
}

}  // namespace

TEST_CASE("a written generation is sorted and names each folder") {
  Generation g;
  g.number = 1;
  g.created = "2026-11-20T12:00:00Z";
  g.command = "nano install b a";
  g.entries = {entry("b", "1.0.0"), entry("a", "2.0.0")};
  const auto back = parse_generation(write_generation(g));
  REQUIRE(back);
  REQUIRE(back->entries.size() == 2);
  CHECK(back->entries[0].name.text() == "a");
  CHECK(back->entries[0].dir == "pkgs/_/a/2.0.0~q8");
  CHECK(back->entries[0].requested);
  CHECK(back->find(PackageName::parse("b").value())->version.text() == "1.0.0");
  CHECK(back->find(PackageName::parse("c").value()) == nullptr);
  CHECK_FALSE(back->parent);
}

TEST_CASE("an entry's folder can carry its release's digest, and nothing else") {
  Generation g;
  g.number = 2;
  g.created = "2026-11-20T12:00:00Z";
  g.command = "x";
  g.entries = {entry("a", "1.0.0")};
  g.entries[0].dir = "pkgs/_/a/1.0.0~q8~aaaaaaaaaaaa";
  CHECK(parse_generation(write_generation(g)));
  for (const char* dir : {"pkgs/_/a/1.0.0~q8~bbbbbbbbbbbb", "pkgs/_/a/1.0.0~q8~aa", "pkgs/_/a/1.0.0~q8~", "pkgs/_/a/1.0.0~q8/..", "pkgs/_/a/1.0.0", "../x"}) {
    g.entries[0].dir = dir;
    CHECK_FALSE(parse_generation(write_generation(g)));
  }
}

TEST_CASE("the user's configuration wins over the system's, key by key") {
  Config system;
  system.store = "/srv/store";
  system.offline = true;
  system.quiet = true;
  system.registries = {registry("house", {"acme"}), registry("starter", {}, true)};
  Config user;
  user.quiet = false;
  user.registries = {registry("house", {"acme", "more"})};
  const auto both = merge(system, user);
  REQUIRE(both);
  CHECK(both->store == "/srv/store");
  CHECK(both->offline == true);
  CHECK(both->quiet == false);
  CHECK_FALSE(both->json);
  REQUIRE(both->registries.size() == 2);
  CHECK(both->owner("more")->name == "house");
  CHECK(both->owner("_")->name == "starter");
  CHECK(both->owner("unknown") == nullptr);
}

TEST_CASE("a namespace with an owner in each configuration is refused") {
  Config system;
  system.registries = {registry("one", {"acme"})};
  Config user;
  user.registries = {registry("two", {"acme"})};
  const auto both = merge(system, user);
  REQUIRE_FALSE(both);
  CHECK(both.error().code == Errc::invalid);
  CHECK_THAT(both.error().message, Catch::Contains("'acme' belongs to the registry 'two'"));
}
