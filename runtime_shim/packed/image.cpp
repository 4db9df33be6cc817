// runtime_shim/packed/image.cpp: the memory of an image: pages of its own, so that a start touches what it fills.
#include "runtime_shim/packed/image.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace nano::packed {

Image::Image(std::size_t bytes) : mode_(Mode::fill) {
  const std::size_t size = bytes == 0 ? 64 : bytes;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(64, size)));
  if (!memory_) throw std::bad_alloc();
  std::memset(memory_.get(), 0, size);
}

void Image::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

}  // namespace nano::packed
