// registry/repository/edition.cpp: sign everything first, so that a missing key changes nothing; then write in one order.
#include "registry/repository/edition.h"

#include <algorithm>
#include <set>

#include "base/fs.h"
#include "base/fs_look.h"
#include "base/hash.h"
#include "registry/tree.h"
#include "verify/tuf/names.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr uint64_t kVersionsKept =
    3;  ///< of a changed role: for clients that have just read an older snapshot

Error too_few(std::string_view role, uint32_t have, uint32_t need) {
  return make_error(Errc::denied,
                    "the role '" + std::string(role) + "' needs " + std::to_string(need) +
                        (need == 1 ? " signature" : " signatures") + ", and " +
                        (have == 0 ? std::string("none of its keys is")
                                   : "only " + std::to_string(have) + " of its keys are") +
                        " at hand",
                    "name the folder that holds its keys with --keys, or sign it on the machine that does: "
                    "`nano-registry sign`");
}

}  // namespace

Result<uint32_t> sign_with(tuf::Document& doc, const tuf::RoleKeys& by, KeyRing& keys) {
  std::set<std::string> signed_by;
  for (const tuf::DocSignature& s : doc.signatures)
    if (std::find(by.key_ids.begin(), by.key_ids.end(), s.key_id) != by.key_ids.end())
      signed_by.insert(s.key_id);
  for (const std::string& id : by.key_ids) {
    NANO_TRY_ASSIGN(const verify::PrivateKey* key, keys.find(id));
    if (key == nullptr) continue;
    NANO_TRY(tuf::sign_document(doc, *key));
    signed_by.insert(id);
  }
  return static_cast<uint32_t>(signed_by.size());
}

void Edition::put(std::string role, tuf::Targets body, tuf::RoleKeys by) {
  changes_.insert_or_assign(
      std::move(role),
      Change{.body = std::move(body), .by = std::move(by), .ready = std::nullopt, .version = 0});
}

void Edition::put_root(tuf::Root root) {
  root_ = std::move(root);
}

void Edition::put_signed(std::string role, tuf::Document doc, uint64_t version) {
  if (role == tuf::kRoot) {
    root_ready_ = std::move(doc);
    return;
  }
  changes_.insert_or_assign(std::move(role),
                            Change{.body = {}, .by = {}, .ready = std::move(doc), .version = version});
}

void Edition::put_file(std::string path, std::string bytes) {
  files_.insert_or_assign(std::move(path), std::move(bytes));
}

const tuf::Targets* Edition::planned(std::string_view role) const {
  const auto it = changes_.find(std::string(role));
  return it == changes_.end() || it->second.ready ? nullptr : &it->second.body;
}

const std::string* Edition::planned_file(std::string_view path) const {
  const auto it = files_.find(path);
  return it == files_.end() ? nullptr : &it->second;
}

/// Who signs a top-level role: during a rotation the keys of both roots, so that clients with either one are content.
tuf::RoleKeys Edition::top_level(std::string_view role) const {
  tuf::RoleKeys out = root_in_force().roles.at(std::string(role));
  if (root_ && served_ != nullptr)
    for (const std::string& id : served_->root().roles.at(std::string(role)).key_ids)
      if (std::find(out.key_ids.begin(), out.key_ids.end(), id) == out.key_ids.end())
        out.key_ids.push_back(id);
  return out;
}

Result<tuf::Document> Edition::sign(Json body, const tuf::RoleKeys& by, std::string_view role) {
  NANO_TRY_ASSIGN(auto doc, tuf::make_document(std::move(body)));
  NANO_TRY(sign_with(doc, by, keys_));
  const auto count = [&](const tuf::RoleKeys& of) {
    return static_cast<uint32_t>(
        std::count_if(doc.signatures.begin(), doc.signatures.end(), [&](const tuf::DocSignature& s) {
          return std::find(of.key_ids.begin(), of.key_ids.end(), s.key_id) != of.key_ids.end();
        }));
  };
  const bool is_top = role == tuf::kTargets || role == tuf::kSnapshot || role == tuf::kTimestamp;
  const tuf::RoleKeys& need = is_top ? root_in_force().roles.at(std::string(role)) : by;
  if (count(need) < need.threshold) return too_few(role, count(need), need.threshold);
  if (is_top && root_ && served_ != nullptr) {
    const tuf::RoleKeys& old = served_->root().roles.at(std::string(role));
    if (count(old) < old.threshold) old_root_suits_ = false;
  }
  return doc;
}

Status Edition::sign_roles(std::vector<File>& files, tuf::Snapshot& snapshot) {
  for (auto& entry : changes_) {
    const std::string& role = entry.first;
    Change& change = entry.second;
    if (change.ready) {
      files.push_back(
          {.name = tuf::metadata_file(role, change.version), .bytes = tuf::write_document(*change.ready)});
    } else {
      change.version = served_ == nullptr ? 1 : served_->next_version(role);
      change.body.header.version = change.version;
      change.body.header.expires = expiry(role);
      const tuf::RoleKeys by = role == tuf::kTargets ? top_level(role) : change.by;
      NANO_TRY_ASSIGN(const auto doc, sign(change.body.to_json(), by, role));
      files.push_back({.name = tuf::metadata_file(role, change.version), .bytes = tuf::write_document(doc)});
    }
    snapshot.meta[tuf::metadata_file(role)] = tuf::MetaFile{.version = change.version};
  }
  return Unit{};
}

Result<Edition::File> Edition::sign_root() {
  if (root_ready_) {
    NANO_TRY_ASSIGN(const auto body, tuf::Root::parse(root_ready_->body));
    return File{.name = tuf::metadata_file(tuf::kRoot, body.header.version),
                .bytes = tuf::write_document(*root_ready_)};
  }
  tuf::Root& root = *root_;
  root.header.version = served_ == nullptr ? 1 : served_->root().header.version + 1;
  root.header.expires = expiry(tuf::kRoot);
  if (served_ != nullptr) {
    if (!root.header.extra.is_object()) root.header.extra = Json::object();
    root.header.extra[std::string(roles::kIdField)] = served_->id();
  }
  NANO_TRY_ASSIGN(auto doc, tuf::make_document(root.to_json()));
  const tuf::RoleKeys& by = root.roles.at(std::string(tuf::kRoot));
  NANO_TRY_ASSIGN(const uint32_t own, sign_with(doc, by, keys_));
  if (own < by.threshold) return too_few(tuf::kRoot, own, by.threshold);
  if (served_ != nullptr) {
    const tuf::RoleKeys& before = served_->root().roles.at(std::string(tuf::kRoot));
    NANO_TRY_ASSIGN(const uint32_t old, sign_with(doc, before, keys_));
    if (old < before.threshold) return too_few(tuf::kRoot, old, before.threshold);
  }
  return File{.name = tuf::metadata_file(tuf::kRoot, root.header.version), .bytes = tuf::write_document(doc)};
}

Status Edition::commit() {
  if (root_ready_) {
    NANO_TRY_ASSIGN(root_, tuf::Root::parse(root_ready_->body));
  }
  std::vector<File> files;
  std::optional<File> root;
  if (root_) {
    NANO_TRY_ASSIGN(root, sign_root());
  }
  tuf::Snapshot snapshot;
  if (served_ != nullptr) snapshot = served_->snapshot();
  NANO_TRY(sign_roles(files, snapshot));
  snapshot.header.version = served_ == nullptr ? 1 : served_->next_version(tuf::kSnapshot);
  snapshot.header.expires = expiry(tuf::kSnapshot);
  NANO_TRY_ASSIGN(const auto snapshot_doc,
                  sign(snapshot.to_json(), top_level(tuf::kSnapshot), tuf::kSnapshot));
  files.push_back({.name = tuf::metadata_file(tuf::kSnapshot, snapshot.header.version),
                   .bytes = tuf::write_document(snapshot_doc)});

  tuf::Timestamp timestamp;
  timestamp.header.version = served_ == nullptr ? 1 : served_->next_version(tuf::kTimestamp);
  timestamp.header.expires = expiry(tuf::kTimestamp);
  timestamp.snapshot = {.version = snapshot.header.version,
                        .length = files.back().bytes.size(),
                        .hashes = {{"sha256", sha256(files.back().bytes).hex()}}};
  NANO_TRY_ASSIGN(const auto timestamp_doc,
                  sign(timestamp.to_json(), top_level(tuf::kTimestamp), tuf::kTimestamp));

  const std::string timestamp_bytes = tuf::write_document(timestamp_doc);
  const auto write_all = [&]() -> Status {
    for (const auto& [path, bytes] : files_) {
      const bool is_new = !fs::exists(tree_.at(path));
      if (is_new) written_.push_back(path);
      NANO_TRY(tree_.put(path, bytes));
    }
    for (const File& f : files) {
      const std::string path = tree::metadata(f.name);
      if (!fs::exists(tree_.at(path))) written_.push_back(path);
      NANO_TRY(tree_.put_new(path, f.bytes));
    }
    // Without a timestamp that suits the old root, clients need the new root first; Served::open mends what a crash leaves.
    if (root && root_first()) NANO_TRY(tree_.put_new(tree::metadata(root->name), root->bytes));
    return tree_.put(tree::metadata(tuf::metadata_file(tuf::kTimestamp)), timestamp_bytes);
  };
  if (auto done = write_all(); !done) return undo(std::move(done.error()), timestamp_bytes);
  if (root && !root_first()) NANO_TRY(tree_.put_new(tree::metadata(root->name), root->bytes));
  prune(snapshot);
  return Unit{};
}

/// Nothing refers to what was written, unless the timestamp is in its place all the same (its folder could not be flushed). A root
/// is never taken back: a client may have it.
Status Edition::undo(Error error, std::string_view timestamp) const {
  const auto served = fs::read_file(tree_.at(tree::metadata(tuf::metadata_file(tuf::kTimestamp))), timestamp.size());
  if (!served || *served != timestamp)
    for (const std::string& path : written_) (void)fs::remove_file(tree_.at(path));
  return error;
}

/// Old versions of what changed. Roots stay for ever. Failing to remove one does no harm: the new state is served.
void Edition::prune(const tuf::Snapshot& now_served) const {
  const auto drop = [&](std::string_view role, uint64_t newest) {
    for (uint64_t v = newest; v > 1; --v) {
      if (newest - v + 1 < kVersionsKept) continue;
      const fs::Path file = tree_.at(tree::metadata(tuf::metadata_file(role, v - 1)));
      if (const auto there = fs::is_there(file); !there || !*there) break;
      (void)fs::remove_file(file);
    }
  };
  for (const auto& entry : changes_) drop(entry.first, entry.second.version);
  drop(tuf::kSnapshot, now_served.header.version);
}

}  // namespace nano::registry
