// store/gc.cpp: mark what is named, list the rest, remove it.
#include "store/gc.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_set>

#include "store/generations.h"
#include "store/packages.h"
#include "store/roots.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

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

/// Is the project that a root belongs to gone? One that cannot be looked at just now (a disk that is not mounted, a folder that
/// may not be entered) is not: what it needs is kept, and the plan says so.
bool is_gone(const ProjectRoot& root, std::vector<GcKept>* unseen) {
  const auto there = fs::is_there(root.project);
  if (there) return !*there;
  if (unseen != nullptr) unseen->push_back({GcKept::Why::unseen_project, root.project.string(), 0, there.error().message});
  return false;
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
    if (is_gone(root, nullptr)) continue;
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
  Result<uint64_t> of(const Path& path) {
    NANO_TRY_ASSIGN(const auto st, fs::status_of(path));
    if (!st) return uint64_t{0};
    if (S_ISDIR(st->st_mode)) {
      uint64_t sum = 0;
      NANO_TRY_ASSIGN(const auto names, fs::list_dir(path));
      for (const auto& name : names) {
        NANO_TRY_ASSIGN(const uint64_t one, of(path / name));
        sum += one;
      }
      return sum;
    }
    if (!S_ISREG(st->st_mode)) return uint64_t{0};
    const auto n = ++names_[{st->st_dev, st->st_ino}];
    return n == st->st_nlink ? static_cast<uint64_t>(st->st_size) : uint64_t{0};
  }

 private:
  std::map<std::pair<dev_t, ino_t>, nlink_t> names_{};
};

/// Lists what goes. A folder that cannot be read to its end ends the plan: what it holds is unknown then.
class Planner {
 public:
  Planner(const StoreLayout& layout, const GcOptions& options, const Marks& marks, GcPlan& plan)
      : layout_(layout), options_(options), marks_(marks), plan_(plan) {}

  // First what names things, then what is named: killed between, nothing names what is gone.
  Status run() {
    NANO_TRY_ASSIGN(const auto numbers, list_generations(layout_));
    for (const uint64_t n : numbers)
      if (marks_.generations.count(n) == 0) NANO_TRY(goes(Kind::generation, layout_.generation(n)));
    NANO_TRY_ASSIGN(const auto roots, read_roots(layout_));
    for (const auto& root : roots)
      if (is_gone(root, &plan_.kept)) NANO_TRY(goes(Kind::root, layout_.root() / root.file));
    NANO_TRY_ASSIGN(const auto dirs, list_packages(layout_));
    for (const auto& dir : dirs)
      if (marks_.dirs.count(dir) == 0) NANO_TRY(goes(Kind::package, layout_.root() / dir));
    NANO_TRY(blobs());
    NANO_TRY(derived());
    NANO_TRY(partials());
    for (const auto& item : plan_.remove) plan_.freed_bytes += item.bytes;
    return Unit{};
  }

 private:
  Status goes(Kind kind, const Path& path) {
    NANO_TRY_ASSIGN(const uint64_t bytes, freed_.of(path));
    plan_.remove.push_back({kind, path.lexically_relative(layout_.root()).string(), bytes});
    return Unit{};
  }

  void stays(GcKept::Why why, const Path& path, const struct stat& st) {
    plan_.young_bytes += static_cast<uint64_t>(st.st_size);
    plan_.kept.push_back({why, path.lexically_relative(layout_.root()).string(), static_cast<uint64_t>(st.st_size), {}});
  }

  Status blobs() {
    NANO_TRY_ASSIGN(const auto shards, fs::list_dir(layout_.blobs()));
    for (const auto& shard : shards) {
      const Path dir = layout_.blobs() / shard;
      NANO_TRY_ASSIGN(const fs::What what, fs::look(dir));
      if (what != fs::What::folder) continue;
      NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
      for (const auto& name : names) {
        const auto digest = Digest::parse_hex(name);
        if (!digest || layout_.blob(*digest) != dir / name) continue;  // not ours to judge: `nano verify` names it
        NANO_TRY_ASSIGN(const auto st, fs::status_of(dir / name));
        if (!st) continue;
        if (marks_.blobs.count(*digest) != 0) plan_.kept_bytes += static_cast<uint64_t>(st->st_size);
        else if (st->st_mtime >= plan_.young_since) stays(GcKept::Why::young_blob, dir / name, *st);
        else NANO_TRY(goes(Kind::blob, dir / name));
      }
    }
    return Unit{};
  }

  /// Names begin with the hex digest of the blob they were made from; others are left alone.
  Status derived() {
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout_.derived()));
    for (const auto& name : names) {
      const auto source = internal::derived_source(name);
      if (source && marks_.blobs.count(*source) == 0) NANO_TRY(goes(Kind::derived, layout_.derived() / name));
    }
    return Unit{};
  }

  Status partials() {
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout_.partials()));
    for (const auto& name : names) {
      const Path dir = layout_.partials() / name;
      if (!Digest::parse_hex(name)) continue;
      NANO_TRY_ASSIGN(const auto folder, fs::status_of(dir));
      if (!folder || !S_ISDIR(folder->st_mode)) continue;
      NANO_TRY_ASSIGN(const auto data, fs::status_of(dir / "data"));
      const bool young = (data ? data : folder)->st_mtime >= options_.now - options_.young_partial_seconds;
      if (young && options_.spare_young) {
        if (data) stays(GcKept::Why::young_partial, dir, *data);
      } else {
        NANO_TRY(goes(Kind::partial, dir));
      }
    }
    return Unit{};
  }

  const StoreLayout& layout_;
  const GcOptions& options_;
  const Marks& marks_;
  GcPlan& plan_;
  Freed freed_{};
};

Status remove_item(const WriteLock& lock, const GcPlan& plan, const GcItem& item, bool& removed) {
  const Path path = lock.layout().root() / item.path;
  removed = false;
  if (item.kind == Kind::package) {
    NANO_TRY(remove_package(lock, item.path));
    removed = true;
    return Unit{};
  }
  auto folder = internal::open_folder(lock.layout(), path.parent_path());
  if (!folder) return folder.error().code == Errc::not_found ? Status(Unit{}) : Status(std::move(folder).error());
  if (item.kind == Kind::partial) {
    const auto inside = folder->down(path.filename());
    if (!inside) return inside.error().code == Errc::not_found ? Status(Unit{}) : Status(inside.error());
    const auto alive = fs::FileLock::acquire(*inside, "lock", std::chrono::milliseconds(0), "nano gc");
    if (!alive) return Unit{};  // somebody went on with it
    NANO_TRY(folder->remove_tree(path.filename()));
  } else {
    NANO_TRY_ASSIGN(const auto st, folder->status(path.filename()));
    if (item.kind == Kind::blob && st && st->st_mtime >= plan.young_since) return Unit{};
    NANO_TRY(folder->unlink(path.filename()));
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

std::string_view why_word(GcKept::Why why) {
  switch (why) {
    case GcKept::Why::young_blob: return "young-blob";
    case GcKept::Why::young_partial: return "young-partial";
    case GcKept::Why::unseen_project: return "unseen-project";
  }
  return "unknown";
}

Result<GcPlan> plan_gc(const Store& store, const WriteLock& lock, const GcOptions& options) {
  const StoreLayout& layout = lock.layout();
  for (const Path& dir : {layout.blobs(), layout.packages(), layout.generations(), layout.partials(), layout.derived(), layout.project_roots()}) {
    NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout.root(), dir));
    if (!real)
      return make_error(Errc::store, "'" + dir.string() + "' is not a folder of the store's own", "move it away, then run the command again");
  }
  // Only the primary store's own folders count: what a read-only store holds is no reason to keep or to drop anything.
  NANO_TRY_ASSIGN(const Store primary, Store::open(store.primary().root(), Mode::read));
  NANO_TRY_ASSIGN(const Marks marks, mark(primary, options));
  GcPlan plan;
  plan.young_since = options.spare_young ? options.now - options.young_blob_seconds : std::numeric_limits<UnixTime>::max();
  NANO_TRY(Planner(layout, options, marks, plan).run());
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
