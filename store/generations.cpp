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

/// What `current` says. Damage is an answer here; an error is only that it cannot be read.
struct Current {
  uint64_t number = 0;             ///< 0 = there is none
  std::optional<Error> damage{};
};

Result<Current> look_at_current(const StoreLayout& layout) {
  auto text = internal::read_own(layout, layout.current(), kMaxCurrentBytes);
  if (!text && text.error().code == Errc::not_found) return Current{};
  if (!text && text.error().code != Errc::invalid) return std::move(text).error();
  Current out;
  auto number = text ? schemas::parse_current(*text) : Result<uint64_t>(std::move(text).error());
  if (number) {
    out.number = *number;
  } else {
    out.damage = std::move(number).error();
    out.damage->code = Errc::store;
    out.damage->context.push_back("reading '" + layout.current().string() + "'");
  }
  return out;
}

/// 0 when there is no `current`.   errors  store: it cannot be read, or is damaged
Result<uint64_t> current_number(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(Current now, look_at_current(layout));
  if (now.damage) return std::move(*now.damage);
  return now.number;
}

/// errors  store: it cannot be looked at
Result<bool> package_is_there(const StoreLayout& layout, const GenerationEntry& e) {
  if (!internal::check_package_dir(e.dir)) return false;
  NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout.root(), layout.root() / e.dir));
  if (!real) return false;
  const auto bytes = internal::read_own(layout, layout.root() / e.dir / kReleaseFile, schemas::kMaxReleaseBytes);
  if (!bytes && bytes.error().code == Errc::store) return bytes.error();
  return bytes && sha256(*bytes) == e.release;
}

/// The first entry whose folder is not there; nullptr = all are.   errors  store
Result<const GenerationEntry*> first_missing(const StoreLayout& layout, const Generation& g) {
  for (const auto& e : g.entries) {
    NANO_TRY_ASSIGN(const bool there, package_is_there(layout, e));
    if (!there) return &e;
  }
  return static_cast<const GenerationEntry*>(nullptr);
}

Error with_way_back(Error e, const StoreLayout& layout) {
  const auto whole = newest_whole(layout);
  if (!whole) return e;  // what is there cannot be told, and so neither can a way back
  e.hint = *whole ? "`nano rollback --to " + std::to_string((*whole)->number) + "` puts the newest generation in force that is whole"
                  : "no generation is whole: `nano verify --repair` clears what is left; then install again, and downloads are reused";
  return e;
}

/// Is a first generation being written, or was its writer killed before it was in force?   errors  store
Result<bool> is_first_unfinished(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout.generations()));
  return std::any_of(names.begin(), names.end(), [](const auto& n) { return internal::is_temporary(n) && n.starts_with(internal::kFirstStem); });
}

/// What is in force, or why that cannot be said although something was. An error is only that it cannot be read.
struct InForce {
  Generation generation{};
  std::optional<Error> damage{};
};

Result<InForce> read_in_force(const StoreLayout& layout) {
  InForce out;
  for (int attempt = 0;; ++attempt) {
    NANO_TRY_ASSIGN(Current now, look_at_current(layout));
    if (now.damage) {
      out.damage = std::move(now.damage);
      return out;
    }
    if (now.number == 0) {
      NANO_TRY_ASSIGN(const bool unfinished, is_first_unfinished(layout));
      NANO_TRY_ASSIGN(const auto numbers, list_generations(layout));
      if (numbers.empty() || unfinished) return out;
      NANO_TRY_ASSIGN(const bool there, fs::is_there(layout.current()));
      if (there && attempt < 3) continue;  // written meanwhile
      NANO_TRY_ASSIGN(const auto whole, newest_whole(layout));
      if (!whole) return out;  // nothing that could be put in force: one begins anew
      out.damage = make_error(Errc::store, "the store's file '" + layout.current().string() + "', which says what is installed, is missing");
      return out;
    }
    auto g = read_generation(layout, now.number);
    if (g) {
      out.generation = std::move(g).value();
      return out;
    }
    if (g.error().code == Errc::store) return std::move(g).error();
    // A gc may have removed the one we were about to read, after `current` had moved on: look again.
    if (g.error().code == Errc::not_found && attempt < 3) continue;
    out.damage = g.error().code == Errc::not_found
                     ? make_error(Errc::store, "'" + layout.current().string() + "' names generation " + std::to_string(now.number) + ", which is not there")
                     : std::move(g).error();
    return out;
  }
}

}  // namespace

Result<Generation> read_generation(const StoreLayout& layout, uint64_t number) {
  const Path path = layout.generation(number);
  auto bytes = internal::read_own(layout, path, schemas::kMaxGenerationBytes);
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

Result<std::optional<Generation>> newest_whole(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(const auto numbers, list_generations(layout));
  for (auto n = numbers.rbegin(); n != numbers.rend(); ++n) {
    auto g = read_generation(layout, *n);
    if (!g && g.error().code == Errc::store) return std::move(g).error();
    if (!g) continue;
    NANO_TRY_ASSIGN(const auto* missing, first_missing(layout, *g));
    if (missing == nullptr) return std::optional<Generation>(std::move(g).value());
  }
  return std::optional<Generation>();
}

Result<Generation> read_current(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(InForce now, read_in_force(layout));
  if (now.damage) return with_way_back(std::move(*now.damage), layout);
  return std::move(now.generation);
}

Result<std::optional<Error>> damage_of_current(const StoreLayout& layout) {
  NANO_TRY_ASSIGN(InForce now, read_in_force(layout));
  if (!now.damage) return std::optional<Error>();
  return std::optional<Error>(with_way_back(std::move(*now.damage), layout));
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
  NANO_TRY_ASSIGN(const fs::Dir root, internal::open_folder(layout, layout.root()));
  NANO_TRY_ASSIGN(const fs::Dir generations, internal::make_folder(layout, layout.generations()));
  // Before the first switch nothing tells a generation that was never in force from one whose `current` was lost, but this.
  const Path first = current == 0 && numbers.empty() ? fs::temp_sibling("first").filename() : Path();
  if (!first.empty()) NANO_TRY(generations.create(first));
  // The file and its folder are on disk before `current` may name it. A number is never given twice, whatever was listed.
  Status written = generations.write_new(layout.generation(next.number).filename(), schemas::write_generation(next));
  if (!written && written.error().code == Errc::refused) written.error().code = Errc::store;
  if (!written) return std::move(written).error();
  NANO_TRY(root.write_atomic(layout.current().filename(), schemas::current_text(next.number)));
  if (!first.empty()) (void)generations.unlink(first);  // failing leaves it to the next writer
  return next.number;
}

Result<Generation> plan_rollback(const StoreLayout& layout, std::optional<uint64_t> to) {
  if (!to) {
    NANO_TRY_ASSIGN(const InForce now, read_in_force(layout));  // what cannot be read is no damage, and nothing is chosen for it
    if (!now.damage) {
      if (!now.generation.parent) return make_error(Errc::not_found, "there is no earlier generation to go back to", "`nano history` lists what there is");
      to = now.generation.parent;
    } else {
      NANO_TRY_ASSIGN(const auto whole, newest_whole(layout));
      if (!whole) return with_way_back(*now.damage, layout);
      to = whole->number;
    }
  }
  NANO_TRY_ASSIGN(Generation g, read_generation(layout, *to));
  NANO_TRY_ASSIGN(const auto* missing, first_missing(layout, g));
  if (missing != nullptr)
    return make_error(Errc::store, "generation " + std::to_string(*to) + " needs " + missing->name.text() + "@" + missing->version.text() +
                                       ", whose folder '" + missing->dir + "' is gone or damaged",
                      "install that version again, or go back to another generation (`nano history`)");
  return g;
}

Result<Generation> rollback(const WriteLock& lock, std::optional<uint64_t> to) {
  NANO_TRY_ASSIGN(Generation g, plan_rollback(lock.layout(), to));
  NANO_TRY_ASSIGN(const fs::Dir root, internal::open_folder(lock.layout(), lock.layout().root()));
  NANO_TRY(root.write_atomic(lock.layout().current().filename(), schemas::current_text(g.number)));
  return g;
}

}  // namespace nano::store
