// tests/fuzz/safetensors.cpp: any bytes as a .safetensors file: what is accepted lies in the file, without gap or overlap.
#include "runtime_shim/convert/safetensors.h"

#include <vector>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const std::span<const uint8_t> all(data, size);
  const auto file = convert::Safetensors::parse(std::as_bytes(all), "fuzzed");
  if (!file) return 0;
  std::size_t bytes = 0;
  for (const auto& t : file->tensors()) {
    fuzz::must(file->find(t.name) == &t, "a tensor is found by its name");
    const auto* begin = reinterpret_cast<const uint8_t*>(t.bytes.data());
    fuzz::must(begin >= data && begin + t.bytes.size() <= data + size, "a tensor lies in the file");
    if (const auto* type = convert::float_type(t.dtype))
      fuzz::must(t.elements() * type->bytes == t.bytes.size(), "a tensor has the bytes of its shape");
    bytes += t.bytes.size();
  }
  fuzz::must(bytes <= size, "tensors do not overlap");
  return 0;
}
