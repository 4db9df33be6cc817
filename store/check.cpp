// store/check.cpp: read everything that is installed and list what is not as it should be.
#include "store/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "store/packages.h"
#include "store/roots.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using Kind = Finding::Kind;

std::string entry_text(const GenerationEntry& e) {
  return e.name.text() + "@" + e.version.text() + (e.variant.empty() ? "" : ":" + e.variant);
}

class Checker {
 public:
  Checker(const StoreLayout& layout, const CheckOptions& options, Progress& progress)
      : layout_(layout), options_(options), progress_(progress) {}

  Result<CheckReport> one(const GenerationEntry& e) {
    NANO_TRY(check_package(e));
    return std::move(report_);
  }

  Result<CheckReport> run() {
    progress_.start("verifying", 0);
    NANO_TRY_ASSIGN(const auto entries, entries_to_check());
    for (const auto& e : entries) NANO_TRY(check_package(e));
    if (options_.all_blobs && options_.only.empty()) NANO_TRY(check_blobs());
    if (options_.leftovers && options_.only.empty()) NANO_TRY(check_leftovers());
    progress_.finish();
    return std::move(report_);
  }

 private:
  /// A finding. Returns success, so that a check can end with it.
  Status add(Kind kind, const Path& path, std::string expected, std::string got, std::string remedy) {
    report_.findings.push_back({.kind = kind, .path = path.lexically_relative(layout_.root()).string(), .dir = dir_, .package = package_,
                                .expected = std::move(expected), .got = std::move(got), .remedy = std::move(remedy)});
    return Unit{};
  }

  Result<std::vector<GenerationEntry>> entries_to_check() {
    std::vector<GenerationEntry> out;
    const auto take = [&](const Generation& g) {
      for (const auto& e : g.entries) {
        const auto same = [&](const auto& o) { return o.dir == e.dir && o.release == e.release; };
        const bool wanted = options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), e.name) != options_.only.end();
        if (wanted && std::none_of(out.begin(), out.end(), same)) out.push_back(e);
      }
    };
    NANO_TRY_ASSIGN(const auto damage, damage_of_current(layout_));
    if (damage) {
      NANO_TRY(add(Kind::bad_generation, layout_.current(), "a whole generation", damage->message, damage->hint));
    } else {
      NANO_TRY_ASSIGN(const auto current, read_current(layout_));
      take(current);
    }
    if (options_.all_generations) {
      NANO_TRY_ASSIGN(const auto numbers, list_generations(layout_));
      for (const uint64_t n : numbers) {
        const auto g = read_generation(layout_, n);
        if (g) take(*g);
        else if (g.error().code == Errc::store) return g.error();
        else NANO_TRY(add(Kind::bad_generation, layout_.generation(n), "a whole generation", g.error().message, "`nano gc` removes it; it can't be put in force"));
      }
    }
    if (options_.projects) NANO_TRY(projects(take));
    return out;
  }

  /// What projects were synced to lies in the same store, and is run from it.
  template <class Take>
  Status projects(const Take& take) {
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout_.project_roots()));
    for (const auto& name : names) {
      if (!name.ends_with(".json")) continue;
      const auto root = read_root_file(layout_, name);
      if (root) take(root->wants);
      else if (root.error().code == Errc::store) return root.error();
      else NANO_TRY(add(Kind::bad_generation, layout_.project_roots() / name, "what a project was synced to", root.error().message, root.error().hint));
    }
    return Unit{};
  }

  /// Each inode is hashed once.   errors  store: it cannot be read
  Result<Digest> hash(const Path& path, const struct stat& st) {
    const auto key = std::make_pair(st.st_dev, st.st_ino);
    if (const auto known = hashed_.find(key); known != hashed_.end()) return known->second;
    NANO_TRY_ASSIGN(const Digest d, sha256_file(path));
    report_.bytes_hashed += static_cast<uint64_t>(st.st_size);
    progress_.advance(static_cast<uint64_t>(st.st_size));
    hashed_.emplace(key, d);
    return d;
  }

  Status check_mode(const Path& path, const struct stat& st) {
    if ((st.st_mode & 0222) == 0) return Unit{};
    const char digits[] = {'0', static_cast<char>('0' + ((st.st_mode >> 6) & 7)), static_cast<char>('0' + ((st.st_mode >> 3) & 7)),
                           static_cast<char>('0' + (st.st_mode & 7)), '\0'};
    return add(Kind::writable, path, "mode 0444", std::string("mode ") + digits, "`nano verify --repair` makes it read-only");
  }

  Status check_mode_of(const Path& path) {
    NANO_TRY_ASSIGN(const auto st, fs::status_of(path));
    return st ? check_mode(path, *st) : Status(Unit{});
  }

  /// A document nano wrote itself: exactly these bytes.
  Status check_document(const Path& path, std::string_view expected) {
    const auto bytes = internal::read_own(layout_, path, schemas::kMaxReleaseBytes);
    if (!bytes && bytes.error().code == Errc::store) return bytes.error();
    if (!bytes) return add(Kind::bad_release, path, "the release's manifest", bytes.error().message, kMended);
    if (*bytes != expected) return add(Kind::bad_release, path, "the release's manifest", "other bytes", kMended);
    return check_mode_of(path);
  }

  Status check_file(const Path& path, const schemas::ReleaseFile& f) {
    ++report_.files;
    NANO_TRY_ASSIGN(const auto st, fs::status_of(path));
    if (!st) return add(Kind::missing_file, path, std::to_string(f.size) + " bytes", "nothing", kRepair);
    NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout_.root(), path.parent_path()));
    if (!S_ISREG(st->st_mode) || !real) return add(Kind::not_a_file, path, "a regular file", "a link or special file", kRepair);
    NANO_TRY(check_mode(path, *st));
    if (static_cast<uint64_t>(st->st_size) != f.size)
      return add(Kind::wrong_size, path, std::to_string(f.size) + " bytes", std::to_string(st->st_size) + " bytes", kRepair);
    NANO_TRY_ASSIGN(const Digest d, hash(path, *st));
    return d == f.sha256 ? Status(Unit{}) : add(Kind::wrong_bytes, path, f.sha256.text(), d.text(), kRepair);
  }

  /// Everything below `dir` that is not in `expected` (relative paths of files).
  Status check_extra(const Path& root, const std::string& rel, const std::set<std::string>& expected) {
    const Path dir = rel.empty() ? root : root / rel;
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
    for (const auto& name : names) {
      const std::string at = rel.empty() ? name : rel + "/" + name;
      if (expected.count(at) != 0) continue;
      NANO_TRY_ASSIGN(const fs::What what, fs::look(dir / name));
      const auto below = expected.lower_bound(at + "/");
      const bool holds_some = below != expected.end() && below->compare(0, at.size() + 1, at + "/") == 0;
      if (what == fs::What::folder && holds_some) NANO_TRY(check_extra(root, at, expected));
      else NANO_TRY(add(Kind::extra_file, root / at, "nothing", sanitize(name), "`nano verify --repair` removes it"));
    }
    return Unit{};
  }

  Status check_package(const GenerationEntry& e) {
    package_ = entry_text(e);
    dir_ = e.dir;
    Status done = check_package_dir(e);
    package_.clear();
    dir_.clear();
    return done;
  }

  Status check_package_dir(const GenerationEntry& e) {
    ++report_.packages;
    const Path dir = layout_.root() / e.dir;
    const std::string reinstall = "`nano install " + entry_text(e) + "` brings it back";
    NANO_TRY_ASSIGN(const bool there, fs::is_there(dir));
    if (!there) return add(Kind::missing_package, dir, "a package folder", "nothing", reinstall);
    NANO_TRY_ASSIGN(const bool real, internal::is_real_path(layout_.root(), dir));
    if (!real) return add(Kind::not_a_file, dir, "a folder", "a link or file", kRepair);
    const auto bytes = internal::read_own(layout_, dir / kReleaseFile, schemas::kMaxReleaseBytes);
    if (!bytes && bytes.error().code == Errc::store) return bytes.error();
    if (!bytes) return add(Kind::bad_release, dir / kReleaseFile, e.release.text(), bytes.error().message, reinstall);
    if (const Digest d = sha256(*bytes); d != e.release)
      return add(Kind::bad_release, dir / kReleaseFile, e.release.text(), d.text(), reinstall);
    const auto release = schemas::parse_release(*bytes);
    if (!release) return add(Kind::bad_release, dir / kReleaseFile, "a release", release.error().message, reinstall);
    NANO_TRY(check_mode_of(dir / kReleaseFile));
    std::set<std::string> expected{std::string(kReleaseFile), std::string(kManifestFile)};
    constexpr const char* kEnvelope = "~envelope.json";  // the first nano kept one; it proves nothing any more
    NANO_TRY_ASSIGN(const bool envelope, fs::is_there(dir / kEnvelope));
    if (envelope) expected.emplace(kEnvelope);
    NANO_TRY(check_document(dir / kManifestFile, schemas::write_manifest(release->manifest)));
    for (const auto* f : release->files_of(e.variant)) {
      expected.insert(f->path);
      NANO_TRY(check_file(dir / f->path, *f));
    }
    return check_extra(dir, {}, expected);
  }

  Status check_blobs() {
    NANO_TRY_ASSIGN(const auto shards, fs::list_dir(layout_.blobs()));
    for (const auto& shard : shards) {
      const Path dir = layout_.blobs() / shard;
      NANO_TRY_ASSIGN(const fs::What what, fs::look(dir));
      if (what == fs::What::absent) continue;
      if (what != fs::What::folder) {
        NANO_TRY(add(Kind::extra_file, dir, "folders of blobs", sanitize(shard), "`nano verify --repair` removes it"));
        continue;
      }
      NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
      for (const auto& name : names) NANO_TRY(check_blob(dir / name, name));
    }
    return Unit{};
  }

  Status check_blob(const Path& path, const std::string& name) {
    const auto digest = Digest::parse_hex(name);
    NANO_TRY_ASSIGN(const auto st, fs::status_of(path));
    if (!st) return Unit{};  // a gc was faster
    if (!digest || layout_.blob(*digest) != path) return add(Kind::extra_file, path, "a blob", sanitize(name), "`nano verify --repair` removes it");
    if (!S_ISREG(st->st_mode)) return add(Kind::not_a_file, path, "a regular file", "a link or special file", kRepair);
    NANO_TRY(check_mode(path, *st));
    const auto d = hash(path, *st);
    if (!d && d.error().code == Errc::not_found) return Unit{};
    if (!d) return d.error();
    return *d == *digest ? Status(Unit{}) : add(Kind::bad_blob, path, digest->text(), d->text(), kRepair);
  }

  Status check_leftovers() {
    const auto each = [&](const Path& dir, const auto& is_leftover) -> Status {
      NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
      for (const auto& name : names)
        if (is_leftover(std::string_view(name))) NANO_TRY(add(Kind::leftover, dir / name, "nothing", "a killed writer's", "the next install removes it"));
      return Unit{};
    };
    NANO_TRY(each(layout_.packages(), [](std::string_view n) { return n.substr(0, internal::kStagingPrefix.size()) == internal::kStagingPrefix; }));
    for (const Path& dir : {layout_.root(), layout_.generations(), layout_.project_roots(), layout_.partials(), layout_.derived()})
      NANO_TRY(each(dir, internal::is_temporary));
    return Unit{};
  }

  static constexpr const char* kRepair = "`nano verify --repair` mends it if a good copy is left; else install it again";
  static constexpr const char* kMended = "`nano verify --repair` writes it anew";

  const StoreLayout& layout_;
  const CheckOptions options_;
  Progress& progress_;
  CheckReport report_{};
  std::map<std::pair<dev_t, ino_t>, Digest> hashed_{};
  std::string package_{};
  std::string dir_{};
};

}  // namespace

std::string_view kind_word(Kind kind) {
  switch (kind) {
    case Kind::bad_generation: return "bad-generation";
    case Kind::missing_package: return "missing-package";
    case Kind::bad_release: return "bad-release";
    case Kind::missing_file: return "missing-file";
    case Kind::wrong_size: return "wrong-size";
    case Kind::wrong_bytes: return "wrong-bytes";
    case Kind::extra_file: return "extra-file";
    case Kind::not_a_file: return "not-a-file";
    case Kind::writable: return "writable";
    case Kind::bad_blob: return "bad-blob";
    case Kind::leftover: return "leftover";
  }
  return "unknown";
}

std::size_t CheckReport::damage() const {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), [](const auto& f) { return f.kind != Kind::leftover; }));
}

Result<CheckReport> check_entry(const Store& store, const GenerationEntry& entry, Progress& progress) {
  return Checker(store.primary(), {}, progress).one(entry);
}

Result<CheckReport> check(const Store& store, const CheckOptions& options, Progress& progress) {
  return Checker(store.primary(), options, progress).run();
}

}  // namespace nano::store
