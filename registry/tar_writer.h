// registry/tar_writer.h: `.nano` files by libarchive, byte for byte the same from the same input.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/fs_output.h"
#include "base/result.h"
#include "registry/bundle.h"

namespace nano::registry {

/// Plain ustar inside zstd: regular files, mode 0644, owner 0, one date for all.
class TarWriter {
 public:
  /// Write `out`, whatever it is (base/fs_output.h): `fill` adds the entries; after an error no file is left behind.
  ///   returns  bytes written
  ///   errors   usage: `out` exists and is not to be replaced; store; and those of `fill`
  [[nodiscard]] static Result<uint64_t> write(const std::filesystem::path& out, const fs::OutputOptions& how, UnixTime mtime,
                                              const std::function<Status(TarWriter&)>& fill);

  [[nodiscard]] Status entry(std::string_view name, std::string_view bytes);
  /// A blob under `name`, hashed on its way. errors  integrity: the file's bytes are not the blob's; not_found; store
  [[nodiscard]] Status blob(std::string_view name, const LocalBlob& blob);

  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

 private:
  struct Impl;
  explicit TarWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::registry
