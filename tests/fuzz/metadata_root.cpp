// tests/fuzz/metadata_root.cpp: see metadata.h. Its signatures are checked by its own keys, which exercises each scheme.
#include "tests/fuzz/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto bytes = fuzz::text(data, size);
  fuzz::metadata<verify::tuf::Root>(bytes);
  const auto read = verify::tuf::read_metadata<verify::tuf::Root>(bytes, 1 << 20);
  if (!read) return 0;
  for (const auto& entry : read->second.roles)
    fuzz::nobody_signed(read->first, read->second.keys, entry.second);
  return 0;
}
