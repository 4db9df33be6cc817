// tests/registry/archives.h: hostile archives, made by libarchive and by hand, never by our own writer.
#pragma once

#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <catch2/catch.hpp>

namespace nano::test {

struct Entry {
  std::string name{};
  std::string data{};
  unsigned type = AE_IFREG;
  std::string link{};  ///< symbolic, or hard when `hard`
  bool hard = false;
  unsigned perm = 0644;
};

enum class Format { ustar, pax, gnu };

inline std::string tar_of(const std::vector<Entry>& entries, Format format = Format::ustar) {
  std::string out(std::size_t{1} << 22, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  if (format == Format::ustar) archive_write_set_format_ustar(a);
  if (format == Format::pax) archive_write_set_format_pax(a);
  if (format == Format::gnu) archive_write_set_format_gnutar(a);
  REQUIRE(archive_write_open_memory(a, out.data(), out.size(), &used) == ARCHIVE_OK);
  for (const Entry& e : entries) {
    archive_entry* h = archive_entry_new();
    archive_entry_set_pathname(h, e.name.c_str());
    archive_entry_set_filetype(h, e.type);
    archive_entry_set_perm(h, static_cast<__LA_MODE_T>(e.perm));
    archive_entry_set_size(h, e.hard || e.type != AE_IFREG ? 0 : static_cast<la_int64_t>(e.data.size()));
    if (e.hard)
      archive_entry_set_hardlink(h, e.link.c_str());
    else if (!e.link.empty())
      archive_entry_set_symlink(h, e.link.c_str());
    if (format == Format::pax)
      archive_entry_xattr_add_entry(h, "user.x", "y", 1);  // forces an extension header
    REQUIRE(archive_write_header(a, h) == ARCHIVE_OK);
    if (!e.hard && e.type == AE_IFREG) archive_write_data(a, e.data.data(), e.data.size());
    archive_entry_free(h);
  }
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

inline std::string packed(const std::string& tar, int (*filter)(archive*)) {
  std::string out(tar.size() + (std::size_t{1} << 20), '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_raw(a);
  filter(a);
  archive_write_set_bytes_in_last_block(a, 1);
  REQUIRE(archive_write_open_memory(a, out.data(), out.size(), &used) == ARCHIVE_OK);
  archive_entry* h = archive_entry_new();
  archive_entry_set_pathname(h, "x");
  archive_entry_set_filetype(h, AE_IFREG);
  archive_write_header(a, h);
  archive_write_data(a, tar.data(), tar.size());
  archive_entry_free(h);
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

inline std::string zst(const std::string& tar) { return packed(tar, archive_write_add_filter_zstd); }
inline std::string gz(const std::string& bytes) { return packed(bytes, archive_write_add_filter_gzip); }

/// Change a header of a tar and mend its checksum.
inline void patch_header(std::string& tar, std::size_t at, const std::function<void(char*)>& change) {
  char* h = tar.data() + at;
  change(h);
  std::memset(h + 148, ' ', 8);
  unsigned sum = 0;
  for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(h[i]);
  std::snprintf(h + 148, 8, "%06o", sum);
}

}  // namespace nano::test
