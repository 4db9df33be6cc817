// server/workplace.cpp: from a folder and the ways to its passphrase to a repository that can be changed.
#include "server/workplace.h"

#include "base/fs_change.h"
#include "base/json.h"
#include "base/text.h"
#include "registry/tree.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/names.h"
#include "verify/tuf/registry_id.h"

namespace nano::server {
namespace {

constexpr std::string_view kSettingsSchema = "nano.registry-settings/1";
constexpr std::string_view kSettingsFile = "settings.json";
constexpr uint64_t kMaxSettings = 4096;
constexpr uint64_t kMaxRekeyDays = 365;
const std::vector<std::string>& mode_words() {
  static const std::vector<std::string> words{"simple", "offline", "static", "unknown"};
  return words;
}

constexpr std::size_t kModesWritten = 3;  ///< the last word is never written
constexpr UnixTime kEarliest = 1'735'689'600;  ///< 2025-01-01: no clock that is right shows less
constexpr UnixTime kLatest = 4'102'444'800;    ///< 2100-01-01
/// A registry that was not signed for longer than any of its roles lives is left alone, or the clock is wrong: a person knows.
constexpr int64_t kMaxAhead = 400 * registry::roles::kDay;
constexpr int64_t kMaxBack = registry::roles::kDay;

/// Passphrases in the order a person would expect: given for that side, given for the other one, asked for, none.
registry::AskPassphrase asker(const KeyOptions& options, const fs::Path& online) {
  return [options, online](const fs::Path& folder, bool for_new,
                           uint32_t attempt) -> Result<std::optional<verify::Secret>> {
    const bool away = folder != online;
    std::vector<std::string> given{options.passphrase, options.offline_passphrase};
    if (away) std::swap(given.front(), given.back());
    if (for_new && !away) given.pop_back();  // what protects the keys elsewhere is not for those that lie here
    std::erase(given, std::string());
    if (attempt < given.size()) return std::optional<verify::Secret>(std::in_place, given[attempt]);
    if (options.ask && attempt == given.size()) {
      const std::string whose = std::string(away ? "the offline keys in " : "the keys in ") + folder.string();
      NANO_TRY_ASSIGN(const std::string first,
                      options.ask(for_new ? "new passphrase for " + whose + " (empty: not encrypted): "
                                          : "passphrase of " + whose + ": "));
      if (for_new && !first.empty()) {
        NANO_TRY_ASSIGN(const std::string second, options.ask("the same once more: "));
        if (first != second)
          return make_error(Errc::usage, "the two passphrases differ", "run the command again");
      }
      if (!first.empty()) return std::optional<verify::Secret>(std::in_place, first);
    }
    if (for_new && away && options.must_encrypt)
      return make_error(Errc::denied,
                        "keys that are kept offline are written encrypted, and no passphrase was given",
                        "give it with --offline-passphrase-file FILE or NANO_OFFLINE_KEY_PASSPHRASE (or, for all keys, "
                        "--passphrase-file or NANO_KEY_PASSPHRASE)");
    return std::optional<verify::Secret>();
  };
}

fs::Path with_keys(fs::Path base) {
  if (!base.has_filename()) base = base.parent_path();
  base += ".keys";
  return base;
}

Status check_clock(UnixTime now, UnixTime last, const KeyOptions& options) {
  if (options.clock_is_right) return Unit{};
  const bool ahead = now - last > kMaxAhead;
  if (!ahead && last - now <= kMaxBack) return Unit{};
  return make_error(Errc::refused,
                    "this machine's clock says " + format_time(now) + ", and the registry was last signed on " +
                        format_time(last) + ": " +
                        (ahead ? "what is signed now would hold long after everything else has run out"
                               : "clients would take what is signed now for older than what they have"),
                    "set the clock; if it is right, say --clock-is-right");
}

}  // namespace

std::string_view to_text(Mode mode) {
  return mode_words()[static_cast<std::size_t>(mode)];
}

fs::Path keys_folder(const fs::Path& dir) {
  // "DIR/" and "DIR" are the same folder; "." has a name only once it is absolute. A link may have been there when the registry
  // was made, or be made later: the settings decide which of the two places is its.
  std::error_code failed;
  const fs::Path typed = with_keys(std::filesystem::absolute(dir).lexically_normal());
  const fs::Path resolved = std::filesystem::weakly_canonical(dir, failed);
  const fs::Path real = failed ? typed : with_keys(resolved);
  if (fs::exists(real / kSettingsFile) || !fs::exists(typed / kSettingsFile)) return real;
  return typed;
}

std::string id_of_tree(const fs::Path& dir) {
  const auto root = fs::read_file(dir / registry::tree::metadata("1.root.json"), verify::tuf::Limits{}.root_bytes);
  if (!root) return {};
  const auto id = verify::tuf::registry_id(*root);
  return id ? id->hex() : std::string();
}

Result<UnixTime> signing_time(const KeyOptions& options) {
  const UnixTime when = options.now != 0 ? options.now : now();
  if (options.clock_is_right || (when >= kEarliest && when < kLatest)) return when;
  return make_error(Errc::refused, "this machine's clock says " + format_time(when) + ", which cannot be right",
                    "set the clock: signatures say until when they hold; if it is right, say --clock-is-right");
}

registry::roles::Lifetimes Settings::lifetimes() const {
  return mode == Mode::fixed && static_seconds > 0 ? registry::roles::Lifetimes::all(static_seconds)
                                                   : registry::roles::Lifetimes{};
}

Result<KeysHome> find_settings(const fs::Path& dir, const std::vector<fs::Path>& more) {
  const std::string id = id_of_tree(dir);
  KeysHome out{.folder = keys_folder(dir)};
  auto beside = read_settings(out.folder);
  if (!beside && beside.error().code != Errc::not_found) return std::move(beside.error());
  if (beside && (beside->registry.empty() || id.empty() || beside->registry == id)) {
    out.settings = *beside;
    return out;
  }
  for (const fs::Path& folder : more) {
    auto there = read_settings(folder);
    if (!there || (!there->registry.empty() && there->registry != id)) continue;
    return KeysHome{.folder = folder, .settings = *there};
  }
  if (beside)
    return make_error(Errc::refused,
                      "'" + (out.folder / kSettingsFile).string() + "' belongs to another registry (" +
                          sanitize(beside->registry.substr(0, 16)) + ")",
                      "name the folder of this registry's keys with --keys FOLDER");
  return make_error(Errc::not_found,
                    "the settings of this registry are not there: '" + (out.folder / kSettingsFile).string() + "'",
                    "when its keys lie elsewhere, name their folder with --keys FOLDER; when the file is lost, write it: "
                    "share/doc/nanom/HOSTING.md shows it");
}

Result<Settings> read_settings(const fs::Path& folder) {
  const fs::Path file = folder / kSettingsFile;
  auto bytes = fs::read_file(file, kMaxSettings);
  if (!bytes) return std::move(bytes.error());
  NANO_TRY_ASSIGN(const Json doc, parse_json(*bytes, {.max_bytes = kMaxSettings, .max_depth = 4}));
  const auto bad = [&](const char* what) {
    return make_error(Errc::invalid, "'" + file.string() + "': " + what,
                      "mend it by hand; share/doc/nanom/HOSTING.md shows it");
  };
  if (!doc.is_object() || doc.value("schema", "") != kSettingsSchema)
    return bad("the schema is not nano.registry-settings/1");
  Settings out;
  const std::string mode =
      doc.contains("mode") && doc["mode"].is_string() ? doc["mode"].get<std::string>() : "";
  std::size_t at = 0;
  while (at < kModesWritten && mode_words()[at] != mode) ++at;
  if (at == kModesWritten) return bad("the mode is none of simple, offline, static");
  out.mode = static_cast<Mode>(at);
  if (out.mode == Mode::fixed) {
    const auto days = doc.find("days");
    if (days == doc.end() || !days->is_number_unsigned() || days->get<uint64_t>() < 1 ||
        days->get<uint64_t>() > kMaxStaticDays)
      return bad("a static registry needs its days");
    out.static_seconds = static_cast<int64_t>(days->get<uint64_t>()) * registry::roles::kDay;
  }
  if (const auto wait = doc.find("rekey_wait_days"); wait != doc.end()) {
    if (!wait->is_number_unsigned() || wait->get<uint64_t>() > kMaxRekeyDays)
      return bad("rekey_wait_days is a number of days, at most 365");
    out.rekey_days = static_cast<int64_t>(wait->get<uint64_t>());
  }
  if (const auto id = doc.find("registry"); id != doc.end() && id->is_string()) out.registry = id->get<std::string>();
  out.unfinished = doc.contains("unfinished");
  return out;
}

Status write_settings(const fs::Path& folder, const Settings& settings) {
  NANO_TRY(fs::make_dirs(folder, 0700));
  Json doc = {{"schema", std::string(kSettingsSchema)}, {"mode", std::string(to_text(settings.mode))}};
  if (settings.mode == Mode::fixed) doc["days"] = settings.static_seconds / registry::roles::kDay;
  if (!settings.registry.empty()) doc["registry"] = settings.registry;
  if (settings.unfinished) doc["unfinished"] = true;
  return fs::rewrite(folder / kSettingsFile, dump_pretty(doc));
}

Result<registry::KeyStore> open_keys(const fs::Path& online, const std::optional<fs::Path>& offline,
                                     const KeyOptions& options) {
  return registry::KeyStore::open({.online = online, .offline = offline, .more = options.folders},
                                  asker(options, online));
}

Result<fs::Path> write_draft(const registry::Draft& draft, const fs::Path& folder) {
  NANO_TRY(fs::make_dirs(folder));
  const fs::Path file = folder / verify::tuf::metadata_file(draft.role, draft.version);
  NANO_TRY(fs::rewrite(file, draft.bytes));
  return file;
}

Result<Workplace> Workplace::open(const fs::Path& dir, const KeyOptions& options, std::string_view command) {
  // First of all: whoever names a wrong folder is told that, not that its settings are missing.
  if (!fs::exists(dir / registry::tree::metadata("1.root.json")))
    return make_error(Errc::not_found, "there is no registry in '" + dir.string() + "'",
                      "`nano-registry init DIR` makes one");
  Workplace out;
  NANO_TRY_ASSIGN(out.now, signing_time(options));
  NANO_TRY_ASSIGN(KeysHome home, find_settings(dir, options.folders));
  out.keys_home = std::move(home.folder);
  out.settings = std::move(home.settings);
  NANO_TRY_ASSIGN(auto keys, open_keys(out.keys_home, std::nullopt, options));
  out.keys = std::make_unique<registry::KeyStore>(std::move(keys));
  NANO_TRY(out.open_tree(dir, {.holder = "nano-registry " + std::string(command)}));
  NANO_TRY(check_clock(out.now, out.repo->timestamp_expires() - out.settings.lifetimes().timestamp, options));
  NANO_TRY(out.keys->look_again());  // whoever held the lock before may have made a namespace, and its key
  NANO_TRY(out.keys->tidy());
  return out;
}

Result<Workplace> Workplace::look(const fs::Path& dir, UnixTime now) {
  Workplace out;
  out.now = now;
  out.settings.mode = Mode::unknown;
  out.keys_home = keys_folder(dir);
  // Whoever may read the tree need not be allowed to look at its keys.
  auto home = find_settings(dir, {});
  if (home) out.settings = std::move(home->settings);
  if (!home && home.error().code == Errc::invalid) return std::move(home.error());
  auto keys = open_keys(out.keys_home, std::nullopt, {});
  if (!keys) {
    keys = open_keys({}, std::nullopt, {});
    if (!keys) return std::move(keys.error());
  }
  out.keys = std::make_unique<registry::KeyStore>(std::move(*keys));
  NANO_TRY(out.open_tree(dir, {.read_only = true}));
  return out;
}

Status Workplace::open_tree(const fs::Path& dir, registry::OpenOptions how) {
  how.now = now;
  how.lifetimes = settings.lifetimes();
  how.adopt_namespaces = settings.mode != Mode::offline;
  how.rekey_wait = settings.rekey_days * registry::roles::kDay;
  NANO_TRY_ASSIGN(repo, registry::Repository::open(dir, how, *keys));
  return Unit{};
}

}  // namespace nano::server
