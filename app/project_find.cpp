// app/project_find.cpp: whose nano.json counts in this folder.
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/project.h"
#include "base/fs_look.h"
#include "base/json.h"
#include "base/text.h"

namespace nano::app {
namespace {

/// Whose files are followed: the user's own, root's (who can do everything anyway), and under sudo those of who called it.
bool is_trusted_owner(uid_t owner) {
  if (owner == 0 || owner == ::geteuid()) return true;
  const char* sudo = std::getenv("SUDO_UID");
  return ::geteuid() == 0 && sudo != nullptr && std::to_string(owner) == sudo;
}

/// The first of these that somebody else owns; nullopt: none. Links count as well as what they lead to.
std::optional<std::pair<fs::Path, uid_t>> owned_by_another(const fs::Path& dir) {
  for (const fs::Path& p : {dir, dir / kProjectFile, dir / kLockFile}) {
    struct stat st {};
    for (const auto look : {::lstat, ::stat})
      if (look(p.c_str(), &st) == 0 && !is_trusted_owner(st.st_uid)) return std::pair(p, st.st_uid);
  }
  return std::nullopt;
}

enum class What { nothing, package, project };

/// A broken file is taken for a project when it says it is one or a lock lies beside it, so that the fault is told where it
/// lies, and nothing outside the project is changed in its stead. Another tool's nano.json is nothing.
What kind_of(const fs::Path& dir, const std::string& bytes) {
  if (const auto manifest = schemas::parse_manifest(bytes))
    return manifest->kind == schemas::Kind::project ? What::project : What::package;
  if (const auto doc = parse_json(bytes, {.max_bytes = schemas::kMaxManifestBytes}); doc) {
    if (!doc->is_object()) return What::nothing;
    const auto text = [&](const char* key) {
      const auto it = doc->find(key);
      return it != doc->end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    if (text("kind") == "project") return What::project;
    return text("schema").starts_with("nano.manifest/") ? What::package : What::nothing;
  }
  const auto has = [&](std::string_view part) { return bytes.find(part) != std::string::npos; };
  if (has("\"project\"") || fs::exists(dir / kLockFile)) return What::project;
  return has("\"nano.manifest/") ? What::package : What::nothing;
}

/// Is there a file of that name? Not in a folder that may not be entered (nobody can have meant it for us), nor at the end of links
/// in a circle. A disk that does not answer is an error: a project may lie there.
Result<bool> is_file_here(const fs::Path& file) {
  struct stat st {};
  if (::stat(file.c_str(), &st) == 0) return S_ISREG(st.st_mode);
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP || errno == ENAMETOOLONG) return false;
  return fs::cannot_read(file, errno, "cannot look at");
}

Result<What> what_lies_in(const fs::Path& dir) {
  NANO_TRY_ASSIGN(const bool there, is_file_here(dir / kProjectFile));
  if (!there) return What::nothing;
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(dir / kProjectFile, schemas::kMaxManifestBytes));
  const What what = kind_of(dir, bytes);
  if (what != What::project) return what;
  const auto lock = fs::open_read_follow(dir / kLockFile);  // without it the project would say other things than it does
  if (!lock && lock.error().code != Errc::not_found) return lock.error();
  return what;
}

}  // namespace

ProjectSearch look_for_project() {
  ProjectSearch out;
  if (const char* named = std::getenv("NANO_PROJECT"); named != nullptr && *named != '\0') {
    out.dir = fs::Path(named);
    return out;
  }
  std::error_code ec;
  for (fs::Path dir = std::filesystem::current_path(ec); !ec; dir = dir.parent_path()) {
    const auto pass_over = [&](Errc code, const std::string& why, const std::string& hint) {
      out.passed_over.push_back({dir, make_error(code, "the project " + sanitize(dir.string()) + " is passed over: " + why, hint)});
    };
    const auto what = what_lies_in(dir);
    if (!what) {
      pass_over(what.error().code, what.error().message, "give yourself the right to read it, or work in another folder");
    } else if (*what != What::nothing) {
      const auto other = owned_by_another(dir);
      if (!other) {
        if (*what == What::project) out.dir = dir;
        return out;
      }
      if (*what == What::project)
        pass_over(Errc::not_found,
                  "'" + sanitize(other->first.filename().string()) + "' belongs to another user (uid " + std::to_string(other->second) + ")",
                  "if you trust who wrote it: NANO_PROJECT=" + sanitize(dir.string()));
    }
    if (dir == dir.parent_path()) break;
  }
  return out;
}

Result<std::optional<fs::Path>> find_project_folder(const Context& ctx) {
  const ProjectSearch found = look_for_project();
  for (const PassedOver& p : found.passed_over) ctx.warn_once(p.error.message + "; " + p.error.hint);
  return found.dir;
}

}  // namespace nano::app
