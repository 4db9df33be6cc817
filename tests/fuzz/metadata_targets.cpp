// tests/fuzz/metadata_targets.cpp: see metadata.h. Its delegations are matched against a path and their keys tried.
#include "tests/fuzz/metadata.h"
#include "verify/tuf/names.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto bytes = fuzz::text(data, size);
  fuzz::metadata<verify::tuf::Targets>(bytes);
  const auto read = verify::tuf::read_metadata<verify::tuf::Targets>(bytes, 1 << 20);
  if (!read || !read->second.delegations) return 0;
  for (const auto& role : read->second.delegations->roles) {
    fuzz::nobody_signed(read->first, read->second.delegations->keys, role.keys);
    const std::string name = verify::tuf::percent_encode(role.name);
    fuzz::must(name.find('/') == std::string::npos, "a role's name becomes one segment of a URL");
  }
  return 0;
}
