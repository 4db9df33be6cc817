// store/check.cpp: read everything that is installed and list what is not as it should be.
#include "store/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "store/packages.h"
#include "store/store_internal.h"

namespace nano::store {
namespace {

using internal::examine;
using Kind = Finding::Kind;

std::string entry_text(const GenerationEntry& e) {
  return e.name.text() + "@" + e.version.text() + (e.variant.empty() ? "" : ":" + e.variant);
}

class Checker {
 public:
  Checker(const StoreLayout& layout, const CheckOptions& options, Progress& progress)
      : layout_(layout), options_(options), progress_(progress) {}

  Result<CheckReport> run() {
    progress_.start("verifying", 0);
    for (const auto& e : entries_to_check()) check_package(e);
    if (options_.all_blobs && options_.only.empty()) NANO_TRY(check_blobs());
    if (options_.leftovers && options_.only.empty()) check_leftovers();
    progress_.finish();
    return std::move(report_);
  }

 private:
  void add(Kind kind, const Path& path, std::string expected, std::string got, std::string remedy) {
    report_.findings.push_back({.kind = kind, .path = path.lexically_relative(layout_.root()).string(), .dir = dir_, .package = package_,
                                .expected = std::move(expected), .got = std::move(got), .remedy = std::move(remedy)});
  }

  std::vector<GenerationEntry> entries_to_check() {
    std::vector<GenerationEntry> out;
    const auto take = [&](const Generation& g) {
      for (const auto& e : g.entries) {
        const auto same = [&](const auto& o) { return o.dir == e.dir && o.release == e.release; };
        const bool wanted = options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), e.name) != options_.only.end();
        if (wanted && std::none_of(out.begin(), out.end(), same)) out.push_back(e);
      }
    };
    if (const auto current = read_current(layout_)) take(*current);
    else add(Kind::bad_generation, layout_.current(), "a whole generation", current.error().message, current.error().hint);
    if (options_.all_generations) {
      if (const auto numbers = list_generations(layout_)) {
        for (const uint64_t n : *numbers) {
          if (const auto g = read_generation(layout_, n)) take(*g);
          else add(Kind::bad_generation, layout_.generation(n), "a whole generation", g.error().message, "`nano gc` removes it; it can't be put in force");
        }
      }
    }
    return out;
  }

  /// Each inode is hashed once; nullopt (and a finding) when it can't be read.
  std::optional<Digest> hash(const Path& path, const struct stat& st) {
    const auto key = std::make_pair(st.st_dev, st.st_ino);
    if (const auto known = hashed_.find(key); known != hashed_.end()) return known->second;
    const auto d = sha256_file(path);
    if (!d) return std::nullopt;
    report_.bytes_hashed += static_cast<uint64_t>(st.st_size);
    progress_.advance(static_cast<uint64_t>(st.st_size));
    hashed_.emplace(key, *d);
    return *d;
  }

  void check_mode(const Path& path, const struct stat& st) {
    if ((st.st_mode & 0222) == 0) return;
    const char digits[] = {'0', static_cast<char>('0' + ((st.st_mode >> 6) & 7)), static_cast<char>('0' + ((st.st_mode >> 3) & 7)),
                           static_cast<char>('0' + (st.st_mode & 7)), '\0'};
    add(Kind::writable, path, "mode 0444", std::string("mode ") + digits, "`nano verify --repair` makes it read-only");
  }

  void check_mode_of(const Path& path) {
    if (const auto st = examine(path)) check_mode(path, *st);
  }

  /// A document nano wrote itself: exactly these bytes.
  void check_document(const Path& path, std::string_view expected) {
    const auto bytes = internal::read_own(path, schemas::kMaxReleaseBytes);
    if (!bytes) return add(Kind::bad_release, path, "the release's manifest", bytes.error().message, kReinstall);
    if (*bytes != expected) return add(Kind::bad_release, path, "the release's manifest", "other bytes", kRepair);
    check_mode_of(path);
  }

  void check_file(const Path& path, const schemas::ReleaseFile& f) {
    ++report_.files;
    const auto st = examine(path);
    if (!st) return add(Kind::missing_file, path, std::to_string(f.size) + " bytes", "nothing", kRepair);
    if (!S_ISREG(st->st_mode) || !internal::no_links_inside(layout_.root(), path.parent_path()))
      return add(Kind::not_a_file, path, "a regular file", "a link or special file", kRepair);
    check_mode(path, *st);
    if (static_cast<uint64_t>(st->st_size) != f.size)
      return add(Kind::wrong_size, path, std::to_string(f.size) + " bytes", std::to_string(st->st_size) + " bytes", kRepair);
    const auto d = hash(path, *st);
    if (!d || *d != f.sha256) add(Kind::wrong_bytes, path, f.sha256.text(), d ? d->text() : "unreadable", kReinstall);
  }

  /// Everything below `dir` that is not in `expected` (relative paths of files).
  void check_extra(const Path& root, const std::string& rel, const std::set<std::string>& expected) {
    const Path dir = rel.empty() ? root : root / rel;
    const auto names = fs::list_dir(dir);
    if (!names) return;
    for (const auto& name : *names) {
      const std::string at = rel.empty() ? name : rel + "/" + name;
      if (expected.count(at) != 0) continue;
      const auto st = examine(dir / name);
      const auto below = expected.lower_bound(at + "/");
      const bool holds_some = below != expected.end() && below->compare(0, at.size() + 1, at + "/") == 0;
      if (st && S_ISDIR(st->st_mode) && holds_some) check_extra(root, at, expected);
      else add(Kind::extra_file, root / at, "nothing", sanitize(name), "`nano verify --repair` removes it");
    }
  }

  void check_package(const GenerationEntry& e) {
    package_ = entry_text(e);
    dir_ = e.dir;
    check_package_dir(e);
    package_.clear();
    dir_.clear();
  }

  void check_package_dir(const GenerationEntry& e) {
    ++report_.packages;
    const Path dir = layout_.root() / e.dir;
    const std::string reinstall = "`nano install " + entry_text(e) + "` brings it back";
    if (!fs::exists(dir)) return add(Kind::missing_package, dir, "a package folder", "nothing", reinstall);
    if (!internal::no_links_inside(layout_.root(), dir)) return add(Kind::not_a_file, dir, "a folder", "a link or file", reinstall);
    const auto bytes = internal::read_own(dir / kReleaseFile, schemas::kMaxReleaseBytes);
    if (!bytes) return add(Kind::bad_release, dir / kReleaseFile, e.release.text(), bytes.error().message, reinstall);
    if (const Digest d = sha256(*bytes); d != e.release)
      return add(Kind::bad_release, dir / kReleaseFile, e.release.text(), d.text(), reinstall);
    const auto release = schemas::parse_release(*bytes);
    if (!release) return add(Kind::bad_release, dir / kReleaseFile, "a release", release.error().message, reinstall);
    check_mode_of(dir / kReleaseFile);
    std::set<std::string> expected{std::string(kReleaseFile), std::string(kManifestFile)};
    constexpr std::string_view kEnvelope = "~envelope.json";  // the first nano kept one; it proves nothing any more
    if (fs::exists(dir / kEnvelope)) expected.emplace(kEnvelope);
    check_document(dir / kManifestFile, schemas::write_manifest(release->manifest));
    for (const auto* f : release->files_of(e.variant)) {
      expected.insert(f->path);
      check_file(dir / f->path, *f);
    }
    check_extra(dir, {}, expected);
  }

  Status check_blobs() {
    NANO_TRY_ASSIGN(const auto shards, fs::list_dir(layout_.blobs()));
    for (const auto& shard : shards) {
      const Path dir = layout_.blobs() / shard;
      const auto d = examine(dir);
      if (!d || !S_ISDIR(d->st_mode)) {
        add(Kind::extra_file, dir, "folders of blobs", sanitize(shard), "`nano verify --repair` removes it");
        continue;
      }
      NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
      for (const auto& name : names) check_blob(dir / name, name);
    }
    return Unit{};
  }

  void check_blob(const Path& path, const std::string& name) {
    const auto digest = Digest::parse_hex(name);
    const auto st = examine(path);
    if (!st) return;  // a gc was faster
    if (!digest || layout_.blob(*digest) != path) return add(Kind::extra_file, path, "a blob", sanitize(name), "`nano verify --repair` removes it");
    if (!S_ISREG(st->st_mode)) return add(Kind::not_a_file, path, "a regular file", "a link or special file", kRepair);
    check_mode(path, *st);
    const auto d = hash(path, *st);
    if (!d || *d != *digest) add(Kind::bad_blob, path, digest->text(), d ? d->text() : "unreadable", kRepair);
  }

  void check_leftovers() {
    const auto each = [&](const Path& dir, const auto& is_leftover) {
      const auto names = fs::list_dir(dir);
      if (!names) return;
      for (const auto& name : *names) {
        if (is_leftover(std::string_view(name))) add(Kind::leftover, dir / name, "nothing", "a killed writer's", "the next install removes it");
      }
    };
    each(layout_.packages(), [](std::string_view n) { return n.substr(0, internal::kStagingPrefix.size()) == internal::kStagingPrefix; });
    for (const Path& dir : {layout_.root(), layout_.generations(), layout_.project_roots(), layout_.partials()}) each(dir, internal::is_temporary);
  }

  static constexpr const char* kRepair = "`nano verify --repair` mends it if a good copy is left; else install it again";
  static constexpr const char* kReinstall = "`nano verify --repair` removes what is damaged, then install it again";

  const StoreLayout& layout_;
  const CheckOptions& options_;
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

Result<CheckReport> check(const Store& store, const CheckOptions& options, Progress& progress) {
  return Checker(store.primary(), options, progress).run();
}

}  // namespace nano::store
