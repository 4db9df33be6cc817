// registry/unpack.cpp: libarchive's reading half lives here alone.
#include "registry/unpack.h"

#include <unistd.h>

#include <array>
#include <string>

#include <archive.h>
#include <archive_entry.h>

#include "registry/bundle.h"
#include "registry/pack.h"
#include "registry/zstd_frame.h"

namespace nano::registry {
namespace {

constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";
constexpr std::size_t kInputBlock = std::size_t{1} << 18;

}  // namespace

void Unpack::Free::operator()(archive* a) const noexcept { archive_read_free(a); }

Result<Unpack> Unpack::open(const std::filesystem::path& file) {
  Unpack out;
  NANO_TRY_ASSIGN(out.fd_, fs::open_read_follow(file));
  NANO_TRY_ASSIGN(const uint64_t packed, fs::file_size(out.fd_, file));
  std::array<char, 512> head{};
  const ssize_t n = pread(out.fd_.get(), head.data(), head.size(), 0);
  const std::string_view begin(head.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  if (begin.substr(0, kZstdMagic.size()) != kZstdMagic) {
    const std::string kind = forbidden_kind(begin, "");
    return make_error(Errc::invalid, "not a nano bundle: the file is " + (kind.empty() ? std::string("not zstd-compressed") : kind),
                      "`nano pack DIR` makes a bundle");
  }
  NANO_TRY(check_one_frame(out.fd_, file));
  out.limit_ = packed * kMaxBundleRatio + kBundleRatioFloor;  // files are far below 2^56 bytes
  out.archive_.reset(archive_read_new());
  archive* a = out.archive_.get();
  archive_entry* entry = nullptr;
  if (a == nullptr || archive_read_support_filter_zstd(a) != ARCHIVE_OK || archive_read_support_format_raw(a) != ARCHIVE_OK)
    return make_error(Errc::internal, "this build of libarchive cannot read zstd");
  if (archive_read_open_fd(a, out.fd_.get(), kInputBlock) != ARCHIVE_OK || archive_read_next_header(a, &entry) != ARCHIVE_OK)
    return make_error(Errc::invalid, "not a nano bundle: its compressed data is damaged");
  return out;
}

Result<std::size_t> Unpack::read(char* to, std::size_t n) {
  const la_ssize_t got = archive_read_data(archive_.get(), to, n);
  if (got < 0) return make_error(Errc::invalid, "the bundle's compressed data is damaged or cut short", "fetch the bundle again");
  seen_ += static_cast<uint64_t>(got);
  if (seen_ > limit_)
    return make_error(Errc::invalid, "the bundle unpacks to more than " + std::to_string(kMaxBundleRatio) + " times its size",
                      "it is made to fill a disk: do not use it");
  return static_cast<std::size_t>(got);
}

Status Unpack::read_all(char* to, std::size_t n) {
  while (n > 0) {
    NANO_TRY_ASSIGN(const std::size_t got, read(to, n));
    if (got == 0) return make_error(Errc::invalid, "the bundle is cut short", "fetch the bundle again");
    to += got;
    n -= got;
  }
  return Unit{};
}

}  // namespace nano::registry
