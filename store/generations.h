// store/generations.h: what is installed: generations/<N>.json, and `current`, which names the one in force.
//
// `current` changes by one rename, so a reader sees the old generation or the new one. A generation file is never
// changed. A writer killed between writing N+1 and switching leaves a whole N+1 that was never in force; its number is
// not used again and gc removes it in its turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schemas/generation.h"
#include "store/store.h"

namespace nano::store {

using schemas::Generation;
using schemas::GenerationEntry;

/// The generation in force; number 0 and no entries when nothing was ever installed. No lock.
///   errors  store: `current` is damaged, missing although generations were in force, or names one that is not there, or
///           something cannot be read; invalid: the generation's file is damaged. Where it is damage, the hint names the newest
///           generation that is whole, for `nano rollback`.
[[nodiscard]] Result<Generation> read_current(const StoreLayout& layout);
/// Why there is no reading what is in force although something was: damage, or `current` is missing. nullopt = all is well.
///   errors  store: it cannot be read, so that nothing is known
[[nodiscard]] Result<std::optional<Error>> damage_of_current(const StoreLayout& layout);
/// The newest generation whose packages are all there.   errors  store: a file or folder cannot be read
[[nodiscard]] Result<std::optional<Generation>> newest_whole(const StoreLayout& layout);
/// errors  not_found, invalid, store
[[nodiscard]] Result<Generation> read_generation(const StoreLayout& layout, uint64_t number);
/// Numbers of all generation files, ascending. errors  store
[[nodiscard]] Result<std::vector<uint64_t>> list_generations(const StoreLayout& layout);

/// One line of `nano history`.
struct HistoryLine {
  uint64_t number = 0;
  bool current = false;
  std::optional<Generation> generation{};  ///< absent = the file is damaged
  std::string damage{};                    ///< why, when it is
};
/// errors  store
[[nodiscard]] Result<std::vector<HistoryLine>> history(const StoreLayout& layout);

/// An entry and the store it was found in.
struct InstalledEntry {
  GenerationEntry entry{};
  Path store{};  ///< root
};
/// What is installed over all stores: the current generation of each, the first store's entry winning for a name.
[[nodiscard]] Result<std::vector<InstalledEntry>> installed(const Store& store);
[[nodiscard]] Result<std::optional<InstalledEntry>> find_installed(const Store& store, const schemas::PackageName& name);

/// Write `next` as the generation after all others and put it in force. number and parent are set here.
/// Its package folders must be in place. returns  its number.  errors  store: the old generation stays in force
/// (when nothing but the very last fsync fails, the new one may be: it is whole too).
[[nodiscard]] Result<uint64_t> write_next(const WriteLock& lock, Generation next);

/// Put an earlier generation in force again: `to`, or the parent of the current one; when `current` is damaged, the
/// newest that is whole. Every package folder it names must be there.
///   errors  not_found: no such generation, nothing to go back to; store: a package of it is gone; invalid
[[nodiscard]] Result<Generation> rollback(const WriteLock& lock, std::optional<uint64_t> to = {});
/// The generation that rollback() would put in force, found and checked in the same way. No lock; nothing changes.
[[nodiscard]] Result<Generation> plan_rollback(const StoreLayout& layout, std::optional<uint64_t> to = {});

}  // namespace nano::store
