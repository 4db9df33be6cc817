// base/fs_temporary.cpp: names of temporaries, and their removal by name and age.
#include "base/fs_temporary.h"

#include <cerrno>
#include <charconv>
#include <csignal>

#include <sys/stat.h>

#include "base/clock.h"

namespace nano::fs {
namespace {

/// Takes the last `.<number>` off `text`.
std::optional<int64_t> take_number(std::string_view& text) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(dot + 1);
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (ec != std::errc() || end != digits.data() + digits.size() || n < 0 || digits.front() == '-') return std::nullopt;
  text = text.substr(0, dot);
  return n;
}

}  // namespace

std::optional<TemporaryName> parse_temporary(std::string_view name) {
  constexpr std::string_view kEnd = ".tmp";
  if (name.size() < 6 || name.front() != '.' || !name.ends_with(kEnd)) return std::nullopt;
  name.remove_prefix(1);
  name.remove_suffix(kEnd.size());
  TemporaryName out;
  const auto random = take_number(name);
  const auto count = random ? take_number(name) : std::nullopt;
  const auto pid = count ? take_number(name) : std::nullopt;
  if (!pid || *pid == 0 || name.empty()) return std::nullopt;
  out.stem = name;
  out.pid = *pid;
  return out;
}

bool is_left_behind(std::string_view name, int64_t changed, int64_t now) {
  const auto parsed = parse_temporary(name);
  if (!parsed || changed > now - kYoungTemporarySeconds) return false;
  if (changed < now - kOldTemporarySeconds) return true;
  return parsed->pid > 0x7FFFFFFF || (::kill(static_cast<pid_t>(parsed->pid), 0) != 0 && errno == ESRCH);
}

std::size_t remove_left_behind(const Dir& dir) {
  std::size_t removed = 0;
  const auto names = dir.list();
  if (!names) return removed;
  const UnixTime at = now();
  for (const auto& name : *names) {
    if (!parse_temporary(name)) continue;
    const auto st = dir.status(name);
    if (!st || !*st || !S_ISREG((*st)->st_mode) || !is_left_behind(name, (*st)->st_mtime, at)) continue;
    if (dir.unlink(name)) ++removed;
  }
  return removed;
}

std::size_t remove_left_behind(const Path& dir) {
  const auto open = Dir::open(dir);
  return open ? remove_left_behind(*open) : 0;
}

}  // namespace nano::fs
