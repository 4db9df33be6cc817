// base/fs_map.cpp: read-only memory maps.
#include <cerrno>

#include <sys/mman.h>

#include "base/fs.h"
#include "base/fs_internal.h"
#include "base/fs_look.h"

namespace nano::fs {

using internal::fault;

MappedFile::MappedFile(MappedFile&& o) noexcept
    : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& o) noexcept {
  std::swap(data_, o.data_);
  std::swap(size_, o.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<MappedFile> MappedFile::open(const Path& path) {
  NANO_TRY_ASSIGN(const Fd fd, open_read_follow(path));
  NANO_TRY_ASSIGN(const uint64_t size, file_size(fd, path));
  MappedFile m;
  if (size == 0) return m;  // mmap refuses length 0
  if (const int e = fault(Op::mmap, path)) return cannot_read(path, e, "cannot map");
  void* p = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (p == MAP_FAILED) return cannot_read(path, errno, "cannot map");
  m.data_ = static_cast<const std::byte*>(p);
  m.size_ = size;
  return m;
}

}  // namespace nano::fs
