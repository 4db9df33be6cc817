// Generations: what is installed, going back, and files that were damaged.
#include <algorithm>

#include <catch2/catch.hpp>

#include "store/generations.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

TEST_CASE("each install and uninstall makes the next generation, and history tells them") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  CHECK(read_current(store.primary())->number == 0);
  CHECK(install(store, make_package("a", "1.0.0", 1)).value() == 1);
  CHECK(install(store, make_package("b", "1.0.0", 2)).value() == 2);
  CHECK(install(store, make_package("a", "2.0.0", 3)).value() == 3);
  CHECK(installed_text(store) == "a@2.0.0:q8 b@1.0.0:q8");
  CHECK(uninstall(store, "a").value() == 4);
  CHECK(installed_text(store) == "b@1.0.0:q8");
  CHECK(uninstall(store, "a").error().code == Errc::not_found);
  const auto lines = history(store.primary());
  REQUIRE(lines);
  REQUIRE(lines->size() == 4);
  CHECK(lines->at(3).current);
  CHECK(lines->at(3).generation->command == "uninstall a");
  CHECK(lines->at(3).generation->parent == std::optional<uint64_t>(3));
  CHECK_FALSE(lines->at(0).generation->parent.has_value());
  CHECK(findings(store).empty());
}

TEST_CASE("rollback puts the parent or a named generation in force, and the next install goes on from there") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(install(store, make_package("a", "2.0.0", 2)));
  REQUIRE(install(store, make_package("b", "1.0.0", 3)));
  {
    const auto lock = store.lock("test");
    REQUIRE(lock);
    CHECK(rollback(*lock)->number == 2);
    CHECK(installed_text(store) == "a@2.0.0:q8");
    CHECK(rollback(*lock, 1)->number == 1);
    CHECK(rollback(*lock).error().code == Errc::not_found);
    CHECK(rollback(*lock, 9).error().code == Errc::not_found);
    CHECK(installed_text(store) == "a@1.0.0:q8");
    CHECK(rollback(*lock, 3)->number == 3);
    CHECK(rollback(*lock, 1)->number == 1);
  }
  CHECK(install(store, make_package("c", "1.0.0", 4)).value() == 4);
  CHECK(read_current(store.primary())->parent == std::optional<uint64_t>(1));
  CHECK(installed_text(store) == "a@1.0.0:q8 c@1.0.0:q8");
}

TEST_CASE("rollback to a generation whose package is gone is refused and changes nothing") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(install(store, make_package("a", "2.0.0", 2)));
  const auto lock = store.lock("test");
  REQUIRE(lock);
  REQUIRE(remove_package(*lock, "pkgs/_/a/1.0.0~q8"));
  const auto r = rollback(*lock, 1);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::store);
  CHECK(r.error().message.find("a@1.0.0") != std::string::npos);
  CHECK(installed_text(store) == "a@2.0.0:q8");
}

TEST_CASE("a damaged `current` is a store error that names the way back, and rollback takes it") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(install(store, make_package("a", "2.0.0", 2)));
  for (const char* text : {"", "x", "2", "-1\n", "99999999999999999999999\n", "7\n", "2\n2\n", "0x2\n", "../2\n"}) {
    INFO(text);
    nano::test::write(dir / "current", text);
    const auto g = read_current(store.primary());
    REQUIRE_FALSE(g);
    CHECK(g.error().code == Errc::store);
    CHECK(g.error().hint.find("`nano rollback --to 2`") != std::string::npos);
    CHECK(install(store, make_package("b", "1.0.0", 3)).error().code == Errc::store);
  }
  CHECK(damage(store, false).find("bad-generation current") != std::string::npos);
  const auto lock = store.lock("test");
  REQUIRE(lock);
  CHECK(rollback(*lock)->number == 2);
  CHECK(installed_text(store) == "a@2.0.0:q8");
}

TEST_CASE("a damaged generation file is an error with a way back, whatever byte is lost") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  REQUIRE(install(store, make_package("a", "2.0.0", 2)));
  const std::string whole = nano::test::read(dir / "generations/2.json");
  for (std::size_t keep = 0; keep + 1 < whole.size(); keep += 1 + whole.size() / 60) {
    nano::test::write(dir / "generations/2.json", whole.substr(0, keep));
    const auto g = read_current(store.primary());
    REQUIRE_FALSE(g);
    CHECK((g.error().code == Errc::invalid || g.error().code == Errc::store));
    CHECK(g.error().hint.find("`nano rollback --to 1`") != std::string::npos);
  }
  CHECK(history(store.primary())->at(1).damage.size() > 0);
  // The file of another generation under this name.
  nano::test::write(dir / "generations/2.json", nano::test::read(dir / "generations/1.json"));
  CHECK(read_current(store.primary()).error().code == Errc::invalid);
  REQUIRE(fs::remove_file(dir / "generations/2.json"));
  CHECK(read_current(store.primary()).error().code == Errc::store);
  const auto lock = store.lock("test");
  REQUIRE(lock);
  CHECK(rollback(*lock)->number == 1);
  CHECK(installed_text(store) == "a@1.0.0:q8");
  nano::test::write(dir / "generations/2.json", whole);
  CHECK(findings(store).empty());
}

TEST_CASE("a generation cannot lead out of the store") {
  const FastDir dir;
  const Store store = open_store(dir / "s");
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  std::string text = nano::test::read(dir / "s/generations/1.json");
  const std::string from = "pkgs/_/a/1.0.0~q8";
  REQUIRE(text.find(from) != std::string::npos);
  for (const char* to : {"../../etc", "/etc", "pkgs/_/a/../../..", "pkgs/_/a/1.0.0~q8/..", "pkgs/_/b/1.0.0~q8"}) {
    std::string bad = text;
    bad.replace(bad.find(from), from.size(), to);
    nano::test::write(dir / "s/generations/1.json", bad);
    INFO(to);
    const auto g = read_current(store.primary());
    REQUIRE_FALSE(g);
    CHECK(g.error().code == Errc::invalid);
  }
}

TEST_CASE("the first store's entry wins over those of the read-only stores") {
  const FastDir dir;
  const Store shared = open_store(dir / "shared");
  REQUIRE(install(shared, make_package("a", "1.0.0", 1)));
  REQUIRE(install(shared, make_package("b", "1.0.0", 2)));
  const auto both = Store::open(dir / "own", Mode::write, {dir / "shared"});
  REQUIRE(both);
  REQUIRE(install(*both, make_package("a", "2.0.0", 3)));
  CHECK(installed_text(*both) == "a@2.0.0:q8 b@1.0.0:q8");
  CHECK(find_installed(*both, pkg("b"))->value().store == Path(dir / "shared"));
  CHECK(open_package(*both, find_installed(*both, pkg("b"))->value().entry.dir));
  CHECK_FALSE(find_installed(*both, pkg("c"))->has_value());
  CHECK(installed_text(shared) == "a@1.0.0:q8 b@1.0.0:q8");
}

TEST_CASE("a transaction that is not committed leaves nothing but the blobs") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  const Package p = make_package("a", "1.0.0", 1);
  REQUIRE(fetch_blobs(store, p, "q8"));
  const auto before = tree(dir.path());
  {
    auto tx = Transaction::begin(store, "test");
    REQUIRE(tx);
    REQUIRE(tx->add(source_of(p), {}));
    CHECK(tx->entries().size() == 1);
  }
  auto after = tree(dir.path());
  after.erase(std::remove(after.begin(), after.end(), "lock"), after.end());
  CHECK(after == before);
  CHECK(installed_text(store).empty());
}

TEST_CASE("an entry can be changed without its package being touched") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  auto tx = Transaction::begin(store, "test");
  REQUIRE(tx);
  GenerationEntry e = tx->before().entries.at(0);
  e.requested = !e.requested;
  REQUIRE(tx->update(e));
  CHECK(tx->commit("mark", "2026-01-02T03:04:05Z").value() == 2);
  CHECK(read_current(store.primary())->entries.at(0) == e);
}

}  // namespace
}  // namespace nano::store
