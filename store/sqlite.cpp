// store/sqlite.cpp: the only user of <sqlite3.h>.
#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "base/fs_internal.h"

namespace nano::store::internal {
namespace {

/// SQLITE_NOTADB and SQLITE_CORRUPT are `invalid`: the caller starts the file anew. The rest is the disk's refusal.
Error sqlite_error(sqlite3* db, int rc, const std::string& doing) {
  const int primary = rc & 0xff;
  const Errc code = primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT ? Errc::invalid : Errc::store;
  std::string hint;
  if (primary == SQLITE_FULL) hint = "free some space (`nano gc` removes what nothing uses), then run the command again";
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) hint = "another nano is writing; run the command again when it has ended";
  return make_error(code, doing + ": " + (db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(rc)), std::move(hint));
}

constexpr std::size_t kLongPath = 400;  ///< of SQLite's 512, the rest is for "-journal" and the like

/// The name of a VFS that is the default one but takes names as they are. Resolving /proc/self/fd/N would give the long path again.
const char* plain_names() {
  static const char* const kName = "nano-plain-names";
  static const bool made = [] {
    static sqlite3_vfs vfs;
    const sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
    if (usual == nullptr) return false;
    vfs = *usual;
    vfs.zName = kName;
    vfs.pNext = nullptr;
    vfs.xFullPathname = [](sqlite3_vfs*, const char* name, int room, char* out) {
      const std::size_t n = std::strlen(name);
      if (n + 1 > static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
      std::memcpy(out, name, n + 1);
      return SQLITE_OK;
    };
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  return made ? kName : nullptr;
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(stmt_); }

// A failed bind (out of memory, no such position) leaves NULL, which the NOT NULL columns refuse at step().
Statement& Statement::bind(int at, int64_t value) {
  (void)sqlite3_bind_int64(stmt_, at, value);
  return *this;
}

Statement& Statement::bind(int at, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  (void)sqlite3_bind_text64(stmt_, at, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::step() {
  const int rc = sqlite3_step(stmt_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return sqlite_error(db_, rc, "cannot use the state database");
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_, column); }

std::string Statement::text(int column) const {
  const auto* p = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  return p == nullptr ? std::string() : std::string(p, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column)));
}

Sqlite& Sqlite::operator=(Sqlite&& o) noexcept {
  if (this != &o) {
    close();
    db_ = std::exchange(o.db_, nullptr);
    path_ = std::move(o.path_);
    folder_ = std::move(o.folder_);
  }
  return *this;
}

Result<Sqlite> Sqlite::open(const std::filesystem::path& path, bool writable, int busy_ms) {
  Sqlite s;
  s.path_ = path;
  const int flags = (writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOFOLLOW;
  std::string name = path.native();
  const char* vfs = nullptr;
  if (name.size() > kLongPath) {
    // SQLite takes paths of at most 512 bytes: a deep store's database is reached through its folder, held open.
    s.folder_ = fs::Fd(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!s.folder_.valid()) return fs::internal::os_error("cannot open", path.parent_path(), errno);
    name = "/proc/self/fd/" + std::to_string(s.folder_.get()) + "/" + path.filename().string();
    vfs = plain_names();
  }
  const int rc = sqlite3_open_v2(name.c_str(), &s.db_, flags, vfs);
  if (rc != SQLITE_OK) return sqlite_error(s.db_, rc, "cannot open '" + path.string() + "'");
  (void)sqlite3_busy_timeout(s.db_, busy_ms);
  (void)sqlite3_extended_result_codes(s.db_, 1);
  // A schema made by somebody else must not run functions of ours with side effects.
  (void)sqlite3_db_config(s.db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  (void)sqlite3_db_config(s.db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return s;
}

void Sqlite::close() noexcept {
  if (db_ != nullptr) sqlite3_close_v2(db_);
  db_ = nullptr;
  folder_.reset();
}

bool Sqlite::busy() const noexcept {
  const int primary = db_ == nullptr ? SQLITE_OK : sqlite3_errcode(db_) & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
}

Result<Statement> Sqlite::prepare(std::string_view sql) const {
  sqlite3_stmt* stmt = nullptr;
  const int rc = sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &stmt, nullptr);
  if (rc != SQLITE_OK) return sqlite_error(db_, rc, "cannot use '" + path_.string() + "'");
  return Statement(stmt, db_);
}

Status Sqlite::run(std::string_view sql) const {
  NANO_TRY_ASSIGN(auto stmt, prepare(sql));
  while (true) {
    NANO_TRY_ASSIGN(const bool row, stmt.step());
    if (!row) return Unit{};
  }
}

}  // namespace nano::store::internal
