// verify/tuf/local_dir.h: a client's folder of metadata: the raw bytes received, one file for each role.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nano::verify::tuf {

//   root.json timestamp.json snapshot.json targets.json      the newest trusted ones
//   <role, percent-encoded>.json                             delegated roles
//   root_history/<N>.root.json                               each root ever followed, from the first trusted one
//
// Nothing here is believed because it lies here: the updater checks each file anew. A missing, damaged or half-written
// file costs a download, never more.
class LocalDir {
 public:
  LocalDir() = default;
  explicit LocalDir(std::filesystem::path dir) : dir_(std::move(dir)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return dir_; }
  /// nullopt: absent, longer than `max_bytes`, a link, or unreadable.
  [[nodiscard]] std::optional<std::string> read(std::string_view role, uint64_t max_bytes) const;
  [[nodiscard]] Status write(std::string_view role, std::string_view bytes) const;
  [[nodiscard]] Status remove(std::string_view role) const;

  [[nodiscard]] std::vector<uint64_t> root_versions() const;  ///< in root_history, ascending
  [[nodiscard]] std::optional<std::string> read_root(uint64_t version, uint64_t max_bytes) const;
  /// Into root_history first, then root.json: a crash between the two loses nothing.
  [[nodiscard]] Status write_root(uint64_t version, std::string_view bytes) const;

 private:
  std::filesystem::path dir_;
};

}  // namespace nano::verify::tuf
