// runtime_shim/fork_mark.cpp: one page.
#include "runtime_shim/fork_mark.h"

#include <cstddef>

#include <sys/mman.h>
#include <unistd.h>

namespace nano {
namespace {

std::size_t page_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

ForkMark::ForkMark() : owner_(getpid()) {
  void* page = ::mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, page_bytes(), MADV_WIPEONFORK) != 0) {
    ::munmap(page, page_bytes());
    return;
  }
  page_ = static_cast<volatile unsigned char*>(page);
  *page_ = 1;
}

ForkMark::~ForkMark() {
  if (page_ != nullptr) ::munmap(const_cast<unsigned char*>(page_), page_bytes());
}

bool ForkMark::forked() const {
  return (page_ != nullptr && *page_ == 0) || getpid() != owner_;
}

}  // namespace nano
