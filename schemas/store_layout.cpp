// schemas/store_layout.cpp: joins parsed values to paths; reads the environment through the function it is given.
#include "schemas/store_layout.h"

#include <system_error>

#include "base/text.h"

namespace nano::schemas {
namespace {

namespace stdfs = std::filesystem;

/// The variable's value; an empty one counts as unset.
std::string value(const GetEnv& getenv, const char* name) {
  const char* v = getenv(name);
  return v == nullptr ? std::string() : std::string(v);
}

stdfs::path absolute(const stdfs::path& p) {
  std::error_code ec;
  const stdfs::path a = stdfs::absolute(p, ec);
  return (ec ? p : a).lexically_normal();
}

/// $XDG_…/nanom, else $HOME/<fallback>/nanom; empty when neither is set.
stdfs::path xdg(const GetEnv& getenv, const char* variable, std::string_view fallback) {
  const std::string v = value(getenv, variable);
  if (!v.empty() && v[0] == '/') return stdfs::path(v) / "nanom";
  const std::string home = value(getenv, "HOME");
  if (home.empty()) return {};
  return absolute(home) / fallback / "nanom";
}

}  // namespace

StoreLayout::Path StoreLayout::blob(const Digest& d) const {
  const std::string hex = d.hex();
  return blobs() / hex.substr(0, 2) / hex;
}

std::string package_dir(const PackageName& n, const Version& v, std::string_view variant) {
  return "pkgs/" + n.ns + "/" + n.name + "/" + v.text() + "~" + std::string(variant.empty() ? kNoVariant : variant);
}

StoreLayout::Path StoreLayout::package(const PackageName& n, const Version& v, std::string_view variant) const {
  return root_ / package_dir(n, v, variant);
}
StoreLayout::Path StoreLayout::manifest(const PackageName& n, const Version& v, std::string_view variant) const {
  return package(n, v, variant) / "nano.json";
}
StoreLayout::Path StoreLayout::generation(uint64_t number) const { return generations() / (std::to_string(number) + ".json"); }
StoreLayout::Path StoreLayout::project_root(const Digest& of_project_path) const {
  return project_roots() / (of_project_path.hex() + ".json");
}

Result<uint64_t> parse_current(std::string_view text) {
  const auto bad = [] {
    return make_error(Errc::store, "the store's file 'current' does not hold a generation number", "run `nano history`, then `nano rollback --to N`, or `nano verify --repair`");
  };
  if (text.empty() || text.back() != '\n') return bad();
  text.remove_suffix(1);
  if (text.empty() || text.size() > 15 || text[0] == '0') return bad();
  uint64_t n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return bad();
    n = n * 10 + static_cast<uint64_t>(c - '0');
  }
  return n;
}

std::string current_text(uint64_t number) { return std::to_string(number) + "\n"; }

Result<Places> find_places(const GetEnv& getenv, std::string_view store_flag, std::string_view store_from_config) {
  Places places;
  const std::string home = value(getenv, "NANO_HOME");
  const std::string store = value(getenv, "NANO_STORE");
  if (!store_flag.empty()) {
    places.store = absolute(store_flag);
  } else if (!store.empty()) {
    places.store = absolute(store);
  } else if (!home.empty()) {
    places.store = absolute(home) / "store" / "v1";
  } else if (!store_from_config.empty()) {
    places.store = absolute(store_from_config);
  } else if (const auto data = xdg(getenv, "XDG_DATA_HOME", ".local/share"); !data.empty()) {
    places.store = data / "store" / "v1";
  }
  places.config_dir = home.empty() ? xdg(getenv, "XDG_CONFIG_HOME", ".config") : absolute(home) / "config";
  places.cache = home.empty() ? xdg(getenv, "XDG_CACHE_HOME", ".cache") : absolute(home) / "cache";
  if (const auto data = xdg(getenv, "XDG_DATA_HOME", ".local/share"); !home.empty()) {
    places.trust = absolute(home) / "trust";
  } else if (!data.empty()) {
    places.trust = data / "trust";
  }
  if (places.store.empty())
    return make_error(Errc::usage, "there is no place for the store: neither NANO_STORE, NANO_HOME, XDG_DATA_HOME nor HOME is set", "set NANO_HOME to a folder of yours");
  // A store given alone (an embedder's service without HOME) still needs somewhere for the others.
  if (places.config_dir.empty()) places.config_dir = places.store / "config";
  if (places.cache.empty()) places.cache = places.store / "cache";
  if (places.trust.empty()) places.trust = places.store / "trust";
  for (const std::string& p : split(value(getenv, "NANO_STORE_PATH"), ':'))
    if (!p.empty()) places.read_only_stores.push_back(absolute(p));
  return places;
}

}  // namespace nano::schemas
