// state.sqlite: what it keeps, and that losing it costs nothing but that.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "store/sqlite.h"
#include "store/state_db.h"
#include "tests/store/store_fixture.h"

namespace nano::store {
namespace {

using namespace nano::store::test;

struct RecordingLog final : Log {
  std::string said{};
  void note(std::string_view t) override { said += t; }
  void warn(std::string_view t) override { said += t; }
  void detail(std::string_view) override {}
};

TEST_CASE("history, bench results, values and search documents come back as they went in") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  RecordingLog log;
  const std::string odd = "o'; DROP TABLE history; -- \xF0\x9F\x98\x80";
  {
    auto db = StateDb::open(store, log);
    REQUIRE(db);
    REQUIRE(db->add_history({.id = 0, .time = 100, .command = "install a", .generation = 1, .result = 0}));
    REQUIRE(db->add_history({.id = 0, .time = 200, .command = odd, .generation = 1, .result = 6}));
    REQUIRE(db->add_bench({.id = 0, .time = 5, .package = "a@1.0.0:q8", .release = "sha256:00", .metric = "p50_ms", .value = "5.2", .detail = "{}"}));
    REQUIRE(db->put("calibration/threads", "2"));
    REQUIRE(db->put("calibration/threads", "4"));
    REQUIRE(db->put_search("starter", "sha256:aa", std::string(100'000, '{'), 7));
    REQUIRE(db->put_search("starter", "sha256:bb", "{\"a\":1}", 8));
  }
  auto db = StateDb::open(store, log);
  REQUIRE(db);
  const auto rows = db->history(10);
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK(rows->at(0).command == odd);
  CHECK(rows->at(0).result == 6);
  CHECK(rows->at(1).time == 100);
  CHECK(db->history(1)->size() == 1);
  CHECK(db->bench("a@1.0.0:q8", 5)->at(0).value == "5.2");
  CHECK(db->bench("", 5)->size() == 1);
  CHECK(db->bench("b@1.0.0", 5)->empty());
  CHECK(db->get("calibration/threads").value() == std::optional<std::string>("4"));
  CHECK_FALSE(db->get("none")->has_value());
  CHECK(db->get_search("starter")->value().digest == "sha256:bb");
  CHECK(db->get_search("starter")->value().fetched == 8);
  CHECK_FALSE(db->get_search("other")->has_value());
  CHECK(log.said.empty());
}

TEST_CASE("attack: SQL in any text that the state database keeps or is asked for is text like any other") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  RecordingLog log;
  auto db = StateDb::open(store, log);
  REQUIRE(db);
  const std::string quote = "x'); DELETE FROM bench; --";
  const std::string always = "' OR '1'='1";
  for (const std::string& evil : {quote, always, std::string("\"; --"), std::string("?1"), std::string("%")}) {
    INFO(evil);
    const auto benches = db->bench("", 100)->size();
    REQUIRE(db->add_history({.id = 0, .time = 1, .command = evil, .generation = 1, .result = 0}));
    CHECK(db->history(1)->at(0).command == evil);
    CHECK(db->bench(evil, 9)->empty());
    REQUIRE(db->add_bench({.id = 0, .time = 1, .package = evil, .release = evil, .metric = evil, .value = evil, .detail = evil}));
    const auto rows = db->bench(evil, 9);
    REQUIRE(rows->size() == 1);
    CHECK(rows->at(0).detail == evil);
    CHECK(db->bench("", 100)->size() == benches + 1);
    CHECK_FALSE(db->get(evil)->has_value());
    REQUIRE(db->put(evil, evil));
    CHECK(db->get(evil).value() == std::optional<std::string>(evil));
    CHECK_FALSE(db->get_search(evil)->has_value());
    REQUIRE(db->put_search(evil, evil, evil, 1));
    CHECK(db->get_search(evil)->value().document == evil);
  }
  CHECK(log.said.empty());
}

TEST_CASE("a database that is cut, overwritten, of a newer nano or of another program is made anew with a note") {
  for (int kind = 0; kind < 7; ++kind) {
    INFO(kind);
    const FastDir dir;
    const Store store = open_store(dir.path());
    RecordingLog log;
    {
      auto db = StateDb::open(store, log);
      REQUIRE(db);
      for (int i = 0; i < 200; ++i) REQUIRE(db->add_history({.id = 0, .time = i, .command = std::string(100, 'c'), .generation = 1, .result = 0}));
    }
    const Path path = store.primary().state_db();
    const std::string whole = nano::test::read(path);
    if (kind == 0) nano::test::write(path, "not a database, but longer than a header would be " + std::string(200, '.'));
    if (kind == 1) nano::test::write(path, whole.substr(0, 3000));
    if (kind == 2) {
      std::string bad = whole;
      for (std::size_t i = 100; i < 4096; ++i) bad[i] = static_cast<char>(0xA5);
      nano::test::write(path, bad);
    }
    if (kind == 3) {
      ::unlink(path.c_str());
      std::filesystem::create_directories(path / "a-folder");
    }
    if (kind == 4) {
      ::unlink(path.c_str());
      REQUIRE(::symlink("/dev/null", path.c_str()) == 0);
    }
    if (kind == 5 || kind == 6) {
      const auto raw = internal::Sqlite::open(path, true, 100);
      REQUIRE(raw);
      if (kind == 5) REQUIRE(raw->run("UPDATE schema_version SET version = 99"));
      if (kind == 6) REQUIRE(raw->run("ALTER TABLE kv RENAME COLUMN value TO other"));
    }
    auto db = StateDb::open(store, log);
    INFO((db ? std::string() : db.error().render()));
    REQUIRE(db);
    CHECK(log.said.find("made anew") != std::string::npos);
    CHECK(db->history(5)->empty());
    CHECK(db->put("a", "b"));
  }
}

TEST_CASE("an empty or absent database is simply created") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  RecordingLog log;
  nano::test::write(store.primary().state_db(), "");
  REQUIRE(StateDb::open(store, log));
  CHECK(log.said.empty());
}

TEST_CASE("several processes start and write at once") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  std::vector<pid_t> pids;
  for (int p = 0; p < 4; ++p) {
    const pid_t pid = fork();
    if (pid == 0) {
      NullLog log;
      auto db = StateDb::open(store, log);
      if (!db) _exit(1);
      for (int i = 0; i < 25; ++i) {
        if (!db->add_history({.id = 0, .time = i, .command = "c", .generation = 1, .result = 0})) _exit(2);
      }
      _exit(0);
    }
    pids.push_back(pid);
  }
  for (const pid_t pid : pids) {
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
  }
  NullLog log;
  auto db = StateDb::open(store, log);
  REQUIRE(db);
  CHECK(db->history(1000)->size() == 100);
}

TEST_CASE("a database that cannot be written is a store error, and no model needs it") {
  const FastDir dir;
  const Store store = open_store(dir.path());
  REQUIRE(install(store, make_package("a", "1.0.0", 1)));
  NullLog log;
  {
    const FaultGuard g([](fs::Op op, const Path&, std::size_t&) { return op == fs::Op::create ? EROFS : 0; });
    CHECK(StateDb::open(store, log).error().code == Errc::store);
  }
  const auto reader = Store::open(dir.path(), Mode::read);
  REQUIRE(reader);
  CHECK(StateDb::open(*reader, log).error().code == Errc::store);  // absent, and not to be created
  CHECK(installed_text(*reader) == "a@1.0.0:q8");
  REQUIRE(StateDb::open(store, log));
  CHECK(StateDb::open(*reader, log)->history(1)->empty());
}

}  // namespace
}  // namespace nano::store
