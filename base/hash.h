// base/hash.h: SHA-256 as bytes arrive (OpenSSL). libnano does not link this: it hashes nothing at load.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/digest.h"

namespace nano {

/// Incremental SHA-256. Not copyable; one thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::string_view bytes);
  [[nodiscard]] Digest finish();  ///< call once; the hasher starts anew afterwards

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] Digest sha256(std::string_view bytes);
/// Hash a whole file. errors  not_found, store (read error)
[[nodiscard]] Result<Digest> sha256_file(const std::filesystem::path& path);
/// Hash everything behind an open descriptor, from its start. errors  store
[[nodiscard]] Result<Digest> sha256_fd(int fd);

}  // namespace nano
