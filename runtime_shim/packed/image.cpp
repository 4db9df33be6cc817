// runtime_shim/packed/image.cpp: the memory of an image. On huge pages, because a pass reads all of it: with 4 KB pages a
// product of 16 tokens loses 15% to page walks (docs/PERFORMANCE.md).
#include "runtime_shim/packed/image.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace nano::packed {

Image::Image(std::size_t bytes) : mode_(Mode::fill) {
  constexpr std::size_t huge = std::size_t{2} << 20;
  const std::size_t page = bytes >= huge ? huge : 64, size = (bytes / page + 1) * page;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(page, size)));
  if (!memory_) throw std::bad_alloc();
  if (page == huge) madvise(memory_.get(), size, MADV_HUGEPAGE);  // refused: it works with small pages too
  std::memset(memory_.get(), 0, bytes);
}

void Image::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

}  // namespace nano::packed
