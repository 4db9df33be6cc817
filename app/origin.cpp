// app/origin.cpp: the command that a fresh clone lacks.
#include "app/origin.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/url.h"
#include "registry/client/url.h"

namespace nano::app {
namespace {

/// One word of a shell, an address that nano could use, in the one spelling.
std::string address_or_word(const std::string& url) {
  const auto parsed = registry::parse_registry_url(url);
  if (!parsed) return "URL";
  constexpr std::string_view kPlain = ":/._~%[]@+,=-";
  const bool plain = std::all_of(parsed->text.begin(), parsed->text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
  });
  return plain ? parsed->text : "URL";
}

/// What to call it: its first namespace, else a name made of its host or folder.
std::string name_for(const std::vector<std::string>& namespaces, const std::string& url) {
  if (!namespaces.empty()) return namespaces.front();
  std::string_view rest = url;
  const bool is_file = is_file_url(url);
  rest.remove_prefix(std::min(rest.size(), rest.find("://") == std::string_view::npos ? 0 : rest.find("://") + 3));
  rest = is_file ? rest.substr(rest.rfind('/') == std::string_view::npos ? 0 : rest.rfind('/') + 1) : rest.substr(0, rest.find_first_of(":/"));
  std::string out;
  for (const char c : rest) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (fine) out += c;
    else if (!out.empty() && out.back() != '-') out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() || out == kStarterName || !schemas::check_simple_name(out, "") ? "project" : out;
}

/// Of the locked packages that `wanted` names; null: of all.
std::vector<schemas::OriginRule> origins_in(const schemas::Lockfile& lock, const std::vector<schemas::Dependency>* wanted) {
  std::map<std::string, schemas::OriginRule> by_id;
  for (const auto& p : lock.packages) {
    const auto names = [&](const auto& d) { return d.name == p.name; };
    if (p.registry_id.empty() || (wanted != nullptr && std::none_of(wanted->begin(), wanted->end(), names))) continue;
    schemas::OriginRule& origin = by_id[p.registry_id];
    origin.id = p.registry_id;
    if (const auto* registry = lock.find_registry(p.registry_id)) origin.url = registry->url;
    if (p.name.in_root())
      origin.root_namespace = true;
    else if (origin.namespaces.empty() || origin.namespaces.back() != p.name.ns)  // packages are sorted by namespace
      origin.namespaces.push_back(p.name.ns);
  }
  std::vector<schemas::OriginRule> out;
  for (auto& [id, origin] : by_id) out.push_back(std::move(origin));
  return out;
}

}  // namespace

std::vector<schemas::OriginRule> origins_of(const Project& project) {
  return project.lock ? origins_in(*project.lock, nullptr) : project.manifest.registries;
}

std::vector<schemas::OriginRule> origins_to_write(const Project& project, const schemas::Lockfile& lock) {
  auto out = origins_in(lock, &project.manifest.dependencies);
  for (auto& origin : out)
    for (const auto& old : project.manifest.registries)
      if (old.id == origin.id && !old.url.empty()) origin.url = old.url;
  return out;
}

std::string add_command(const schemas::OriginRule& origin) {
  const std::string url = address_or_word(origin.url);
  std::vector<std::string> namespaces;
  std::string list;
  for (const auto& ns : origin.namespaces) {
    if (!schemas::check_simple_name(ns, "")) continue;
    namespaces.push_back(ns);
    list += (list.empty() ? "" : ",") + ns;
  }
  return "nano registry add " + name_for(namespaces, url) + " " + url + (list.empty() ? "" : " --namespaces " + list) +
         (origin.root_namespace ? " --root-namespace" : "") + " --root-fingerprint " + origin.id;
}

Error tell_origin(const Context& ctx, Error error) {
  if (error.code != Errc::not_found && error.code != Errc::no_solution && error.code != Errc::untrusted) return error;
  const auto project = find_project(ctx);
  if (!project || !*project) return error;
  std::string commands;
  for (const auto& origin : origins_of(**project)) {
    const auto id = Digest::parse_hex(origin.id);
    const bool known = !id || std::any_of(ctx.registries.begin(), ctx.registries.end(), [&](const Registry& r) { return r.config.root == *id; });
    if (!known) commands += (commands.empty() ? "`" : ", `") + add_command(origin) + "`";
  }
  if (commands.empty()) return error;
  error.hint = "the project has packages of a registry that is not configured here; if you trust it: " + commands;
  return error;
}

}  // namespace nano::app
