// app/search.cpp: words against the signed indexes.
#include "app/search.h"

#include <algorithm>
#include <optional>
#include <set>

#include "app/list.h"
#include "app/remote.h"
#include "base/text.h"
#include "resolver/task.h"
#include "schemas/first_choice.h"

namespace nano::app {
namespace {

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

/// The first choice among the versions that are not yanked; nullptr when there is none.
const schemas::IndexVersion* newest(const schemas::IndexPackage& p) {
  const schemas::IndexVersion* best = nullptr;
  for (const auto& v : p.versions) {
    if (!v.yanked.empty()) continue;
    if (best == nullptr || schemas::is_taken_before(v.version, best->version)) best = &v;
  }
  return best;
}

/// What is looked through, in lower case, once for each package.
struct Words {
  std::string name{};
  std::string title{};
  std::string task{};
  std::string rest{};  ///< description and keywords
  std::vector<std::string> keywords{};
};

Words words_of(const schemas::IndexPackage& p) {
  Words w{.name = lower(p.name.text()), .title = lower(p.title), .task = lower(p.task), .rest = lower(p.description)};
  for (const auto& k : p.keywords) {
    w.keywords.push_back(lower(k));
    w.rest += "\n" + w.keywords.back();
  }
  return w;
}

bool does_task(const Words& w, const resolver::TaskWord& task) {
  if (w.task != task.task) return false;
  return task.keyword.empty() || std::any_of(w.keywords.begin(), w.keywords.end(),
                                             [&](const auto& k) { return k.find(task.keyword) != std::string::npos; });
}

/// How well one word fits a package; 0 = not at all. A word in the name counts most.
int score(const Words& p, const std::string& w) {
  if (p.name == w) return 100;
  if (p.name.starts_with(w)) return 40;
  if (p.name.find(w) != std::string::npos) return 30;
  if (p.title.find(w) != std::string::npos) return 10;
  if (p.task.find(w) != std::string::npos) return 8;
  if (const auto task = resolver::task_of(w); task && does_task(p, *task)) return 8;
  return p.rest.find(w) != std::string::npos ? 4 : 0;
}

/// 0 = no match; `all`: every word must occur.
int score(const Words& p, const std::vector<std::string>& words, bool all) {
  int total = words.empty() ? 1 : 0;
  for (const auto& w : words) {
    const int s = score(p, w);
    if (s == 0 && all) return 0;
    total += s;
  }
  return total;
}

/// The words of people in what the packages say of themselves: names whole and in parts.
std::vector<std::string> vocabulary(const std::vector<Words>& packages) {
  std::set<std::string> out;
  for (const Words& p : packages) {
    out.insert(p.name);
    for (const std::string* text : {&p.name, &p.title, &p.task, &p.rest}) {
      std::string word;
      for (const char c : *text + " ") {
        const bool is_part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
        if (is_part) {
          word += c;
          continue;
        }
        if (word.size() >= 3) out.insert(word);
        word.clear();
      }
    }
  }
  return {out.begin(), out.end()};
}

/// Words that occur nowhere give way to the nearest that does (one slip in four letters), or are left out.
std::vector<std::string> mend(const std::vector<std::string>& words, const std::vector<Words>& packages) {
  const auto known = vocabulary(packages);
  std::vector<std::string> out;
  for (const auto& w : words) {
    const auto occurs = [&](const Words& p) { return score(p, w) > 0; };
    if (std::any_of(packages.begin(), packages.end(), occurs)) {
      out.push_back(w);
    } else if (const auto near = nearest(w, known)) {
      out.push_back(*near);
    }
  }
  return out;
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

/// The base that it needs, in the version and variant that would be taken. 0 = none, or not in this index.
uint64_t base_bytes(const schemas::IndexVersion& v, const schemas::Index& index) {
  for (const auto& d : v.dependencies) {
    if (d.use != schemas::DependencyUse::base) continue;
    const auto* base = index.find(d.name);
    if (base == nullptr) continue;
    const schemas::IndexVersion* best = nullptr;
    for (const auto& b : base->versions)
      if (b.yanked.empty() && d.range.contains(b.version) &&
          (best == nullptr || schemas::is_taken_before(b.version, best->version, d.range.named())))
        best = &b;
    if (best == nullptr) continue;
    for (const auto& variant : best->variants)
      if (d.variant.empty() ? variant.is_default || best->variants.size() == 1 : variant.name == d.variant) return variant.size;
  }
  return 0;
}

/// A package that may be shown, with what is looked through.
struct Candidate {
  SearchHit hit{};
  Words words{};
};

Result<std::vector<Candidate>> candidates(Context& ctx, const SearchOptions& options) {
  std::optional<resolver::TaskWord> task;
  if (!options.task.empty()) {
    NANO_TRY_ASSIGN(task, resolver::task_of(options.task));
  }
  NANO_TRY_ASSIGN(const auto installed_now, installed_names(ctx));
  Remotes remotes(ctx);
  std::vector<Candidate> out;
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
      if (!options.language.empty() &&
          std::find(p.languages.begin(), p.languages.end(), options.language) == p.languages.end())
        continue;
      if (!options.license.empty() && lower(p.license).find(lower(options.license)) == std::string::npos)
        continue;
      Candidate c{.words = words_of(p)};
      const schemas::IndexVersion* v = newest(p);
      if (v == nullptr || (task && !does_task(c.words, *task))) continue;
      const bool here =
          std::find(installed_now.begin(), installed_now.end(), p.name.text()) != installed_now.end();
      c.hit = hit_of(p, *v, registry.config.name, here);
      c.hit.base_bytes = base_bytes(*v, **index);
      out.push_back(std::move(c));
    }
  }
  if (read == 0 && first_error) return *first_error;
  if (ctx.registries.empty()) NANO_TRY(registry_for(ctx, std::string(schemas::kRootNamespace)));
  return out;
}

}  // namespace

Result<SearchReport> search(Context& ctx, const SearchOptions& options) {
  std::vector<std::string> words;
  for (const auto& w : split(lower(options.query), ' '))
    if (!w.empty()) words.push_back(w);
  NANO_TRY_ASSIGN(auto all, candidates(ctx, options));
  std::vector<std::pair<int, SearchHit*>> found;
  const auto look_for = [&](const std::vector<std::string>& wanted, bool every_word) {
    for (Candidate& c : all)
      if (const int s = score(c.words, wanted, every_word); s > 0) found.emplace_back(s, &c.hit);
  };
  SearchReport report;
  look_for(words, true);
  if (found.empty() && !words.empty()) {
    std::vector<Words> texts;
    for (const Candidate& c : all) texts.push_back(c.words);
    const auto mended = mend(words, texts);
    if (!mended.empty()) look_for(mended, true);
    if (found.empty() && !mended.empty()) look_for(mended, false);
    if (!found.empty())
      for (const auto& w : mended) report.meant += (report.meant.empty() ? "" : " ") + w;
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->name < b.second->name;
  });
  report.total = found.size();
  for (auto& [s, h] : found)
    if (report.hits.size() < options.limit) report.hits.push_back(std::move(*h));
  return report;
}

}  // namespace nano::app
