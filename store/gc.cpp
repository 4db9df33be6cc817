// store/gc.cpp: mark what is named, list the rest, remove it.
#include "store/gc.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "store/generations.h"
#include "store/packages.h"
#include "store/roots.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using internal::examine;
using Kind = GcItem::Kind;

/// What must stay.
struct Marks {
  std::set<uint64_t> generations{};
  std::set<std::string> dirs{};
  std::unordered_set<Digest> blobs{};
};

/// The variant a package folder holds: `<version>~<variant>[~<12 hex>]`.
std::string variant_of(std::string_view dir, const schemas::Manifest& m) {
  std::string_view leaf = dir.substr(dir.rfind('/') + 1);
  leaf.remove_prefix(leaf.find('~') + 1);
  const std::string variant(leaf.substr(0, leaf.find('~')));
  return m.variants.empty() ? std::string() : variant;
}

Status mark_package(const Store& primary, const std::string& dir, Marks& marks) {
  if (marks.dirs.count(dir) != 0) return Unit{};
  NANO_TRY_ASSIGN(const auto p, open_package(primary, dir));
  for (const auto* f : p.release.files_of(variant_of(dir, p.release.manifest))) marks.blobs.insert(f->sha256);
  marks.dirs.insert(dir);
  return Unit{};
}

Status mark_all(const Store& primary, const Generation& g, Marks& marks) {
  for (const auto& e : g.entries) NANO_TRY(mark_package(primary, e.dir, marks));
  return Unit{};
}

Error cannot_plan(Error e) {
  e.code = e.code == Errc::not_found ? Errc::store : e.code;
  e.hint = "nothing was removed; `nano verify` names what is damaged: install that again or roll back, then run `nano gc` again";
  return e;
}

Result<Marks> mark(const Store& primary, const GcOptions& options) {
  const StoreLayout& layout = primary.primary();
  Marks marks;
  NANO_TRY_ASSIGN(const Generation current, read_current(layout));
  if (Status s = mark_all(primary, current, marks); !s) return cannot_plan(std::move(s).error());
  if (current.number != 0) marks.generations.insert(current.number);
  NANO_TRY_ASSIGN(auto numbers, list_generations(layout));
  std::reverse(numbers.begin(), numbers.end());
  uint32_t kept = 0;
  for (const uint64_t n : numbers) {
    if (n == current.number) continue;
    if (kept == options.keep_generations) break;
    const auto g = read_generation(layout, n);
    Marks with = marks;
    const Status s = g ? mark_all(primary, *g, with) : Status(Error(g.error()));
    if (!s && s.error().code != Errc::not_found && s.error().code != Errc::invalid) return s.error();
    if (!s) continue;  // it can't be put in force again
    marks = std::move(with);
    marks.generations.insert(n);
    ++kept;
  }
  NANO_TRY_ASSIGN(const auto roots, read_roots(layout));
  for (const auto& root : roots) {
    if (!fs::exists(root.project)) continue;
    if (Status s = mark_all(primary, root.wants, marks); !s) return cannot_plan(std::move(s).error());
  }
  if (!options.pins.empty()) {
    NANO_TRY_ASSIGN(const auto dirs, list_packages(layout));
    for (const auto& dir : dirs) {
      const bool pinned = std::any_of(options.pins.begin(), options.pins.end(), [&](const auto& n) {
        const std::string prefix = "pkgs/" + n.ns + "/" + n.name + "/";
        return dir.compare(0, prefix.size(), prefix) == 0;
      });
      if (!pinned) continue;
      if (Status s = mark_package(primary, dir, marks); !s) return cannot_plan(std::move(s).error());
    }
  }
  return marks;
}

/// Counts an inode's bytes when the last of its names goes.
class Freed {
 public:
  uint64_t of(const Path& path) {
    const auto st = examine(path);
    if (!st) return 0;
    if (S_ISDIR(st->st_mode)) {
      uint64_t sum = 0;
      if (const auto names = fs::list_dir(path)) {
        for (const auto& name : *names) sum += of(path / name);
      }
      return sum;
    }
    if (!S_ISREG(st->st_mode)) return 0;
    const auto n = ++names_[{st->st_dev, st->st_ino}];
    return n == st->st_nlink ? static_cast<uint64_t>(st->st_size) : 0;
  }

 private:
  std::map<std::pair<dev_t, ino_t>, nlink_t> names_{};
};

void plan_blobs(const StoreLayout& layout, const Marks& marks, GcPlan& plan, Freed& freed) {
  const auto shards = fs::list_dir(layout.blobs());
  if (!shards) return;
  for (const auto& shard : *shards) {
    const Path dir = layout.blobs() / shard;
    const auto d = examine(dir);
    if (!d || !S_ISDIR(d->st_mode)) continue;
    const auto names = fs::list_dir(dir);
    if (!names) continue;
    for (const auto& name : *names) {
      const auto digest = Digest::parse_hex(name);
      const auto st = examine(dir / name);
      if (!digest || !st || layout.blob(*digest) != dir / name) continue;  // not ours to judge: `nano verify` names it
      if (marks.blobs.count(*digest) != 0) {
        plan.kept_bytes += static_cast<uint64_t>(st->st_size);
      } else if (st->st_mtime >= plan.young_since) {
        plan.young_bytes += static_cast<uint64_t>(st->st_size);
      } else {
        plan.remove.push_back({Kind::blob, "blobs/sha256/" + shard + "/" + name, freed.of(dir / name)});
      }
    }
  }
}

/// derived/: names begin with the hex digest of the blob they were made from; others are left alone.
void plan_derived(const StoreLayout& layout, const Marks& marks, GcPlan& plan, Freed& freed) {
  const auto names = fs::list_dir(layout.derived());
  if (!names) return;
  for (const auto& name : *names) {
    const auto source = Digest::parse_hex(std::string_view(name).substr(0, std::min<std::size_t>(64, name.size())));
    if (source && marks.blobs.count(*source) == 0)
      plan.remove.push_back({Kind::derived, "derived/" + name, freed.of(layout.derived() / name)});
  }
}

void plan_partials(const StoreLayout& layout, const GcOptions& options, GcPlan& plan, Freed& freed) {
  const auto names = fs::list_dir(layout.partials());
  if (!names) return;
  for (const auto& name : *names) {
    const Path dir = layout.partials() / name;
    if (!Digest::parse_hex(name)) continue;
    const auto data = examine(dir / "data");
    const auto st = data ? data : examine(dir);
    if (!st || !S_ISDIR(examine(dir)->st_mode)) continue;
    if (st->st_mtime >= options.now - options.young_partial_seconds) {
      plan.young_bytes += data ? static_cast<uint64_t>(st->st_size) : 0;
    } else {
      plan.remove.push_back({Kind::partial, "partial/" + name, freed.of(dir)});
    }
  }
}

Status remove_item(const WriteLock& lock, const GcPlan& plan, const GcItem& item, bool& removed) {
  const Path path = lock.layout().root() / item.path;
  removed = false;
  if (item.kind == Kind::package) {
    NANO_TRY(remove_package(lock, item.path));
    removed = true;
    return Unit{};
  }
  NANO_TRY(internal::no_links_inside(lock.layout().root(), path.parent_path()));
  if (item.kind == Kind::partial) {
    const auto alive = fs::FileLock::acquire(path / "lock", std::chrono::milliseconds(0), "nano gc");
    if (!alive) return Unit{};  // somebody went on with it
    NANO_TRY(fs::remove_tree(path));
  } else {
    const auto st = examine(path);
    if (item.kind == Kind::blob && st && st->st_mtime >= plan.young_since) return Unit{};
    NANO_TRY(fs::remove_file(path));
  }
  removed = true;
  return Unit{};
}

}  // namespace

std::string_view kind_word(Kind kind) {
  switch (kind) {
    case Kind::generation: return "generation";
    case Kind::package: return "package";
    case Kind::blob: return "blob";
    case Kind::derived: return "derived";
    case Kind::partial: return "partial";
    case Kind::root: return "root";
  }
  return "unknown";
}

Result<GcPlan> plan_gc(const Store& store, const WriteLock& lock, const GcOptions& options) {
  const StoreLayout& layout = lock.layout();
  for (const Path& dir : {layout.blobs(), layout.packages(), layout.generations(), layout.partials(), layout.derived(), layout.project_roots()})
    NANO_TRY(internal::no_links_inside(layout.root(), dir));
  // Only the primary store's own folders count: what a read-only store holds is no reason to keep or to drop anything.
  NANO_TRY_ASSIGN(const Store primary, Store::open(store.primary().root(), Mode::read));
  NANO_TRY_ASSIGN(const Marks marks, mark(primary, options));
  GcPlan plan;
  plan.young_since = options.now - options.young_blob_seconds;
  Freed freed;
  // First what names things, then what is named: killed between, nothing names what is gone.
  NANO_TRY_ASSIGN(const auto numbers, list_generations(layout));
  for (const uint64_t n : numbers) {
    if (marks.generations.count(n) == 0)
      plan.remove.push_back({Kind::generation, "generations/" + std::to_string(n) + ".json", freed.of(layout.generation(n))});
  }
  NANO_TRY_ASSIGN(const auto roots, read_roots(layout));
  for (const auto& root : roots) {
    if (!fs::exists(root.project)) plan.remove.push_back({Kind::root, root.file, freed.of(layout.root() / root.file)});
  }
  NANO_TRY_ASSIGN(const auto dirs, list_packages(layout));
  for (const auto& dir : dirs) {
    if (marks.dirs.count(dir) == 0) plan.remove.push_back({Kind::package, dir, freed.of(layout.root() / dir)});
  }
  plan_blobs(layout, marks, plan, freed);
  plan_derived(layout, marks, plan, freed);
  plan_partials(layout, options, plan, freed);
  for (const auto& item : plan.remove) plan.freed_bytes += item.bytes;
  return plan;
}

Result<uint64_t> run_gc(const WriteLock& lock, const GcPlan& plan) {
  uint64_t bytes = 0;
  for (const auto& item : plan.remove) {
    bool removed = false;
    if (Status s = remove_item(lock, plan, item, removed); !s)
      return std::move(s.error()).while_("removing " + std::string(kind_word(item.kind)) + " '" + item.path + "'");
    if (removed) bytes += item.bytes;
  }
  return bytes;
}

}  // namespace nano::store
