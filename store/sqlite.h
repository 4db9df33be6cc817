// store/sqlite.h: SQLite behind RAII: a connection, prepared statements, errors as Error. Used by state_db*.cpp alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fs.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nano::store::internal {

/// One prepared statement. Bind, step, read columns; it is finalized when destroyed.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* s, sqlite3* db) : stmt_(s), db_(db) {}
  Statement(Statement&& o) noexcept : stmt_(std::exchange(o.stmt_, nullptr)), db_(o.db_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(int at, int64_t value);             ///< positions from 1
  Statement& bind(int at, std::string_view value);
  [[nodiscard]] Result<bool> step();                  ///< true: a row; false: done. errors  store, invalid (damaged file)
  [[nodiscard]] int64_t integer(int column) const;    ///< columns from 0
  [[nodiscard]] std::string text(int column) const;

 private:
  sqlite3_stmt* stmt_ = nullptr;
  sqlite3* db_ = nullptr;
};

/// One connection.
class Sqlite {
 public:
  Sqlite() = default;
  Sqlite(Sqlite&& o) noexcept : db_(std::exchange(o.db_, nullptr)), path_(std::move(o.path_)), folder_(std::move(o.folder_)) {}
  Sqlite& operator=(Sqlite&& o) noexcept;
  ~Sqlite() { close(); }
  /// errors  store: disk; invalid: not a database, damaged
  [[nodiscard]] static Result<Sqlite> open(const std::filesystem::path& path, bool writable, int busy_ms);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql) const;
  [[nodiscard]] Status run(std::string_view sql) const;  ///< one statement without values
  [[nodiscard]] bool busy() const noexcept;              ///< the last call was refused because another connection holds the file
  void close() noexcept;

 private:
  sqlite3* db_ = nullptr;
  std::filesystem::path path_{};
  fs::Fd folder_{};  ///< held while the database is open by way of it: see open()
};

}  // namespace nano::store::internal
