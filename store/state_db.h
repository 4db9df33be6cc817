// store/state_db.h: state.sqlite: history, bench results, calibration, search cache. All of it can be lost: nothing here is
// needed to load a model. A file that is missing, damaged or of a newer nano is made anew, with a note.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "store/store.h"

namespace nano::store {

inline constexpr int kStateSchemaVersion = 1;
inline constexpr int kStateBusyMs = 5000;  ///< how long a statement waits for another process

/// One command that changed something.
struct HistoryRow {
  int64_t id = 0;             ///< set by the database
  UnixTime time = 0;
  std::string command{};
  uint64_t generation = 0;    ///< in force after it; 0 = none
  int result = 0;             ///< exit code
  friend bool operator==(const HistoryRow&, const HistoryRow&) = default;
};

struct BenchRow {
  int64_t id = 0;
  UnixTime time = 0;
  std::string package{};   ///< "ns/name@1.0.0:q8"
  std::string release{};   ///< digest text
  std::string metric{};
  std::string value{};     ///< decimal text, in the metric's unit
  std::string detail{};    ///< JSON: conditions, percentiles
  friend bool operator==(const BenchRow&, const BenchRow&) = default;
};

/// One connection. Not thread-safe: one per thread. Other processes may have theirs (WAL).
class StateDb {
 public:
  /// Open or create. Damage is repaired by starting anew: `log` is told.
  ///   errors  store: the disk refuses (also in a read-only store, where a database that exists is still read)
  [[nodiscard]] static Result<StateDb> open(const Store& store, Log& log);
  StateDb(StateDb&&) noexcept;
  StateDb& operator=(StateDb&&) noexcept;
  ~StateDb();

  [[nodiscard]] Status add_history(const HistoryRow& row);
  [[nodiscard]] Result<std::vector<HistoryRow>> history(uint32_t newest);  ///< newest first
  [[nodiscard]] Status add_bench(const BenchRow& row);
  /// Newest first; an empty `package` = all.
  [[nodiscard]] Result<std::vector<BenchRow>> bench(std::string_view package, uint32_t newest);

  /// Calibration and other small values of this machine.
  [[nodiscard]] Status put(std::string_view key, std::string_view value);
  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key);

  /// Search documents by registry, so that an offline search needs no network. `digest` names the version cached.
  [[nodiscard]] Status put_search(std::string_view registry, std::string_view digest, std::string_view document, UnixTime fetched);
  struct SearchRow {
    std::string digest{};
    std::string document{};
    UnixTime fetched = 0;
  };
  [[nodiscard]] Result<std::optional<SearchRow>> get_search(std::string_view registry);

 private:
  struct Impl;
  explicit StateDb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::store
