// server/workplace.cpp: from a folder and the ways to its passphrase to a repository that can be changed.
#include "server/workplace.h"

#include "base/json.h"
#include "base/text.h"
#include "verify/tuf/names.h"

namespace nano::server {
namespace {

constexpr std::string_view kSettingsSchema = "nano.registry-settings/1";
constexpr uint64_t kMaxSettings = 4096;
constexpr uint64_t kMaxRekeyDays = 365;
const std::vector<std::string>& mode_words() {
  static const std::vector<std::string> words{"simple", "offline", "static"};
  return words;
}

/// Passphrases in the order a person would expect: given, asked for, none.
registry::AskPassphrase asker(const KeyOptions& options) {
  return [options](const fs::Path& folder, bool for_new) -> Result<std::optional<verify::Secret>> {
    if (!options.passphrase.empty()) return std::optional<verify::Secret>(std::in_place, options.passphrase);
    if (options.ask) {
      NANO_TRY_ASSIGN(
          const std::string first,
          options.ask((for_new ? "new passphrase for the keys in " : "passphrase of the keys in ") +
                      folder.string() + (for_new ? " (empty: not encrypted): " : ": ")));
      if (for_new && !first.empty()) {
        NANO_TRY_ASSIGN(const std::string second, options.ask("the same once more: "));
        if (first != second)
          return make_error(Errc::usage, "the two passphrases differ", "run the command again");
      }
      if (!first.empty()) return std::optional<verify::Secret>(std::in_place, first);
    }
    if (for_new && options.must_encrypt)
      return make_error(Errc::denied,
                        "keys that are kept offline are written encrypted, and no passphrase was given",
                        "give it with --passphrase-file FILE or NANO_KEY_PASSPHRASE");
    return std::optional<verify::Secret>();
  };
}

}  // namespace

std::string_view to_text(Mode mode) {
  return mode_words()[static_cast<std::size_t>(mode)];
}

fs::Path keys_folder(const fs::Path& dir) {
  // "DIR/" and "DIR" are the same folder; "." has a name only once it is absolute.
  fs::Path base = std::filesystem::absolute(dir).lexically_normal();
  if (!base.has_filename()) base = base.parent_path();
  base += ".keys";
  return base;
}

registry::roles::Lifetimes Settings::lifetimes() const {
  return mode == Mode::fixed && static_seconds > 0 ? registry::roles::Lifetimes::all(static_seconds)
                                                   : registry::roles::Lifetimes{};
}

Result<Settings> read_settings(const fs::Path& dir) {
  const fs::Path file = keys_folder(dir) / "settings.json";
  auto bytes = fs::read_file(file, kMaxSettings);
  if (!bytes && bytes.error().code == Errc::not_found) return Settings{};
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
  while (at < mode_words().size() && mode_words()[at] != mode) ++at;
  if (at == mode_words().size()) return bad("the mode is none of simple, offline, static");
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
  return out;
}

Status write_settings(const fs::Path& dir, const Settings& settings) {
  const fs::Path folder = keys_folder(dir);
  NANO_TRY(fs::make_dirs(folder, 0700));
  Json doc = {{"schema", std::string(kSettingsSchema)}, {"mode", std::string(to_text(settings.mode))}};
  if (settings.mode == Mode::fixed) doc["days"] = settings.static_seconds / registry::roles::kDay;
  return fs::write_atomic(folder / "settings.json", dump_pretty(doc));
}

Result<registry::KeyStore> open_keys(const fs::Path& online, const std::optional<fs::Path>& offline,
                                     const KeyOptions& options) {
  return registry::KeyStore::open({.online = online, .offline = offline, .more = options.folders},
                                  asker(options));
}

Result<fs::Path> write_draft(const registry::Draft& draft, const fs::Path& folder) {
  NANO_TRY(fs::make_dirs(folder));
  const fs::Path file = folder / verify::tuf::metadata_file(draft.role, draft.version);
  NANO_TRY(fs::write_atomic(file, draft.bytes));
  return file;
}

Result<Workplace> Workplace::open(const fs::Path& dir, const KeyOptions& options, std::string_view command) {
  registry::OpenOptions how{.holder = "nano-registry " + std::string(command)};
  return open(dir, options, std::move(how));
}

Result<Workplace> Workplace::look(const fs::Path& dir) {
  return open(dir, {}, registry::OpenOptions{.read_only = true});
}

Result<Workplace> Workplace::open(const fs::Path& dir, const KeyOptions& options, registry::OpenOptions how) {
  Workplace out;
  NANO_TRY_ASSIGN(out.settings, read_settings(dir));
  NANO_TRY_ASSIGN(const UnixTime when, build_time());
  NANO_TRY_ASSIGN(auto keys, open_keys(keys_folder(dir), std::nullopt, options));
  out.keys = std::make_unique<registry::KeyStore>(std::move(keys));
  how.now = when;
  how.lifetimes = out.settings.lifetimes();
  how.adopt_namespaces = out.settings.mode != Mode::offline;
  how.rekey_wait = out.settings.rekey_days * registry::roles::kDay;
  NANO_TRY_ASSIGN(out.repo, registry::Repository::open(dir, how, *out.keys));
  NANO_TRY(out.keys->look_again());  // whoever held the lock before may have made a namespace, and its key
  return out;
}

}  // namespace nano::server
