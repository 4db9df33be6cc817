// registry/repository/leftovers.cpp: by name and by age, never anything else.
#include "registry/repository/leftovers.h"

#include <cerrno>

#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs_temporary.h"

namespace nano::registry {
namespace {

constexpr int64_t kLivingStays = 86'400;  ///< seconds
constexpr int64_t kUnlockedStays = 3'600;
constexpr int kMaxDepth = 8;  ///< a registry's tree is five folders deep

bool is_alive(int64_t pid) {
  return pid > 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

bool may_go(const struct stat& st, int64_t pid, bool locked) {
  const int64_t age = now() - static_cast<int64_t>(st.st_mtim.tv_sec);
  if (is_alive(pid)) return age > kLivingStays;
  return locked || age > kUnlockedStays;
}

Status sweep_folder(const fs::Path& dir, Reach reach, bool locked, int depth, uint32_t& removed) {
  NANO_TRY_ASSIGN(const auto names, fs::list_dir(dir));
  for (const std::string& name : names) {
    const auto pid = writer_of_leftover(name);
    // Most of a registry's names are files of known kinds: only what may be ours, or a folder, is looked at.
    if (!pid && (reach == Reach::folder || name.ends_with(".json"))) continue;
    const fs::Path path = dir / name;
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) continue;
    if (S_ISDIR(st.st_mode)) {
      if (reach == Reach::below && depth < kMaxDepth) NANO_TRY(sweep_folder(path, reach, locked, depth + 1, removed));
      continue;
    }
    if (!pid || !S_ISREG(st.st_mode) || !may_go(st, *pid, locked)) continue;
    if (fs::remove_file(path)) ++removed;
  }
  return Unit{};
}

}  // namespace

std::optional<int64_t> writer_of_leftover(std::string_view name) {
  const auto parsed = fs::parse_temporary(name);
  return parsed ? std::optional<int64_t>(parsed->pid) : std::nullopt;
}

Result<uint32_t> remove_leftovers(const fs::Path& dir, Reach reach, bool locked) {
  uint32_t removed = 0;
  NANO_TRY(sweep_folder(dir, reach, locked, 0, removed));
  return removed;
}

}  // namespace nano::registry
