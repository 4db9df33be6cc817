// verify/tuf/local_dir.cpp: all through base/fs, so every write is atomic and can be broken in tests.
#include "verify/tuf/local_dir.h"

#include <algorithm>
#include <charconv>

#include "base/fs.h"
#include "verify/tuf/metadata.h"
#include "verify/tuf/names.h"

namespace nano::verify::tuf {
namespace {

constexpr const char* kHistory = "root_history";

std::optional<std::string> read_if_sound(const std::filesystem::path& file, uint64_t max_bytes) {
  auto bytes = fs::read_file(file, max_bytes);
  if (!bytes) return std::nullopt;
  return std::move(*bytes);
}

}  // namespace

std::optional<std::string> LocalDir::read(std::string_view role, uint64_t max_bytes) const {
  return read_if_sound(dir_ / metadata_file(role), max_bytes);
}

Status LocalDir::write(std::string_view role, std::string_view bytes) const {
  NANO_TRY(fs::make_dirs(dir_));
  return fs::write_atomic(dir_ / metadata_file(role), bytes);
}

Status LocalDir::remove(std::string_view role) const {
  return fs::remove_file(dir_ / metadata_file(role));
}

std::vector<uint64_t> LocalDir::root_versions() const {
  std::vector<uint64_t> out;
  const auto names = fs::list_dir(dir_ / kHistory);
  if (!names) return out;
  for (const std::string& name : *names) {
    uint64_t n = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), n);
    if (end.ec == std::errc{} && name == metadata_file(kRoot, n)) out.push_back(n);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<std::string> LocalDir::read_root(uint64_t version, uint64_t max_bytes) const {
  return read_if_sound(dir_ / kHistory / metadata_file(kRoot, version), max_bytes);
}

Status LocalDir::write_root(uint64_t version, std::string_view bytes) const {
  NANO_TRY(fs::make_dirs(dir_ / kHistory));
  NANO_TRY(fs::write_atomic(dir_ / kHistory / metadata_file(kRoot, version), bytes));
  return fs::write_atomic(dir_ / metadata_file(kRoot), bytes);
}

}  // namespace nano::verify::tuf
