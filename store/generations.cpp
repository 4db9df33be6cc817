// store/generations.cpp: read, list, write the next, go back.
#include "store/generations.h"

#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "store/packages.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using schemas::PackageName;

constexpr uint64_t kMaxCurrentBytes = 64;

/// 0 when there is no `current`.
Result<uint64_t> current_number(const StoreLayout& layout) {
  auto text = internal::read_own(layout.current(), kMaxCurrentBytes);
  if (!text && text.error().code == Errc::not_found) return uint64_t{0};
  if (!text) {
    Error e = std::move(text).error();
    e.code = Errc::store;
    return e;
  }
  auto number = schemas::parse_current(*text);
  if (!number) return std::move(number.error()).while_("reading '" + layout.current().string() + "'");
  return number;
}

bool package_is_there(const StoreLayout& layout, const GenerationEntry& e) {
  if (!internal::check_package_dir(e.dir) || !internal::no_links_inside(layout.root(), layout.root() / e.dir)) return false;
  const auto bytes = internal::read_own(layout.root() / e.dir / kReleaseFile, schemas::kMaxReleaseBytes);
  return bytes && sha256(*bytes) == e.release;
}

/// The newest generation whose packages are all there.
std::optional<Generation> newest_whole(const StoreLayout& layout) {
  const auto numbers = list_generations(layout);
  if (!numbers) return std::nullopt;
  for (auto n = numbers->rbegin(); n != numbers->rend(); ++n) {
    auto g = read_generation(layout, *n);
    if (g && std::all_of(g->entries.begin(), g->entries.end(), [&](const auto& e) { return package_is_there(layout, e); }))
      return std::move(g).value();
  }
  return std::nullopt;
}

Error with_way_back(Error e, const StoreLayout& layout) {
  const auto whole = newest_whole(layout);
  e.hint = whole ? "`nano rollback --to " + std::to_string(whole->number) + "` puts the newest generation in force that is whole"
                 : "no generation is whole: move '" + layout.current().string() + "' away and install again; downloads are reused";
  return e;
}

}  // namespace

Result<Generation> read_generation(const StoreLayout& layout, uint64_t number) {
  const Path path = layout.generation(number);
  auto bytes = internal::read_own(path, schemas::kMaxGenerationBytes);
  if (!bytes) {
    if (bytes.error().code == Errc::not_found)
      return make_error(Errc::not_found, "there is no generation " + std::to_string(number), "`nano history` lists those there are");
    return std::move(bytes).error();
  }
  auto g = schemas::parse_generation(*bytes);
  if (!g) return std::move(g.error()).while_("reading '" + path.string() + "'");
  if (g->number != number)
    return make_error(Errc::invalid, "'" + path.string() + "' says that it is generation " + std::to_string(g->number));
  for (const auto& e : g->entries) {
    if (Status s = internal::check_package_dir(e.dir); !s) return std::move(s.error()).while_("reading '" + path.string() + "'");
  }
  return g;
}

Result<Generation> read_current(const StoreLayout& layout) {
  for (int attempt = 0;; ++attempt) {
    auto number = current_number(layout);
    if (!number) return with_way_back(std::move(number).error(), layout);
    if (*number == 0) return Generation{};
    auto g = read_generation(layout, *number);
    if (g) return g;
    // A gc may have removed the one we were about to read, after `current` had moved on: look again.
    if (g.error().code == Errc::not_found && attempt < 3) continue;
    if (g.error().code == Errc::not_found)
      return with_way_back(make_error(Errc::store, "'" + layout.current().string() + "' names generation " + std::to_string(*number) +
                                                       ", which is not there"), layout);
    return with_way_back(std::move(g).error(), layout);
  }
}

Result<std::vector<uint64_t>> list_generations(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout.generations()));
  std::vector<uint64_t> out;
  for (const std::string& name : names) {
    uint64_t n = 0;
    const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), n);
    if (ec == std::errc() && n > 0 && layout.generation(n).filename() == name) out.push_back(n);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<HistoryLine>> history(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(const auto numbers, list_generations(layout));
  const auto current = current_number(layout);
  std::vector<HistoryLine> out;
  for (const uint64_t n : numbers) {
    HistoryLine line{.number = n, .current = current && *current == n, .generation = {}, .damage = {}};
    auto g = read_generation(layout, n);
    if (g) line.generation = std::move(g).value();
    else line.damage = g.error().message;
    out.push_back(std::move(line));
  }
  return out;
}

Result<std::vector<InstalledEntry>> installed(const Store& store) {
  std::vector<InstalledEntry> out;
  for (const auto& layout : store.all()) {
    NANO_TRY_ASSIGN(const auto g, read_current(layout));
    for (const auto& e : g.entries) {
      const bool seen = std::any_of(out.begin(), out.end(), [&](const auto& o) { return o.entry.name == e.name; });
      if (!seen) out.push_back({.entry = e, .store = layout.root()});
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.entry.name < b.entry.name; });
  return out;
}

Result<std::optional<InstalledEntry>> find_installed(const Store& store, const PackageName& name) {
  for (const auto& layout : store.all()) {
    NANO_TRY_ASSIGN(const auto g, read_current(layout));
    if (const auto* e = g.find(name)) return std::optional<InstalledEntry>(InstalledEntry{.entry = *e, .store = layout.root()});
  }
  return std::optional<InstalledEntry>();
}

Result<uint64_t> write_next(const WriteLock& lock, Generation next) {
  const StoreLayout& layout = lock.layout();
  NANO_TRY_ASSIGN(const uint64_t current, current_number(layout));
  NANO_TRY_ASSIGN(const auto numbers, list_generations(layout));
  next.number = std::max(current, numbers.empty() ? uint64_t{0} : numbers.back()) + 1;
  next.parent = current == 0 ? std::optional<uint64_t>() : current;
  NANO_TRY(internal::no_links_inside(layout.root(), layout.generations()));
  NANO_TRY(internal::make_dirs_durable(layout.generations()));
  // The file and its folder are on disk before `current` may name it.
  NANO_TRY(fs::write_atomic(layout.generation(next.number), schemas::write_generation(next)));
  NANO_TRY(fs::write_atomic(layout.current(), schemas::current_text(next.number)));
  return next.number;
}

Result<Generation> plan_rollback(const StoreLayout& layout, std::optional<uint64_t> to) {
  if (!to) {
    auto now = read_current(layout);
    if (now) {
      if (!now->parent) return make_error(Errc::not_found, "there is no earlier generation to go back to", "`nano history` lists what there is");
      to = now->parent;
    } else {
      const auto whole = newest_whole(layout);
      if (!whole) return std::move(now).error();
      to = whole->number;
    }
  }
  NANO_TRY_ASSIGN(Generation g, read_generation(layout, *to));
  for (const auto& e : g.entries) {
    if (package_is_there(layout, e)) continue;
    return make_error(Errc::store, "generation " + std::to_string(*to) + " needs " + e.name.text() + "@" + e.version.text() +
                                       ", whose folder '" + e.dir + "' is gone or damaged",
                      "install that version again, or go back to another generation (`nano history`)");
  }
  return g;
}

Result<Generation> rollback(const WriteLock& lock, std::optional<uint64_t> to) {
  NANO_TRY_ASSIGN(Generation g, plan_rollback(lock.layout(), to));
  NANO_TRY(fs::write_atomic(lock.layout().current(), schemas::current_text(g.number)));
  return g;
}

}  // namespace nano::store
