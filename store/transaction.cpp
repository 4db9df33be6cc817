// store/transaction.cpp: lock, stage, commit.
#include "store/transaction.h"

#include <algorithm>

#include "store/store_internal.h"

namespace nano::store {

Result<Transaction> Transaction::begin(const Store& store, std::string_view holder, std::chrono::milliseconds timeout) {
  NANO_TRY_ASSIGN(auto lock, store.lock(holder, timeout));
  NANO_TRY_ASSIGN(auto before, read_current(store.primary()));
  return Transaction(store, std::move(lock), std::move(before));
}

Transaction::~Transaction() {
  for (const auto& s : staged_) {
    if (s.staging.empty()) continue;
    const auto packages = internal::open_folder(lock_.layout(), s.staging.parent_path());
    if (packages) (void)packages->remove_tree(s.staging.filename());  // failing leaves it to the next writer
  }
}

Status Transaction::add(const PackageSource& source, GenerationEntry entry) {
  NANO_TRY_ASSIGN(auto staged, stage_package(store_, lock_, source));
  entry.name = staged.name;
  entry.version = staged.release.manifest.version;
  entry.variant = source.variant;
  entry.release = staged.digest;
  entry.dir = staged.dir;
  staged_.push_back(std::move(staged));
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), entry, [](const auto& a, const auto& b) { return a.name < b.name; });
  if (at != entries_.end() && at->name == entry.name) *at = std::move(entry);
  else entries_.insert(at, std::move(entry));
  return Unit{};
}

Status Transaction::update(const GenerationEntry& entry) {
  for (auto& e : entries_) {
    if (e.name != entry.name) continue;
    e = entry;
    return Unit{};
  }
  return make_error(Errc::not_found, "'" + entry.name.text() + "' is not installed");
}

Status Transaction::remove(const schemas::PackageName& name) {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.name == name; });
  if (at == entries_.end()) return make_error(Errc::not_found, "'" + name.text() + "' is not installed", "`nano list` shows what is");
  entries_.erase(at);
  return Unit{};
}

Result<uint64_t> Transaction::commit(std::string_view command, std::string_view created) {
  for (auto& s : staged_) {
    NANO_TRY(place_package(lock_, s));
    s.staging.clear();
  }
  staged_.clear();
  if (entries_ == before_.entries) return before_.number;
  Generation next;
  next.command = command;
  next.created = created;
  next.entries = entries_;
  NANO_TRY_ASSIGN(const uint64_t number, write_next(lock_, std::move(next)));
  before_ = Generation{};
  before_.number = number;
  before_.entries = entries_;
  return number;
}

}  // namespace nano::store
