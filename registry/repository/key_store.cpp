// registry/repository/key_store.cpp: files of keys, found by their public halves.
#include "registry/repository/key_store.h"

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include "base/fs_look.h"
#include "base/text.h"
#include "registry/repository/roles.h"
#include "verify/tuf/metadata.h"

namespace nano::registry {

namespace {

constexpr std::string_view kPublic = ".pub";
constexpr std::string_view kPrivate = ".pem";
constexpr uint64_t kMaxPublicBytes = 4096;
constexpr std::size_t kMaxLabel = 100;

Status check_label(std::string_view label) {
  const bool good =
      !label.empty() && label.size() <= kMaxLabel && label.front() != '.' && label.front() != '-' &&
      label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
  if (good) return Unit{};
  return make_error(Errc::usage, "'" + sanitize(label.substr(0, kMaxLabel)) + "' cannot name a key",
                    "use a-z, 0-9, '.', '-' and '_'");
}

}  // namespace

bool signs_rarely(std::string_view label) {
  for (const std::string_view role :
       {verify::tuf::kRoot, verify::tuf::kTargets, roles::kAdvisory, roles::kRegistrar})
    if (label == role || (label.starts_with(role) && label.size() > role.size() && label[role.size()] == '.'))
      return true;
  return false;
}

Status check_private(const fs::Path& file) {
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read(file));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return make_error(Errc::store, "cannot examine '" + file.string() + "'");
  if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return make_error(Errc::denied,
                      "the private key '" + file.string() + "' can be read by others, and is not used",
                      "chmod 600 '" + file.string() +
                          "'; if others may have read it, replace it: `nano-registry key rotate`");
  if (st.st_uid != ::geteuid() && ::geteuid() != 0)
    return make_error(Errc::denied,
                      "the private key '" + file.string() + "' belongs to another user, and is not used",
                      "use keys of your own");
  return Unit{};
}

Result<KeyStore> KeyStore::open(Folders folders, AskPassphrase ask) {
  KeyStore out(std::move(folders), std::move(ask));
  NANO_TRY(out.look_again());
  return out;
}

Status KeyStore::look_again() {
  NANO_TRY(read_folder(folders_.online));
  if (folders_.offline) NANO_TRY(read_folder(*folders_.offline));
  for (const fs::Path& folder : folders_.more) NANO_TRY(read_folder(folder));
  return Unit{};
}

Status KeyStore::look_into(const fs::Path& folder) {
  folders_.more.push_back(folder);
  return read_folder(folder);
}

Status KeyStore::read_folder(const fs::Path& folder) {
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(kPublic)) continue;
    const std::string label = name.substr(0, name.size() - kPublic.size());
    if (!check_label(label)) continue;
    NANO_TRY_ASSIGN(const std::string text, fs::read_file(folder / name, kMaxPublicBytes));
    auto key = verify::PublicKey::from_text(text);
    if (!key) return std::move(key.error()).while_("reading " + (folder / name).string());
    NANO_TRY_ASSIGN(const bool secret, fs::is_there(folder / (label + std::string(kPrivate))));
    if (!secret)
      others_.insert_or_assign(label, *key);
    else
      places_.insert_or_assign(key->key_id(), Place{.label = label, .key = *key, .folder = folder});
  }
  return Unit{};
}

Result<std::vector<KeyStore::Entry>> KeyStore::list() const {
  std::vector<Entry> out;
  for (const auto& entry : places_) {
    const Place& p = entry.second;
    Entry e{.label = p.label, .key = p.key, .file = p.folder / (p.label + std::string(kPrivate))};
    NANO_TRY_ASSIGN(std::string bytes, fs::read_file(e.file, verify::kMaxKeyFileBytes));
    const verify::Secret text(std::move(bytes));
    e.encrypted = text.view().find("BEGIN ENCRYPTED PRIVATE KEY") != std::string_view::npos;
    const auto checked = check_private(e.file);
    e.readable_by_others = !checked && checked.error().code == Errc::denied;
    out.push_back(std::move(e));
  }
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.label < b.label; });
  return out;
}

std::optional<verify::PublicKey> KeyStore::named(std::string_view label) const {
  for (const auto& entry : places_)
    if (entry.second.label == label) return entry.second.key;
  if (const auto other = others_.find(std::string(label)); other != others_.end()) return other->second;
  return std::nullopt;
}

Result<const std::optional<verify::Secret>*> KeyStore::passphrase(const fs::Path& folder, bool for_new) {
  auto it = secrets_.find(folder);
  if (it == secrets_.end()) {
    NANO_TRY_ASSIGN(auto secret, ask_(folder, for_new));
    it = secrets_.emplace(folder, std::move(secret)).first;
  }
  return static_cast<const std::optional<verify::Secret>*>(&it->second);
}

Result<const verify::PrivateKey*> KeyStore::find(const std::string& key_id) {
  if (const auto known = open_.find(key_id); known != open_.end()) return &known->second;
  const auto at = places_.find(key_id);
  if (at == places_.end()) return static_cast<const verify::PrivateKey*>(nullptr);
  const fs::Path file = at->second.folder / (at->second.label + std::string(kPrivate));
  NANO_TRY(check_private(file));
  // A passphrase is asked for only when the file needs one.
  auto key = verify::PrivateKey::load(file);
  if (!key && key.error().code == Errc::denied) {
    NANO_TRY_ASSIGN(const auto* secret, passphrase(at->second.folder, false));
    if (*secret) key = verify::PrivateKey::load(file, *secret);
  }
  if (!key) return std::move(key.error());
  if (key->public_key() != at->second.key)
    return make_error(Errc::integrity,
                      "'" + file.string() + "' is not the key that the .pub file beside it names",
                      "put the right files together again");
  return &open_.emplace(key_id, std::move(*key)).first->second;
}

Result<verify::PublicKey> KeyStore::make(std::string_view label) {
  if (const auto known = named(label)) return *known;
  return create(label);
}

Result<verify::PublicKey> KeyStore::create(std::string_view label) {
  NANO_TRY(check_label(label));
  if (named(label))
    return make_error(Errc::refused,
                      "there is a key '" + std::string(label) + "' already, and none is overwritten",
                      "choose another name");
  const fs::Path& folder = folders_.offline && signs_rarely(label) ? *folders_.offline : folders_.online;
  NANO_TRY(fs::make_dirs(folder, 0700));
  // One passphrase a folder: a slip of the pen must not seal a new key with another one than its neighbours have.
  const auto neighbour = std::find_if(places_.begin(), places_.end(),
                                      [&](const auto& entry) { return entry.second.folder == folder; });
  if (neighbour != places_.end()) NANO_TRY(find(neighbour->first));
  NANO_TRY_ASSIGN(const auto* secret, passphrase(folder, neighbour == places_.end()));
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::generate());
  const verify::PublicKey out = key.public_key();
  NANO_TRY(key.save(folder / (std::string(label) + std::string(kPrivate)), *secret));
  NANO_TRY(fs::write_atomic(folder / (std::string(label) + std::string(kPublic)), out.text() + "\n"));
  places_.insert_or_assign(out.key_id(), Place{.label = std::string(label), .key = out, .folder = folder});
  open_.insert_or_assign(out.key_id(), std::move(key));
  return out;
}

}  // namespace nano::registry
