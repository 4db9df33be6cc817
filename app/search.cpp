// app/search.cpp: words against the signed indexes.
#include "app/search.h"

#include <algorithm>

#include "app/list.h"
#include "app/remote.h"
#include "base/text.h"

namespace nano::app {
namespace {

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

/// The newest version that is not yanked, releases before pre-releases; nullptr when there is none.
const schemas::IndexVersion* newest(const schemas::IndexPackage& p) {
  const schemas::IndexVersion* best = nullptr;
  for (const auto& v : p.versions) {
    if (!v.yanked.empty()) continue;
    if (best == nullptr || !(v.version.is_prerelease() && !best->version.is_prerelease()))
      best = &v;  // versions rise
  }
  return best;
}

/// 0 = no match; every word must occur somewhere, and a word in the name counts most.
int score(const schemas::IndexPackage& p, const std::vector<std::string>& words) {
  const std::string name = lower(p.name.text());
  const std::string title = lower(p.title);
  const std::string task = lower(p.task);
  std::string rest = lower(p.description);
  for (const auto& k : p.keywords) rest += "\n" + lower(k);
  int total = 1;
  for (const auto& w : words) {
    int s = 0;
    if (name == w)
      s = 100;
    else if (name.starts_with(w))
      s = 40;
    else if (name.find(w) != std::string::npos)
      s = 30;
    else if (title.find(w) != std::string::npos)
      s = 10;
    else if (task.find(w) != std::string::npos)
      s = 8;
    else if (rest.find(w) != std::string::npos)
      s = 4;
    if (s == 0) return 0;
    total += s;
  }
  return total;
}

std::string headline(const schemas::IndexPackage& p) {
  for (const auto& c : p.claims)
    if (!c.metric.empty())
      return c.metric + " " + c.value.text() + (c.dataset.empty() ? "" : " on " + c.dataset);
  return {};
}

SearchHit hit_of(const schemas::IndexPackage& p, const schemas::IndexVersion& v, const std::string& registry,
                 bool installed) {
  SearchHit h{.name = p.name.text(),
              .version = v.version.text(),
              .title = p.title,
              .task = p.task,
              .languages = p.languages,
              .license = p.license,
              .parameters = p.parameters,
              .bytes = 0,
              .headline = headline(p),
              .registry = registry,
              .installed = installed};
  for (const auto& variant : v.variants)
    if (variant.is_default || v.variants.size() == 1) h.bytes = variant.size;
  return h;
}

}  // namespace

Result<SearchReport> search(Context& ctx, const SearchOptions& options) {
  std::vector<std::string> words;
  for (const auto& w : split(lower(options.query), ' '))
    if (!w.empty()) words.push_back(w);
  NANO_TRY_ASSIGN(const auto installed_now, installed_names(ctx));
  Remotes remotes(ctx);
  std::vector<std::pair<int, SearchHit>> found;
  std::optional<Error> first_error;
  std::size_t read = 0;
  for (const auto& registry : ctx.registries) {
    auto remote = remotes.for_registry(registry);
    auto index = remote ? (*remote)->index() : Result<const schemas::Index*>(remote.error());
    if (!index) {
      // One registry that is down must not hide the others.
      ctx.log->warn("the registry '" + registry.config.name +
                    "' could not be searched: " + index.error().message);
      if (!first_error) first_error = index.error();
      continue;
    }
    ++read;
    for (const auto& p : (*index)->packages) {
      // A registry speaks for the namespaces it owns and for no other.
      const auto owner = registry_for(ctx, p.name.ns);
      if (!owner || (*owner)->config.name != registry.config.name) continue;
      if (!options.task.empty() && p.task != options.task) continue;
      if (!options.language.empty() &&
          std::find(p.languages.begin(), p.languages.end(), options.language) == p.languages.end())
        continue;
      if (!options.license.empty() && lower(p.license).find(lower(options.license)) == std::string::npos)
        continue;
      const int s = score(p, words);
      const schemas::IndexVersion* v = newest(p);
      if (s == 0 || v == nullptr) continue;
      const bool here =
          std::find(installed_now.begin(), installed_now.end(), p.name.text()) != installed_now.end();
      found.emplace_back(s, hit_of(p, *v, registry.config.name, here));
    }
  }
  if (read == 0 && first_error) return *first_error;
  if (ctx.registries.empty()) NANO_TRY(registry_for(ctx, std::string(schemas::kRootNamespace)));
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second.name < b.second.name;
  });
  SearchReport report;
  report.total = found.size();
  for (auto& [s, h] : found)
    if (report.hits.size() < options.limit) report.hits.push_back(std::move(h));
  return report;
}

}  // namespace nano::app
