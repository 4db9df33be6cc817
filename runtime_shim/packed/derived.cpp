// runtime_shim/packed/derived.cpp: header, mapping on a 2 MB boundary, and a file that appears whole.
#include "runtime_shim/packed/derived.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/fs_dir.h"
#include "base/fs_look.h"

namespace nano::packed {
namespace {

constexpr std::size_t kImageAt = 4096;
constexpr std::size_t kHuge = std::size_t{2} << 20;

struct Header {
  char magic[8] = {};
  uint32_t version = 0;
  uint32_t crc = 0;
  char layout[16] = {};
  uint8_t source[32] = {};
  uint64_t source_bytes = 0;
  uint64_t image_bytes = 0;
};
static_assert(sizeof(Header) == 80);

// CRC-32 of IEEE 802.3, bit by bit: the header is 80 bytes.
uint32_t crc32(std::span<const std::byte> bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const std::byte b : bytes) {
    crc ^= static_cast<uint32_t>(b);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

Header header_of(const Origin& origin, uint64_t image_bytes) {
  Header h;
  std::memcpy(h.magic, "nanopack", sizeof(h.magic));
  h.version = kPackerVersion;
  std::memcpy(h.layout, kLayout.data(), kLayout.size());
  std::memcpy(h.source, origin.source.bytes().data(), sizeof(h.source));
  h.source_bytes = origin.source_bytes;
  h.image_bytes = image_bytes;
  h.crc = crc32(std::as_bytes(std::span(&h, 1)));
  return h;
}

// The folder itself, never a link in its place: what is made in it stays in the store.
Result<fs::Dir> open_own(const std::filesystem::path& folder) {
  return fs::Dir::open(folder.parent_path(), folder.filename());
}

Error failed(const std::filesystem::path& path) {
  const int e = errno;
  return make_error(Errc::store, "cannot write " + path.string() + ": " + std::strerror(e));
}

Status write_all(int fd, const std::filesystem::path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed(path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Unit{};
}

}  // namespace

std::string derived_name(const Digest& source) {
  return source.hex() + "." + std::string(kLayout) + ".packed";
}

Derived::Derived(Derived&& o) noexcept
    : data_(std::exchange(o.data_, nullptr)),
      size_(std::exchange(o.size_, 0)),
      area_(std::exchange(o.area_, nullptr)),
      area_size_(std::exchange(o.area_size_, 0)) {}

Derived& Derived::operator=(Derived&& o) noexcept {
  std::swap(data_, o.data_);
  std::swap(size_, o.size_);
  std::swap(area_, o.area_);
  std::swap(area_size_, o.area_size_);
  return *this;
}

Derived::~Derived() {
  if (area_ != nullptr) ::munmap(area_, area_size_);
}

std::optional<Derived> Derived::open(const std::filesystem::path& folder, const Origin& origin) {
  const auto dir = open_own(folder);
  if (!dir) return std::nullopt;
  const auto fd = dir->open_read(derived_name(origin.source));
  if (!fd) return std::nullopt;
  struct stat st = {};
  Header have;
  if (::fstat(fd->get(), &st) != 0 ||
      ::pread(fd->get(), &have, sizeof(have), 0) != static_cast<ssize_t>(sizeof(have))) {
    return std::nullopt;
  }
  const auto bytes = static_cast<uint64_t>(st.st_size);
  if (bytes <= kImageAt) return std::nullopt;
  const Header want = header_of(origin, bytes - kImageAt);
  if (std::memcmp(&have, &want, sizeof(have)) != 0) return std::nullopt;

  // The image begins on a 2 MB boundary of an address range of our own, so that settle() can put huge pages there.
  Derived d;
  const auto image = static_cast<std::size_t>(want.image_bytes);
  const std::size_t length = (image + kHuge - 1) / kHuge * kHuge;
  void* area = ::mmap(nullptr, length + kHuge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) return std::nullopt;
  d.area_ = static_cast<std::byte*>(area);
  d.area_size_ = length + kHuge;
  const auto from = reinterpret_cast<std::uintptr_t>(area);
  std::byte* at = d.area_ + ((from + kHuge - 1) / kHuge * kHuge - from);
  void* mapped =
      ::mmap(at, image, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd->get(), static_cast<off_t>(kImageAt));
  if (mapped == MAP_FAILED) return std::nullopt;
  d.data_ = at;
  d.size_ = image;
  return d;
}

Result<DerivedState> examine_derived(const std::filesystem::path& folder, const Origin& origin,
                                     std::span<const std::byte> image) {
  const std::filesystem::path path = folder / derived_name(origin.source);
  const auto dir = open_own(folder);
  const auto fd = dir ? dir->open_read(path.filename()) : Result<fs::Fd>(dir.error());
  if (!fd && fd.error().code == Errc::not_found) return DerivedState::absent;
  if (!fd) return DerivedState::unused;
  std::vector<std::byte> have(std::size_t{1} << 20);
  const auto read_at = [&](uint64_t at, std::size_t n) -> Result<std::size_t> {
    std::size_t got = 0;
    while (got < n) {
      const ssize_t r = ::pread(fd->get(), have.data() + got, n - got, static_cast<off_t>(at + got));
      if (r < 0 && errno == EINTR) continue;
      if (r < 0) return fs::cannot_read(path, errno);
      if (r == 0) break;
      got += static_cast<std::size_t>(r);
    }
    return got;
  };
  NANO_TRY_ASSIGN(const std::size_t head_bytes, read_at(0, kImageAt));
  Header h;
  if (head_bytes >= sizeof(h)) {
    std::memcpy(&h, have.data(), sizeof(h));
    const uint32_t crc = std::exchange(h.crc, 0);
    const bool ours = std::memcmp(h.magic, "nanopack", sizeof(h.magic)) == 0 && crc == crc32(std::as_bytes(std::span(&h, 1)));
    if (ours && h.version != kPackerVersion) return DerivedState::unused;
  }
  std::array<std::byte, kImageAt> head{};
  const Header want = header_of(origin, image.size());
  std::memcpy(head.data(), &want, sizeof(want));
  if (head_bytes != kImageAt || std::memcmp(have.data(), head.data(), kImageAt) != 0) return DerivedState::damaged;
  for (std::size_t at = 0; at < image.size();) {
    NANO_TRY_ASSIGN(const std::size_t n, read_at(kImageAt + at, std::min(have.size(), image.size() - at)));
    if (n == 0 || std::memcmp(have.data(), image.data() + at, n) != 0) return DerivedState::damaged;
    at += n;
  }
  NANO_TRY_ASSIGN(const std::size_t more, read_at(kImageAt + image.size(), 1));
  return more == 0 ? DerivedState::good : DerivedState::damaged;
}

// 2 MB after the other, so that never much more than the image is in memory.
void Derived::settle() {
  if (data_ == nullptr || size_ < kHuge) return;
  for (std::size_t at = 0; at < size_; at += kHuge) {
    void* area = ::mmap(nullptr, 2 * kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) return;
    auto* begin = static_cast<std::byte*>(area);
    const auto before = (kHuge - reinterpret_cast<std::uintptr_t>(area) % kHuge) % kHuge;
    std::byte* copy = begin + before;
    ::madvise(copy, kHuge, MADV_HUGEPAGE);
    std::memcpy(copy, data_ + at, std::min(kHuge, size_ - at));
    ::mprotect(copy, kHuge, PROT_READ);
    // The same bytes take the old ones' place in one step: no reader sees anything else.
    const bool moved = ::mremap(copy, kHuge, kHuge, MREMAP_MAYMOVE | MREMAP_FIXED, data_ + at) != MAP_FAILED;
    if (!moved) {
      ::munmap(begin, 2 * kHuge);
      return;
    }
    if (before != 0) ::munmap(begin, before);
    ::munmap(copy + kHuge, kHuge - before);
  }
}

Status write_derived(const std::filesystem::path& folder, const Origin& origin,
                     std::span<const std::byte> image) {
  const std::filesystem::path path = folder / derived_name(origin.source);
  // Beyond the limit on a file's size the system would end the whole program (SIGXFSZ), and that is not ours to risk.
  struct rlimit most {};
  if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < kImageAt + image.size()) {
    errno = EFBIG;
    return failed(path);
  }
  NANO_TRY_ASSIGN(const fs::Dir dir, open_own(folder));
  const fs::Fd fd(::openat(dir.fd(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!fd.valid()) return failed(path);
  std::array<std::byte, kImageAt> head{};
  const Header header = header_of(origin, image.size());
  std::memcpy(head.data(), &header, sizeof(header));
  NANO_TRY(write_all(fd.get(), path, head));
  NANO_TRY(write_all(fd.get(), path, image));
  // Without this a crash could leave the name on a file of zeros, whose header nobody would doubt.
  if (::fdatasync(fd.get()) != 0) return failed(path);
  const std::string self = "/proc/self/fd/" + std::to_string(fd.get());
  if (::linkat(AT_FDCWD, self.c_str(), dir.fd(), path.filename().c_str(), AT_SYMLINK_FOLLOW) == 0) return Unit{};
  if (errno != EEXIST) return failed(path);
  // What stands there was not of use (or another process was faster: then its file is as good as ours).
  const fs::Path beside = fs::temp_sibling(path).filename();
  if (::linkat(AT_FDCWD, self.c_str(), dir.fd(), beside.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return failed(folder / beside);
  if (::renameat(dir.fd(), beside.c_str(), dir.fd(), path.filename().c_str()) == 0) return Unit{};
  const Error error = failed(path);
  (void)::unlinkat(dir.fd(), beside.c_str(), 0);
  return error;
}

}  // namespace nano::packed
