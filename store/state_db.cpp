// store/state_db.cpp: tables, and starting anew when the file can't be used.
#include "store/state_db.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "store/sqlite.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using internal::Sqlite;
using internal::Statement;

constexpr std::string_view kTables[] = {
    "CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS history(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, command TEXT NOT NULL, "
    "generation INTEGER NOT NULL, result INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS bench(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, package TEXT NOT NULL, release TEXT NOT NULL, "
    "metric TEXT NOT NULL, value TEXT NOT NULL, detail TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS bench_package ON bench(package, id)",
    "CREATE TABLE IF NOT EXISTS kv(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS search(registry TEXT PRIMARY KEY, digest TEXT NOT NULL, document TEXT NOT NULL, "
    "fetched INTEGER NOT NULL) WITHOUT ROWID",
};

/// errors  invalid: damaged, or a schema this nano does not know
Status prepare_tables(const Sqlite& db, bool writable) {
  if (writable) {
    // One writer at a time makes the tables: two first starts at once must not both insert the version.
    NANO_TRY(db.run("PRAGMA journal_mode=WAL"));
    NANO_TRY(db.run("PRAGMA synchronous=NORMAL"));
    NANO_TRY(db.run("BEGIN IMMEDIATE"));
    for (const auto sql : kTables) NANO_TRY(db.run(sql));
    NANO_TRY_ASSIGN(auto insert, db.prepare("INSERT INTO schema_version SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM schema_version)"));
    NANO_TRY(insert.bind(1, int64_t{kStateSchemaVersion}).step());
    NANO_TRY(db.run("COMMIT"));
  }
  NANO_TRY_ASSIGN(auto ask, db.prepare("SELECT version FROM schema_version"));
  NANO_TRY_ASSIGN(const bool row, ask.step());
  if (!row || ask.integer(0) != kStateSchemaVersion)
    return make_error(Errc::invalid, "the state database has schema " + (row ? std::to_string(ask.integer(0)) : std::string("none")) +
                                         ", not " + std::to_string(kStateSchemaVersion));
  // The columns as well: a table of that name and another shape came from elsewhere.
  for (const auto sql : {"SELECT id,time,command,generation,result FROM history LIMIT 0", "SELECT key,value FROM kv LIMIT 0",
                         "SELECT id,time,package,release,metric,value,detail FROM bench LIMIT 0",
                         "SELECT registry,digest,document,fetched FROM search LIMIT 0"}) {
    if (Status s = db.run(sql); !s) {
      Error e = std::move(s).error();
      e.code = e.message.find("no such") != std::string::npos ? Errc::invalid : e.code;
      return e;
    }
  }
  return Unit{};
}

Result<Sqlite> open_prepared(const Path& path, bool writable) {
  // SQLite's own waiting leaves out the change into WAL and the recovery of one: there it answers "busy" at once,
  // lest two connections wait for each other. So the whole opening is tried again, from no lock held.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kStateBusyMs);
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, std::chrono::milliseconds(50))) {
    NANO_TRY_ASSIGN(auto db, Sqlite::open(path, writable, kStateBusyMs));
    Status prepared = prepare_tables(db, writable);
    if (prepared) return db;
    if (!db.busy() || std::chrono::steady_clock::now() >= until) return std::move(prepared).error();
    db.close();
    std::this_thread::sleep_for(pause);
  }
}

/// Move the file (and its journal) out of the way. Not deleted: history is the person's.
Status set_aside(const Path& path) {
  const Path aside = path.string() + ".damaged";
  NANO_TRY(fs::remove_file(aside));
  NANO_TRY_ASSIGN(const bool there, fs::is_there(path));
  if (there) NANO_TRY(fs::rename_durable(path, aside));
  for (const char* suffix : {"-wal", "-shm", "-journal"}) NANO_TRY(fs::remove_file(path.string() + suffix));
  return Unit{};
}

}  // namespace

struct StateDb::Impl {
  Sqlite db{};
};

StateDb::StateDb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateDb::StateDb(StateDb&&) noexcept = default;
StateDb& StateDb::operator=(StateDb&&) noexcept = default;
StateDb::~StateDb() = default;

Result<StateDb> StateDb::open(const Store& store, Log& log) {
  const Path path = store.primary().state_db();
  const bool writable = store.mode() == Mode::write;
  if (const int e = fs::internal::fault(fs::Op::create, path); e != 0 && writable) return fs::internal::os_error("cannot open", path, e);
  NANO_TRY_ASSIGN(const auto st, fs::status_of(path));
  // A link, a folder, or a second name of somebody's own database is not to be written to.
  const bool ours = !st || (S_ISREG(st->st_mode) && st->st_nlink == 1);
  auto db = ours || !writable ? open_prepared(path, writable) : Result<Sqlite>(make_error(Errc::invalid, "it is not a file of nano's own"));
  if (!db && writable && db.error().code == Errc::invalid) {
    log.note("the state database could not be used and was made anew (" + db.error().message + "); the old one is '" + path.string() + ".damaged'");
    NANO_TRY(set_aside(path));
    db = open_prepared(path, writable);
  }
  if (!db) return std::move(db).error();
  auto impl = std::make_unique<Impl>();
  impl->db = std::move(db).value();
  return StateDb(std::move(impl));
}

Status StateDb::add_history(const HistoryRow& row) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("INSERT INTO history(time,command,generation,result) VALUES(?1,?2,?3,?4)"));
  NANO_TRY(s.bind(1, row.time).bind(2, row.command).bind(3, static_cast<int64_t>(row.generation)).bind(4, int64_t{row.result}).step());
  return Unit{};
}

Result<std::vector<HistoryRow>> StateDb::history(uint32_t newest) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("SELECT id,time,command,generation,result FROM history ORDER BY id DESC LIMIT ?1"));
  s.bind(1, int64_t{newest});
  std::vector<HistoryRow> out;
  while (true) {
    NANO_TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.push_back({.id = s.integer(0), .time = s.integer(1), .command = s.text(2), .generation = static_cast<uint64_t>(s.integer(3)),
                   .result = static_cast<int>(s.integer(4))});
  }
}

Status StateDb::add_bench(const BenchRow& row) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("INSERT INTO bench(time,package,release,metric,value,detail) VALUES(?1,?2,?3,?4,?5,?6)"));
  NANO_TRY(s.bind(1, row.time).bind(2, row.package).bind(3, row.release).bind(4, row.metric).bind(5, row.value).bind(6, row.detail).step());
  return Unit{};
}

Result<std::vector<BenchRow>> StateDb::bench(std::string_view package, uint32_t newest) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("SELECT id,time,package,release,metric,value,detail FROM bench "
                                            "WHERE ?1 = '' OR package = ?1 ORDER BY id DESC LIMIT ?2"));
  s.bind(1, package).bind(2, int64_t{newest});
  std::vector<BenchRow> out;
  while (true) {
    NANO_TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.push_back({.id = s.integer(0), .time = s.integer(1), .package = s.text(2), .release = s.text(3), .metric = s.text(4),
                   .value = s.text(5), .detail = s.text(6)});
  }
}

Status StateDb::put(std::string_view key, std::string_view value) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("INSERT INTO kv(key,value) VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=excluded.value"));
  NANO_TRY(s.bind(1, key).bind(2, value).step());
  return Unit{};
}

Result<std::optional<std::string>> StateDb::get(std::string_view key) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("SELECT value FROM kv WHERE key=?1"));
  NANO_TRY_ASSIGN(const bool row, s.bind(1, key).step());
  return row ? std::optional<std::string>(s.text(0)) : std::optional<std::string>();
}

Status StateDb::put_search(std::string_view registry, std::string_view digest, std::string_view document, UnixTime fetched) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("INSERT INTO search(registry,digest,document,fetched) VALUES(?1,?2,?3,?4) ON CONFLICT(registry) "
                                            "DO UPDATE SET digest=excluded.digest, document=excluded.document, fetched=excluded.fetched"));
  NANO_TRY(s.bind(1, registry).bind(2, digest).bind(3, document).bind(4, fetched).step());
  return Unit{};
}

Result<std::optional<StateDb::SearchRow>> StateDb::get_search(std::string_view registry) {
  NANO_TRY_ASSIGN(auto s, impl_->db.prepare("SELECT digest,document,fetched FROM search WHERE registry=?1"));
  NANO_TRY_ASSIGN(const bool row, s.bind(1, registry).step());
  if (!row) return std::optional<SearchRow>();
  return std::optional<SearchRow>(SearchRow{.digest = s.text(0), .document = s.text(1), .fetched = s.integer(2)});
}

}  // namespace nano::store
