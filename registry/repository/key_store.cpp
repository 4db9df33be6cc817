// registry/repository/key_store.cpp: files of keys, found by their public halves.
#include "registry/repository/key_store.h"

#include <algorithm>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs_look.h"
#include "base/text.h"
#include "registry/repository/leftovers.h"
#include "registry/repository/roles.h"
#include "verify/key_file.h"
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

Result<verify::PublicKey> read_public(const fs::Path& folder, const std::string& label) {
  const fs::Path file = folder / (label + std::string(kPublic));
  NANO_TRY_ASSIGN(const std::string text, fs::read_file(file, kMaxPublicBytes));
  auto key = verify::PublicKey::from_text(text);
  if (!key) return std::move(key.error()).while_("reading " + file.string());
  return key;
}

/// Of a private key's file, without a passphrase. nullopt: it is encrypted and does not say, or it is damaged or not to be touched
std::optional<verify::PublicKey> public_half(const fs::Path& file) {
  if (!check_private(file)) return std::nullopt;
  auto bytes = fs::read_file(file, verify::kMaxKeyFileBytes);
  if (!bytes) return std::nullopt;
  const verify::Secret text(std::move(*bytes));
  if (const auto named = verify::named_above(text.view())) return named;
  const auto key = verify::PrivateKey::from_pem(text.view());
  return key ? std::optional<verify::PublicKey>(key->public_key()) : std::nullopt;
}

/// Held while a key is written: whoever holds it knows that nobody else writes into that folder. No file stays of it.
class FolderLock {
 public:
  explicit FolderLock(const fs::Path& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    constexpr int kTries = 100;
    for (int i = 0; fd_.valid() && i < kTries; ++i) {
      held_ = ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0;
      if (held_ || errno != EWOULDBLOCK) return;
      ::usleep(50'000);
    }
  }
  /// Not: the file system knows no locks, or another process has held it for five seconds.
  [[nodiscard]] bool held() const { return held_; }

 private:
  fs::Fd fd_;
  bool held_ = false;
};

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
  no_public_.clear();
  sealed_.clear();
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
  std::set<std::string> publics;
  std::set<std::string> privates;
  for (const std::string& name : names)
    for (const auto& [ending, labels] : {std::pair(kPublic, &publics), std::pair(kPrivate, &privates)}) {
      if (!name.ends_with(ending)) continue;
      const std::string label = name.substr(0, name.size() - ending.size());
      if (check_label(label)) labels->insert(label);
    }
  for (const std::string& label : publics)
    if (!privates.contains(label)) {
      NANO_TRY_ASSIGN(const auto key, read_public(folder, label));
      others_.insert_or_assign(label, key);
    }
  for (const std::string& label : privates) NANO_TRY(read_label(folder, label, publics.contains(label)));
  return Unit{};
}

/// A label whose private half is here. What its .pub says counts, so that a .pub of another key is noticed when the key is opened.
Status KeyStore::read_label(const fs::Path& folder, const std::string& label, bool has_public) {
  Error unreadable;
  if (has_public) {
    auto key = read_public(folder, label);
    if (key) {
      places_.insert_or_assign(key->key_id(), Place{.label = label, .key = *key, .folder = folder});
      return Unit{};
    }
    unreadable = std::move(key.error());
  }
  const auto key = public_half(folder / (label + std::string(kPrivate)));
  if (!key && has_public) return unreadable;
  if (!key) {
    sealed_.insert_or_assign(label, folder);
    return Unit{};
  }
  places_.emplace(key->key_id(), Place{.label = label, .key = *key, .folder = folder});
  no_public_.emplace_back(folder, label);
  return Unit{};
}

Status KeyStore::tidy() {
  for (const fs::Path& folder : {folders_.online, folders_.offline.value_or(fs::Path())}) {
    if (folder.empty() || !fs::is_dir(folder)) continue;
    const FolderLock lock(folder);
    NANO_TRY(remove_leftovers(folder, Reach::folder, lock.held()));
  }
  for (const auto& [folder, label] : std::exchange(no_public_, {})) {
    if (folder != folders_.online && folder != folders_.offline) continue;
    const auto key = named(label);
    if (key) NANO_TRY(write_public(folder, label, *key));
  }
  return Unit{};
}

Status KeyStore::write_public(const fs::Path& folder, const std::string& label, const verify::PublicKey& key) {
  return fs::write_atomic(folder / (label + std::string(kPublic)), key.text() + "\n");
}

void KeyStore::take_back() {
  for (const auto& [folder, label] : std::exchange(made_, {})) {
    const auto key = named(label);
    // The private half last: killed in between, it is a key whose .pub is written again, and nobody needs it.
    (void)fs::remove_file(folder / (label + std::string(kPublic)));
    (void)fs::remove_file(folder / (label + std::string(kPrivate)));
    if (!key) continue;
    places_.erase(key->key_id());
    open_.erase(key->key_id());
  }
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

bool KeyStore::holds(std::string_view label) const {
  return std::any_of(places_.begin(), places_.end(), [&](const auto& entry) { return entry.second.label == label; });
}

bool KeyStore::taken(std::string_view label) const {
  return named(label).has_value() || sealed_.contains(std::string(label));
}

/// A passphrase is asked for only when the file needs one, and again only when the one before does not open it.
Result<verify::PrivateKey> KeyStore::open_file(const fs::Path& folder, const fs::Path& file) {
  NANO_TRY(check_private(file));
  auto key = verify::PrivateKey::load(file);
  if (key || key.error().code != Errc::denied) return key;
  Tried& tried = tried_[folder];
  if (tried.good) return verify::PrivateKey::load(file, verify::Secret(std::string(tried.secrets[*tried.good].view())));
  for (std::size_t i = 0; key.error().code == Errc::denied; ++i) {
    if (i == tried.secrets.size()) {
      if (tried.no_more) break;
      NANO_TRY_ASSIGN(auto secret, ask_(folder, false, static_cast<uint32_t>(i)));
      if (!secret) {
        tried.no_more = true;
        break;
      }
      tried.secrets.push_back(std::move(*secret));
    }
    key = verify::PrivateKey::load(file, verify::Secret(std::string(tried.secrets[i].view())));
    if (key) {
      tried.good = i;
      return key;
    }
  }
  return key;
}

Result<const verify::PrivateKey*> KeyStore::find(const std::string& key_id) {
  if (const auto known = open_.find(key_id); known != open_.end()) return &known->second;
  const auto at = places_.find(key_id);
  if (at == places_.end()) return static_cast<const verify::PrivateKey*>(nullptr);
  // Trying each passphrase takes a second, and one key may sign hundreds of roles.
  if (const auto closed = closed_.find(key_id); closed != closed_.end()) return closed->second;
  const fs::Path file = at->second.folder / (at->second.label + std::string(kPrivate));
  auto opened = open_file(at->second.folder, file);
  if (!opened) return closed_.emplace(key_id, std::move(opened.error())).first->second;
  verify::PrivateKey key = std::move(*opened);
  if (key.public_key() != at->second.key)
    return make_error(Errc::integrity,
                      "'" + file.string() + "' is not the key that the .pub file beside it names",
                      "put the right files together again");
  return &open_.emplace(key_id, std::move(key)).first->second;
}

/// A key file that an older nano-registry was killed behind: encrypted, without its public half. nullopt: there is none
Result<std::optional<verify::PublicKey>> KeyStore::unseal(const std::string& label) {
  const auto at = sealed_.find(label);
  if (at == sealed_.end()) return std::optional<verify::PublicKey>();
  const fs::Path folder = at->second;
  NANO_TRY_ASSIGN(auto key, open_file(folder, folder / (label + std::string(kPrivate))));
  const verify::PublicKey out = key.public_key();
  NANO_TRY(write_public(folder, label, out));
  sealed_.erase(at);
  places_.insert_or_assign(out.key_id(), Place{.label = label, .key = out, .folder = folder});
  open_.insert_or_assign(out.key_id(), std::move(key));
  return std::optional<verify::PublicKey>(out);
}

Result<verify::PublicKey> KeyStore::make(std::string_view label) {
  NANO_TRY_ASSIGN(const auto unsealed, unseal(std::string(label)));
  if (unsealed) return *unsealed;
  if (const auto known = named(label)) return *known;
  return create(label);
}

Result<const verify::Secret*> KeyStore::for_new_key(const fs::Path& folder) {
  // One passphrase a folder: a slip of the pen must not seal a new key with another one than its neighbours have.
  const auto neighbour = std::find_if(places_.begin(), places_.end(),
                                      [&](const auto& entry) { return entry.second.folder == folder; });
  if (neighbour != places_.end()) NANO_TRY(find(neighbour->first));
  Tried& tried = tried_[folder];
  if (!tried.good && !tried.no_more) {
    if (tried.secrets.empty()) {
      NANO_TRY_ASSIGN(auto secret, ask_(folder, neighbour == places_.end(), 0));
      if (secret) tried.secrets.push_back(std::move(*secret));
    }
    if (tried.secrets.empty())
      tried.no_more = true;
    else
      tried.good = 0;
  }
  return tried.good ? static_cast<const verify::Secret*>(&tried.secrets[*tried.good]) : nullptr;
}

Result<verify::PublicKey> KeyStore::create(std::string_view name) {
  NANO_TRY(check_label(name));
  const std::string label(name);
  if (taken(label))
    return make_error(Errc::refused, "there is a key '" + label + "' already, and none is overwritten",
                      "choose another name");
  const fs::Path& folder = folders_.offline && signs_rarely(label) ? *folders_.offline : folders_.online;
  NANO_TRY_ASSIGN(const verify::Secret* secret, for_new_key(folder));
  std::optional<verify::Secret> sealed_with;
  if (secret != nullptr) sealed_with.emplace(std::string(secret->view()));
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::generate());
  const verify::PublicKey out = key.public_key();
  NANO_TRY(fs::make_dirs(folder, 0700));
  const FolderLock lock(folder);
  NANO_TRY(remove_leftovers(folder, Reach::folder, lock.held()));
  NANO_TRY(key.save(folder / (label + std::string(kPrivate)), sealed_with));
  made_.emplace_back(folder, label);
  places_.insert_or_assign(out.key_id(), Place{.label = label, .key = out, .folder = folder});
  open_.insert_or_assign(out.key_id(), std::move(key));
  if (auto written = write_public(folder, label, out); !written) {
    std::vector<std::pair<fs::Path, std::string>> others = std::exchange(made_, {{folder, label}});
    others.pop_back();
    take_back();
    made_ = std::move(others);
    return std::move(written.error());
  }
  return out;
}

}  // namespace nano::registry
