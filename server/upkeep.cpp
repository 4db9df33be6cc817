// server/upkeep.cpp: keys made and replaced, signatures renewed here or elsewhere.
#include <algorithm>

#include "base/fs_change.h"
#include "base/fs_output.h"
#include "base/text.h"
#include "base/fs_look.h"
#include "server/workplace.h"
#include "verify/tuf/names.h"

namespace nano::server {
namespace {

constexpr uint64_t kMaxDraft = 8'000'000;

KeyRow row_of(const registry::KeyStore::Entry& e) {
  return {.label = e.label,
          .key_id = e.key.key_id(),
          .public_key = e.key.text(),
          .file = e.file,
          .encrypted = e.encrypted,
          .readable_by_others = e.readable_by_others};
}

Result<KeyRow> find_row(const registry::KeyStore& keys, const std::string& label) {
  NANO_TRY_ASSIGN(const auto all, keys.list());
  for (const auto& e : all)
    if (e.label == label) return row_of(e);
  return make_error(Errc::internal, "the key '" + label + "' is not there after it was made");
}

SignedRow row_of(const registry::SignedElsewhere& s, fs::Path file) {
  return {.role = s.role,
          .version = s.version,
          .expires = format_time(s.expires),
          .signed_by = s.key_ids,
          .threshold = s.threshold,
          .missing = s.missing,
          .says = s.says,
          .file = std::move(file)};
}

/// A draft, or all drafts of a folder.
Result<std::vector<fs::Path>> draft_files(const fs::Path& what) {
  NANO_TRY_ASSIGN(const bool folder, fs::is_folder(what));
  if (!folder) return std::vector<fs::Path>{what};
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(what));
  std::vector<fs::Path> out;
  for (const std::string& name : names)
    if (name.ends_with(".json")) out.push_back(what / name);
  if (out.empty())
    return make_error(Errc::not_found, "there are no documents to sign in '" + what.string() + "'");
  return out;
}

Result<std::vector<fs::Path>> write_drafts(const std::vector<registry::Draft>& drafts,
                                           const fs::Path& folder) {
  std::vector<fs::Path> out;
  for (const auto& d : drafts) {
    NANO_TRY_ASSIGN(out.emplace_back(), write_draft(d, folder));
  }
  return out;
}

bool is_registry(const fs::Path& what) {
  return fs::is_dir(what) && fs::is_dir(what / "metadata");
}

}  // namespace

Result<KeyRow> key_new(const fs::Path& folder, const std::string& label, const KeyOptions& options) {
  NANO_TRY_ASSIGN(auto keys, open_keys(folder, std::nullopt, options));
  NANO_TRY(keys.create(label));
  return find_row(keys, label);
}

Result<std::vector<KeyRow>> key_list(const std::vector<fs::Path>& folders) {
  if (folders.empty())
    return make_error(Errc::usage, "no folder of keys was named", "`nano-registry key list FOLDER`");
  NANO_TRY_ASSIGN(const auto keys, open_keys(folders.front(), std::nullopt,
                                             {.folders = {folders.begin() + 1, folders.end()}}));
  NANO_TRY_ASSIGN(const auto all, keys.list());
  std::vector<KeyRow> out;
  for (const auto& e : all) out.push_back(row_of(e));
  return out;
}

namespace {

/// New keys, and the role in their hands; the documents for that when keys that must sign are elsewhere.
Status rotate_it(Workplace& place, const RotateOptions& how, bool away, registry::KeyStore& store, RotateReport& out) {
  const std::string& role = how.role;
  std::vector<verify::PublicKey> fresh;
  for (uint32_t i = 0; i < how.count; ++i) {
    int n = 2;
    std::string label = role + "." + std::to_string(n);
    while (store.taken(label) || place.keys->taken(label)) label = role + "." + std::to_string(++n);
    NANO_TRY_ASSIGN(const auto key, store.create(label));
    fresh.push_back(key);
    NANO_TRY_ASSIGN(auto row, find_row(store, label));
    out.keys.push_back(std::move(row));
  }
  if (away) NANO_TRY(place.keys->look_into(how.offline));
  NANO_TRY(place.keys->look_again());
  const auto done = place.repo->rotate(role, fresh, how.threshold);
  if (done) return Unit{};
  if (done.error().code != Errc::denied || how.drafts.empty()) return done.error();
  NANO_TRY_ASSIGN(const auto drafts, place.repo->rotation_drafts(role, fresh, how.threshold));
  NANO_TRY_ASSIGN(out.drafts, write_drafts(drafts, how.drafts));
  return Unit{};
}

}  // namespace

Result<RotateReport> key_rotate(const fs::Path& dir, const RotateOptions& how, const KeyOptions& options) {
  if (how.count < 1 || how.threshold < 1 || how.threshold > how.count)
    return make_error(Errc::usage, "a role needs at least one key, and a threshold between 1 and the number of its keys");
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, options, "key rotate"));
  // Where the new keys go: beside the tree, or where the person keeps the ones that sign rarely.
  const bool away = registry::signs_rarely(how.role) && !how.offline.empty();
  if (place.settings.mode == Mode::offline && registry::signs_rarely(how.role) && !away)
    return make_error(Errc::usage,
                      "no folder was named for the new key of '" + sanitize(how.role) + "', which is kept offline",
                      "name it with --offline-keys KEYDIR");
  KeyOptions for_new = options;
  for_new.must_encrypt = place.settings.mode == Mode::offline && away;
  RotateReport out;
  std::optional<fs::Path> offline;
  if (away) offline = how.offline;
  NANO_TRY_ASSIGN(auto store, open_keys(place.keys_home, offline, for_new));
  auto done = rotate_it(place, how, away, store, out);
  if (!done && place.repo->unchanged()) store.take_back();
  if (!done) return std::move(done.error());
  return out;
}

Result<uint32_t> key_prove(const std::string& name, const std::string& registry_id,
                           const std::vector<std::string>& labels, uint32_t threshold,
                           const fs::Path& current, const fs::Path& out, const KeyOptions& options) {
  if (options.folders.empty())
    return make_error(Errc::usage, "no folder of keys was named", "name it with --keys FOLDER");
  NANO_TRY_ASSIGN(auto keys, open_keys(options.folders.front(), std::nullopt, options));
  std::vector<verify::PublicKey> owners;
  for (const std::string& label : labels) {
    const auto key = keys.named(label);
    if (!key)
      return make_error(Errc::not_found, "there is no key '" + sanitize(label) + "' there",
                        "`nano-registry key new` makes one");
    owners.push_back(*key);
  }
  std::string now_served;
  if (!current.empty()) {
    NANO_TRY_ASSIGN(now_served, fs::read_file(current, kMaxDraft));
  }
  NANO_TRY_ASSIGN(const UnixTime when, signing_time(options));
  NANO_TRY_ASSIGN(const auto proof,
                  registry::prove_namespace(name, registry_id, owners, threshold, now_served, keys, when));
  NANO_TRY(fs::write_output(out, proof.bytes, {.replace = true}));
  return proof.missing;
}

Result<std::vector<SignedRow>> sign(const std::string& role, const fs::Path& what, const fs::Path& out_path,
                                    const KeyOptions& options) {
  std::vector<SignedRow> out;
  if (is_registry(what)) {
    NANO_TRY_ASSIGN(auto place, Workplace::open(what, options, "sign"));
    auto renewed = place.repo->renew(role);
    if (renewed) {
      NANO_TRY_ASSIGN(const auto all, place.repo->status());
      for (const auto& s : all) {
        const bool by_hand = registry::signs_rarely(s.role) || registry::roles::is_reg(s.role);
        if (s.role != role && !(role == "all" && by_hand) && !(role == "reg" && registry::roles::is_reg(s.role))) continue;
        out.push_back({.role = s.role,
                       .version = s.version,
                       .expires = format_time(s.expires),
                       .signed_by = s.key_ids,
                       .threshold = s.threshold});
      }
      return out;
    }
    if (renewed.error().code != Errc::denied || out_path.empty()) return std::move(renewed.error());
    NANO_TRY_ASSIGN(const auto drafts, place.repo->drafts(role));
    NANO_TRY_ASSIGN(const auto written, write_drafts(drafts, out_path));
    for (std::size_t i = 0; i < drafts.size(); ++i)
      out.push_back({.role = drafts[i].role,
                     .version = drafts[i].version,
                     .missing = drafts[i].missing,
                     .file = written[i]});
    return out;
  }
  if (options.folders.empty())
    return make_error(Errc::usage, "no folder of keys was named", "name it with --keys KEYDIR");
  NANO_TRY_ASSIGN(auto keys, open_keys(options.folders.front(), std::nullopt, options));
  NANO_TRY_ASSIGN(const auto files, draft_files(what));
  // Two who sign one draft in its place at once: the second signs what the first has written.
  std::optional<fs::FolderLock> lock;
  if (out_path.empty() && !files.empty()) {
    NANO_TRY_ASSIGN(const fs::Path folder, fs::folder_of_target(files.front()));
    NANO_TRY_ASSIGN(lock, fs::FolderLock::acquire(folder, folder / ".sign.lock", "nano-registry sign"));
  }
  std::vector<std::pair<fs::Path, std::string>> to_write;  // all are signed before one is written
  for (const fs::Path& file : files) {
    NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(file, kMaxDraft));
    auto signed_doc = registry::sign_elsewhere(bytes, keys);
    if (!signed_doc) return std::move(signed_doc.error()).while_("signing " + file.string());
    const bool asked_for = role == "all" || signed_doc->role == role ||
                           (role == "reg" && registry::roles::is_reg(signed_doc->role)) ||
                           (role == "namespace" && !registry::roles::namespace_of(signed_doc->role).empty());
    if (!asked_for)
      return make_error(Errc::usage,
                        "'" + file.string() + "' is a document of the role '" + sanitize(signed_doc->role) +
                            "', not of '" + sanitize(role) + "'",
                        "look at it first: what is signed cannot be taken back");
    const fs::Path to = out_path.empty() ? file : out_path / file.filename();
    out.push_back(row_of(*signed_doc, to));
    to_write.emplace_back(to, std::move(signed_doc->bytes));
  }
  if (!out_path.empty()) NANO_TRY(fs::make_dirs(out_path));
  for (const auto& [to, bytes] : to_write) NANO_TRY(fs::rewrite(to, bytes));
  return out;
}

Result<std::vector<SignedRow>> install_signed(const fs::Path& dir, const fs::Path& drafts,
                                              const KeyOptions& options) {
  NANO_TRY_ASSIGN(const auto files, draft_files(drafts));
  std::vector<std::string> documents;
  std::vector<SignedRow> out;
  for (const fs::Path& file : files) {
    NANO_TRY_ASSIGN(documents.emplace_back(), fs::read_file(file, kMaxDraft));
    NANO_TRY_ASSIGN(const auto doc, verify::tuf::parse_document(documents.back(), kMaxDraft));
    SignedRow row{.file = file};
    const auto& mark =
        doc.body.is_object() && doc.body.contains("x-nano-role") ? doc.body["x-nano-role"] : Json();
    if (mark.is_object() && mark.contains("name") && mark["name"].is_string())
      row.role = mark["name"].get<std::string>();
    if (doc.body.is_object() && doc.body.contains("version") && doc.body["version"].is_number_unsigned())
      row.version = doc.body["version"].get<uint64_t>();
    for (const auto& s : doc.signatures) row.signed_by.push_back(s.key_id);
    out.push_back(std::move(row));
  }
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, options, "sign"));
  NANO_TRY(place.repo->install(documents));
  return out;
}

}  // namespace nano::server
