// registry/repository/served.cpp: the client's own rules (verify/tuf) over the tree's folder.
#include "registry/repository/served.h"

#include "base/fs.h"
#include "base/fs_look.h"
#include "registry/tree.h"
#include "verify/tuf/names.h"
#include "verify/tuf/registry_id.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr tuf::Limits kLimits{};
constexpr int64_t kAnyAge = int64_t{100} * 366 * 86'400;  ///< seconds: expiry is what a repository mends

}  // namespace

Result<Served> Served::open_with(const TreeWriter& tree, UnixTime now,
                                 const std::vector<std::string>& roots) {
  NANO_TRY_ASSIGN(auto set,
                  tuf::TrustedSet::start(roots.front(), {.now = now, .max_stale_s = kAnyAge}, kLimits));
  for (std::size_t i = 1; i < roots.size(); ++i) NANO_TRY(set.update_root(roots[i]));
  NANO_TRY(set.finish_root());
  NANO_TRY_ASSIGN(
      const std::string timestamp,
      fs::read_file(tree.at(tree::metadata(tuf::metadata_file(tuf::kTimestamp))), kLimits.timestamp_bytes));
  NANO_TRY(set.update_timestamp(timestamp, tuf::TrustedSet::Source::remote));
  const std::string file = tuf::metadata_file(tuf::kSnapshot, set.timestamp()->snapshot.version);
  NANO_TRY_ASSIGN(const std::string snapshot,
                  fs::read_file(tree.at(tree::metadata(file)), kLimits.snapshot_bytes));
  NANO_TRY(set.update_snapshot(snapshot, tuf::TrustedSet::Source::remote));
  Served out(tree, std::move(set));
  out.root_ = out.set_.root();
  NANO_TRY_ASSIGN(const Digest id, tuf::registry_id(roots.front()));
  out.id_ = id.hex();
  return out;
}

Result<Served> Served::open(const TreeWriter& tree, UnixTime now) {
  std::vector<std::string> roots;
  for (uint64_t version = 1;; ++version) {
    auto bytes =
        fs::read_file(tree.at(tree::metadata(tuf::metadata_file(tuf::kRoot, version))), kLimits.root_bytes);
    if (bytes) {
      roots.push_back(std::move(*bytes));
      continue;
    }
    if (bytes.error().code != Errc::not_found) return std::move(bytes.error());
    break;
  }
  if (roots.empty())
    return make_error(Errc::not_found, "there is no registry in '" + tree.dir().string() + "'",
                      "`nano-registry init DIR` makes one");
  auto served = open_with(tree, now, roots);
  if (served || roots.size() < 2 || served.error().code != Errc::untrusted) return served;
  // A rotation that was killed between the new root and the new timestamp: the rest is still the old root's.
  const std::string newest = std::move(roots.back());
  roots.pop_back();
  auto before = open_with(tree, now, roots);
  if (!before) return served;
  NANO_TRY_ASSIGN(auto pair, tuf::read_metadata<tuf::Root>(newest, kLimits.root_bytes));
  before->root_ = std::move(pair.second);
  before->root_is_ahead_ = true;
  return before;
}

Result<std::string> Served::read(std::string_view role) const {
  const tuf::MetaFile* meta = snapshot().find(role);
  if (meta == nullptr)
    return make_error(Errc::untrusted, "the snapshot does not list the role '" + std::string(role) + "'");
  return fs::read_file(tree_->at(tree::metadata(tuf::metadata_file(role, meta->version))),
                       kLimits.targets_bytes);
}

Result<const tuf::Targets*> Served::targets() {
  NANO_TRY_ASSIGN(const tuf::LoadedRole* known, set_.role(tuf::kTargets, tuf::kRoot));
  if (known == nullptr) {
    NANO_TRY_ASSIGN(const std::string bytes, read(tuf::kTargets));
    NANO_TRY(set_.update_targets(bytes));
    NANO_TRY_ASSIGN(known, set_.role(tuf::kTargets, tuf::kRoot));
  }
  return &known->body;
}

Result<const tuf::Targets*> Served::role(std::string_view name, std::string_view delegator) {
  if (delegator == tuf::kTargets) NANO_TRY(targets());
  NANO_TRY_ASSIGN(const tuf::LoadedRole* known, set_.role(name, delegator));
  if (known == nullptr) {
    NANO_TRY_ASSIGN(const std::string bytes, read(name));
    NANO_TRY(set_.update_delegated(name, delegator, bytes));
    NANO_TRY_ASSIGN(known, set_.role(name, delegator));
  }
  return &known->body;
}

uint64_t Served::next_version(std::string_view role) const {
  const tuf::MetaFile* meta = snapshot().find(role);
  uint64_t version = role == tuf::kSnapshot    ? snapshot().header.version
                     : role == tuf::kTimestamp ? timestamp().header.version
                     : meta == nullptr         ? 0
                                               : meta->version;
  ++version;
  if (role == tuf::kTimestamp) return version;  // its one file has no version in its name
  // One that cannot be looked at is not written over either: putting it there looks again, and says so.
  while (true) {
    const auto there = fs::is_there(tree_->at(tree::metadata(tuf::metadata_file(role, version))));
    if (!there || !*there) return version;
    ++version;
  }
}

}  // namespace nano::registry
