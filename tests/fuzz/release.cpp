// tests/fuzz/release.cpp: a release that is read is written as the very same bytes or refused.
#include "schemas/release.h"

#include "base/fs.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto r = schemas::parse_release(fuzz::text(data, size));
  if (!r) return 0;
  for (const auto& f : r->files) fuzz::must(fs::is_package_path(f.path), "every path is a package path");
  const auto bytes = schemas::release_bytes(*r);
  fuzz::must(bytes.has_value(), "what is read can be written");
  const auto again = schemas::parse_release(*bytes);
  fuzz::must(again.has_value(), "what is written can be read");
  fuzz::must(*schemas::release_bytes(*again) == *bytes, "written twice it is the same");
  return 0;
}
