// app/context.cpp: flag > variable > user > system, and which registries there are.
#include "app/context.h"

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

#include "base/env.h"
#include "base/text.h"
#include "base/url.h"
#include "registry/client/url.h"

namespace nano::app {
namespace {

Result<schemas::Config> read_config(const fs::Path& path) {
  // A link to a file that is not there yet (dotfiles on a new machine) counts as no file.
  const auto bytes = fs::read_file(path, schemas::kMaxConfigBytes);
  if (!bytes && bytes.error().code == Errc::not_found) return schemas::Config{};
  if (!bytes) return bytes.error();
  auto config = schemas::parse_config(*bytes);
  if (!config) {
    Error e = std::move(config.error()).while_("reading " + path.string());
    if (e.hint.empty()) e.hint = "mend the file, or move it away to start afresh";
    return e;
  }
  return config;
}

/// flag, else variable, else user, else system, else false.
Result<bool> choose(const std::optional<bool>& flag, const char* variable, const std::optional<bool>& user,
                    const std::optional<bool>& system) {
  if (flag) return *flag;
  NANO_TRY_ASSIGN(const std::optional<bool> env, env_bool(variable));
  return env ? *env : user ? *user : system.value_or(false);
}

/// Only a shell makes a home folder of '~', and only outside quotes: in a unit file or a Dockerfile it stays a letter.
void warn_of_tildes(Log& log) {
  for (const char* name : {"NANO_HOME", "NANO_STORE", "NANO_STORE_PATH", "NANO_PROJECT", "NANO_STARTER", "NANO_CA_FILE"}) {
    const char* v = std::getenv(name);
    if (v == nullptr || *v != '~') continue;
    log.warn(std::string(name) + " is '" + sanitize(v) + "': the '~' is taken as it stands, for a folder of that name in the working folder; write the home folder out");
  }
}

std::optional<Registry> starter_registry() {
  const auto dir = find_starter();
  if (!dir) return std::nullopt;
  Registry r;
  r.starter = true;
  r.from = "starter";
  r.config.name = kStarterName;
  r.config.url = file_url(*dir);
  r.config.namespaces = {std::string(kStarterName)};
  return r;
}

}  // namespace

std::optional<fs::Path> find_starter() {
  std::vector<fs::Path> places;
  if (const char* env = std::getenv("NANO_STARTER"); env != nullptr && *env != '\0') {
    std::error_code ec;
    places.emplace_back(std::filesystem::absolute(env, ec));  // named: nothing else is looked at
  } else {
    std::error_code ec;
    const fs::Path exe = std::filesystem::read_symlink("/proc/self/exe", ec);
    // bin/nano in a build or an install; lib/nanom/bin/nano in the Debian package.
    if (!ec)
      places = {exe.parent_path().parent_path() / "share" / "nanom" / "starter",
                exe.parent_path().parent_path().parent_path().parent_path() / "share" / "nanom" / "starter"};
  }
  for (const auto& p : places)
    if (fs::exists(p / "registry.json") && fs::exists(p / kStarterRoot)) return p.lexically_normal();
  return std::nullopt;
}

Result<schemas::Config> read_user_config(const schemas::Places& places) {
  return read_config(places.user_config());
}

Result<Context> make_context(const Flags& flags, Log& log, Progress& progress) {
  Context ctx;
  ctx.flags = flags;
  ctx.log = &log;
  ctx.progress = &progress;
  ctx.now = now();
  const schemas::GetEnv getenv = [](const char* n) -> const char* { return std::getenv(n); };
  warn_of_tildes(log);
  NANO_TRY_ASSIGN(ctx.places, schemas::find_places(getenv, flags.store));
  NANO_TRY_ASSIGN(ctx.system_config, read_config(ctx.places.system_config()));
  NANO_TRY_ASSIGN(ctx.user_config, read_config(ctx.places.user_config()));
  NANO_TRY_ASSIGN(const schemas::Config merged, schemas::merge(ctx.system_config, ctx.user_config));
  if (!merged.store.empty()) {
    NANO_TRY_ASSIGN(ctx.places, schemas::find_places(getenv, flags.store, merged.store));
  }

  const auto& u = ctx.user_config;
  const auto& s = ctx.system_config;
  NANO_TRY_ASSIGN(ctx.settings.json, choose(flags.json, "NANO_JSON", u.json, s.json));
  NANO_TRY_ASSIGN(ctx.settings.quiet, choose(flags.quiet, "NANO_QUIET", u.quiet, s.quiet));
  NANO_TRY_ASSIGN(ctx.settings.verbose, choose(flags.verbose, "NANO_VERBOSE", u.verbose, s.verbose));
  NANO_TRY_ASSIGN(ctx.settings.offline, choose(flags.offline, "NANO_OFFLINE", u.offline, s.offline));
  ctx.settings.registry = flags.registry;
  if (ctx.settings.registry.empty())
    if (const char* env = std::getenv("NANO_REGISTRY"); env != nullptr) ctx.settings.registry = env;
  if (ctx.settings.registry.empty()) ctx.settings.registry = merged.registry;

  for (const auto& r : merged.registries)
    ctx.registries.push_back({r, false, u.find(r.name) != nullptr ? "user" : "system"});
  const bool root_taken = std::any_of(merged.registries.begin(), merged.registries.end(),
                                      [](const auto& r) { return r.root_namespace; });
  if (auto starter = starter_registry(); starter) {
    starter->config.root_namespace = !root_taken;
    ctx.registries.push_back(std::move(*starter));
  }
  if (const std::string& wanted = ctx.settings.registry; !wanted.empty()) {
    const auto named = [&](const Registry& r) {
      return r.config.name == wanted || r.config.url == wanted || registry::same_registry_url(r.config.url, wanted) ||
             (wanted.find('/') != std::string::npos && registry::same_registry_url(r.config.url, file_url(wanted)));
    };
    const auto it = std::find_if(ctx.registries.begin(), ctx.registries.end(), named);
    // An unknown name is reported where a registry is needed, so that `nano registry add` still works under
    // it.
    if (it != ctx.registries.end()) {
      Registry only = *it;
      ctx.registries = {std::move(only)};
    } else {
      ctx.registries.clear();
    }
  }
  return ctx;
}

Result<const Registry*> registry_for(const Context& ctx, const std::string& ns) {
  for (const auto& r : ctx.registries) {
    if (ns == kStarterName && !r.starter) continue;  // a name that no other registry can take
    const bool owns = ns == schemas::kRootNamespace
                          ? r.config.root_namespace
                          : std::find(r.config.namespaces.begin(), r.config.namespaces.end(), ns) !=
                                r.config.namespaces.end();
    if (owns) return &r;
  }
  if (!ctx.settings.registry.empty())
    return make_error(Errc::not_found,
                      "the registry '" + display_url(ctx.settings.registry) +
                          "' is not configured, or does not own the namespace '" + ns + "'",
                      ns == schemas::kRootNamespace && !ctx.registries.empty() && ctx.registries.front().starter
                          ? "its packages are called starter/NAME here"
                          : "see `nano registry list`");
  if (ns == kStarterName)
    return make_error(Errc::not_found, "the registry that came with nano, which 'starter/' means, is not beside this program", "install nano again");
  if (ns == schemas::kRootNamespace)
    return make_error(Errc::not_found, "no registry is configured for packages without a namespace",
                      "add one: `nano registry add NAME URL --root-namespace --root root.json`");
  return make_error(Errc::not_found, "no configured registry owns the namespace '" + ns + "'",
                    "add the one that does: `nano registry add NAME URL --namespaces " + ns + " --root root.json`");
}

}  // namespace nano::app
