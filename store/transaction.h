// store/transaction.h: one change of what is installed: lock, stage, commit; or nothing.
//
//   auto tx = Transaction::begin(store, "nano install sentiment-50m");   // the lock; blobs are fetched before or after
//   tx->add(source, entry)                                                // stages a package folder
//   tx->remove(name)
//   tx->commit("install sentiment-50m", format_time(now()))               // renames, generation N+1, `current`
//
// Destroyed without commit, or killed anywhere: the old generation is in force, what was staged is removed (now, or by
// the next writer), blobs and partial downloads stay for the next try.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schemas/generation.h"
#include "store/generations.h"
#include "store/packages.h"
#include "store/store.h"

namespace nano::store {

class Transaction {
 public:
  /// errors  store: the lock is held, read-only; whatever read_current says
  [[nodiscard]] static Result<Transaction> begin(const Store& store, std::string_view holder,
                                                 std::chrono::milliseconds timeout = kLockTimeout);
  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  [[nodiscard]] const Generation& before() const { return before_; }  ///< read under the lock: plan again from it
  [[nodiscard]] const std::vector<GenerationEntry>& entries() const { return entries_; }  ///< as commit would write them

  /// Stage a package and note its entry (which replaces another version or variant of the same name).
  /// `entry`: registry, signer, requested, unsigned_allowed as the caller decided; name, version, variant,
  /// release and dir are set from the source.  errors  those of stage_package
  [[nodiscard]] Status add(const PackageSource& source, GenerationEntry entry);
  /// Change an entry that stays installed (requested by name now, say). errors  not_found
  [[nodiscard]] Status update(const GenerationEntry& entry);
  /// errors  not_found
  [[nodiscard]] Status remove(const schemas::PackageName& name);

  /// Put everything in place and switch. When the entries are those of before(), nothing is written.
  /// returns  the number of the generation in force.  errors  store: the old generation stays in force
  [[nodiscard]] Result<uint64_t> commit(std::string_view command, std::string_view created);

  [[nodiscard]] const WriteLock& lock() const { return lock_; }

 private:
  Transaction(const Store& store, WriteLock lock, Generation before)
      : store_(store), lock_(std::move(lock)), before_(std::move(before)), entries_(before_.entries) {}
  Store store_;
  WriteLock lock_;
  Generation before_;
  std::vector<GenerationEntry> entries_;
  std::vector<StagedPackage> staged_{};
};

}  // namespace nano::store
