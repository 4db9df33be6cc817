// tests/fuzz/metadata_snapshot.cpp: see metadata.h.
#include "tests/fuzz/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  nano::fuzz::metadata<nano::verify::tuf::Snapshot>(nano::fuzz::text(data, size));
  return 0;
}
