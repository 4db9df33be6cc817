// tests/support/support.h: what every folder's tests share: temporary folders, files, environment, programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nano::test {

/// A folder that exists for one test and is removed (whatever its modes) after it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view rel) const { return path_ / rel; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read(const std::filesystem::path& p);      ///< "" when absent
void write(const std::filesystem::path& p, std::string_view bytes);  ///< makes parent folders
[[nodiscard]] std::optional<std::string> env(const char* name);      ///< unset or empty: nullopt
[[nodiscard]] std::filesystem::path data(std::string_view rel);      ///< a file of tests/data
/// A file of NANO_SHARED, or nullopt when that folder or file is absent (the test then skips).
[[nodiscard]] std::optional<std::filesystem::path> shared(std::string_view rel);

struct RunResult {
  int exit_code = -1;  ///< 128 + signal when killed by one
  std::string out{};
  std::string err{};
};
/// Run a program (no shell) with `stdin_bytes`, the environment plus `extra_env` (an empty value unsets).
[[nodiscard]] RunResult run(const std::vector<std::string>& argv, std::string_view stdin_bytes = {},
                            const std::map<std::string, std::string>& extra_env = {});
[[nodiscard]] std::string bin(std::string_view program);  ///< path of a built program in build/<preset>/bin

}  // namespace nano::test
