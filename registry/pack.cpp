// registry/pack.cpp: looks at every file of a package folder and says everything that is wrong with it, at once.
#include "registry/pack.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/count.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_place.h"
#include "base/text.h"
#include "schemas/golden.h"

namespace nano::registry {
namespace {

constexpr std::string_view kManifestName = "nano.json";
constexpr std::size_t kMaxNotes = 20;

/// One file the manifest names, as far as it could be looked at.
struct Seen {
  BlobRequest blob{};
  std::filesystem::path file{};
  bool good = false;
};

class Packer {
 public:
  Packer(std::filesystem::path dir, const PackOptions& options) : dir_(std::move(dir)), options_(options) {}

  [[nodiscard]] Result<PackReport> run() {
    if (!fs::is_dir(dir_)) return make_error(Errc::not_found, "there is no folder '" + dir_.string() + "'");
    const auto manifest_path = dir_ / kManifestName;
    if (!fs::exists(manifest_path))
      return make_error(Errc::not_found, "there is no nano.json in '" + dir_.string() + "'", "`nano new DIR --from x.gguf` writes one to fill in");
    auto bytes = fs::read_file(manifest_path, schemas::kMaxManifestBytes);
    if (!bytes) return std::move(bytes.error()).while_("reading " + manifest_path.string());
    auto reading = schemas::read_manifest(*bytes);
    report_.problems = std::move(reading.problems);
    report_.manifest = std::move(reading.manifest);
    known_ = report_.problems;
    if (report_.manifest && report_.manifest->kind == schemas::Kind::project)
      problem("/kind", "a project is not a package", "packages are models, bases, heads, adapters, grids and data sets");
    NANO_TRY(look_at_files(*bytes));
    if (report_.manifest && !schemas::any_about(known_, "/files")) note_strays();
    if (report_.problems.empty()) build();
    for (auto& p : report_.problems)
      if (!p.pointer.empty()) p.line = json_line(*bytes, p.pointer);
    return std::move(report_);
  }

 private:
  void problem(std::string pointer, std::string message, std::string hint = {}) {
    report_.problems.push_back({.pointer = std::move(pointer), .message = std::move(message), .hint = std::move(hint)});
  }

  /// The files[] of a manifest that may have other faults: whatever paths can be read are looked at.
  [[nodiscard]] Status look_at_files(std::string_view bytes) {
    const auto doc = parse_json(bytes, {.max_bytes = schemas::kMaxManifestBytes, .allow_floats = true});
    if (!doc || !doc->is_object()) return Unit{};  // said already
    const auto files = doc->find("files");
    if (files == doc->end() || !files->is_array()) return Unit{};
    for (std::size_t i = 0; i < files->size() && i < schemas::kMaxFiles; ++i) {
      const Json& entry = (*files)[i];
      const auto path = entry.is_object() ? entry.find("path") : entry.end();
      if (!entry.is_object() || path == entry.end() || !path->is_string()) continue;
      const std::string rel = path->get<std::string>();
      if (!fs::is_package_path(rel)) continue;  // said already
      const auto role = entry.find("role");
      const std::string role_text = role != entry.end() && role->is_string() ? role->get<std::string>() : "";
      NANO_TRY(look_at(rel, role_text, "/files/" + std::to_string(i) + "/path"));
    }
    return Unit{};
  }

  [[nodiscard]] Status look_at(const std::string& rel, const std::string& role, const std::string& pointer) {
    if (!seen_.emplace(rel, Seen{}).second) return Unit{};
    const std::string shown = "'" + rel + "'";
    std::filesystem::path file = dir_;
    for (const std::string& part : split(rel, '/')) {
      file /= part;
      struct stat st {};
      if (lstat(file.c_str(), &st) != 0) {
        problem(pointer, "the file " + shown + " is not in the folder", "put it there, or take it out of nano.json");
        return Unit{};
      }
      if (S_ISLNK(st.st_mode)) {
        problem(pointer, shown + " is, or lies behind, a symbolic link", "put the file itself into the folder");
        return Unit{};
      }
    }
    const auto fd = fs::open_read(file);
    if (!fd) {
      if (fd.error().code == Errc::store) return fd.error();
      problem(pointer, shown + " is not a regular file");
      return Unit{};
    }
    NANO_TRY_ASSIGN(const uint64_t size, fs::file_size(*fd, file));
    if (size > schemas::kMaxBlobBytes) {
      problem(pointer, shown + " has " + std::to_string(size) + " bytes, the limit is " + std::to_string(schemas::kMaxBlobBytes));
      return Unit{};
    }
    std::array<char, kHeadBytes> buf{};
    const ssize_t n = pread(fd->get(), buf.data(), buf.size(), 0);
    if (n < 0) return make_error(Errc::store, "cannot read '" + file.string() + "'");
    if (!check_kind({buf.data(), static_cast<std::size_t>(n)}, rel, role, size, pointer)) return Unit{};
    NANO_TRY_ASSIGN(const Digest digest, sha256_fd(fd->get()));
    if (role == "weights") check_weights(file, rel, pointer);
    if (role == "golden") NANO_TRY(check_golden(file, rel, pointer));
    if (role == "card" || role == "license") {
      NANO_TRY_ASSIGN(const std::string text, fs::read_file(file, schemas::kMaxBlobBytes));
      if (!is_utf8(text)) problem(pointer, shown + " is not UTF-8 text", "save it as UTF-8");
    }
    seen_[rel] = Seen{.blob = {.digest = digest, .size = size}, .file = file, .good = true};
    return Unit{};
  }

  bool check_kind(std::string_view head, const std::string& rel, const std::string& role, uint64_t size, const std::string& pointer) {
    if (auto fault = content_problem(head, rel, role == "weights")) {
      problem(pointer, std::move(fault->message), std::move(fault->hint));
      return false;
    }
    if (role == "card" && size > kMaxCardBytes) {
      problem(pointer, "the card '" + rel + "' has " + std::to_string(size) + " bytes, the limit is " + std::to_string(kMaxCardBytes), "shorten it");
      return false;
    }
    return true;
  }

  void check_weights(const std::filesystem::path& file, const std::string& rel, const std::string& pointer) {
    if (!options_.check_weights || !report_.manifest) return;
    const schemas::FileEntry* entry = report_.manifest->find_file(rel);
    if (entry == nullptr) return;
    for (auto& p : options_.check_weights(file, *report_.manifest, *entry, known_))
      problem(p.pointer.empty() ? pointer : p.pointer, "'" + rel + "': " + p.message, p.hint);
  }

  /// Its format; whether the model answers so is for who can run it.
  [[nodiscard]] Status check_golden(const std::filesystem::path& file, const std::string& rel, const std::string& pointer) {
    auto bytes = fs::read_file(file, schemas::kMaxGoldenBytes);
    if (!bytes && bytes.error().code == Errc::store) return std::move(bytes.error());
    if (!bytes) {
      problem(pointer, "'" + rel + "': " + bytes.error().message, bytes.error().hint);
      return Unit{};
    }
    const auto faults = schemas::check_golden(*bytes);
    for (std::size_t i = 0; i < faults.size() && i < kMaxNotes; ++i)
      problem(pointer, "'" + rel + "': " + (faults[i].pointer.empty() ? "" : faults[i].pointer + ": ") + faults[i].message, faults[i].hint);
    return Unit{};
  }

  /// Answers that `nano golden` wrote and nobody named: the one stray whose use is known.
  static bool is_golden(const std::filesystem::path& file) {
    if (file.extension() != ".json") return false;
    const auto bytes = fs::read_file(file, schemas::kMaxGoldenBytes);
    return bytes && schemas::check_golden(*bytes).empty();
  }

  /// Files that will not be packed: often a file one forgot to name.
  void note_strays() {
    std::error_code ec;
    std::vector<std::string> strays;
    for (auto it = std::filesystem::recursive_directory_iterator(dir_, ec); !ec && it != std::filesystem::recursive_directory_iterator();
         it.increment(ec)) {
      const std::string rel = it->path().lexically_relative(dir_).generic_string();
      if (it->path().filename().string().front() == '.') {
        if (it->is_directory(ec)) it.disable_recursion_pending();
        continue;
      }
      if (!it->is_directory(ec) && rel != kManifestName && !seen_.contains(rel)) strays.push_back(rel);
    }
    std::sort(strays.begin(), strays.end());
    for (std::size_t i = 0; i < strays.size() && i < kMaxNotes; ++i) {
      const bool golden = is_golden(dir_ / strays[i]);
      report_.notes.push_back("'" + sanitize(strays[i]) + "' is in the folder, but nano.json does not name it: it is not packed" +
                              (golden ? "; it is a golden file: add {\"path\": \"" + sanitize(strays[i]) + "\", \"role\": \"golden\"} to the files" : ""));
    }
    if (strays.size() > kMaxNotes) report_.notes.push_back(counted(strays.size() - kMaxNotes, "more file") + (strays.size() - kMaxNotes == 1 ? " is" : " are") + " not packed");
  }

  void build() {
    Packed out;
    out.release.manifest = *report_.manifest;
    out.release.created = format_time(options_.created);
    std::map<Digest, LocalBlob> blobs;
    for (const schemas::FileEntry& f : out.release.manifest.files) {
      const Seen& s = seen_[f.path];
      NANO_ASSERT(s.good);
      out.release.files.push_back({.path = f.path, .size = s.blob.size, .sha256 = s.blob.digest, .role = f.role, .variant = f.variant});
      blobs.emplace(s.blob.digest, LocalBlob{.blob = s.blob, .file = s.file});
    }
    std::sort(out.release.files.begin(), out.release.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    auto bytes = schemas::release_bytes(out.release);
    if (!bytes) {
      problem("", bytes.error().message, bytes.error().hint);
      return;
    }
    out.release_bytes = std::move(*bytes);
    out.digest = sha256(out.release_bytes);
    for (auto& [digest, blob] : blobs) out.blobs.push_back(std::move(blob));
    report_.packed = std::move(out);
  }

  std::filesystem::path dir_;
  const PackOptions& options_;
  schemas::Problems known_{};  ///< of the manifest alone
  std::map<std::string, Seen> seen_{};
  PackReport report_{};
};

}  // namespace

Result<PackReport> pack_folder(const std::filesystem::path& dir, const PackOptions& options) { return Packer(dir, options).run(); }

}  // namespace nano::registry
