// tests/fuzz/canonical_json.cpp: any document that has a canonical form has exactly one.
#include "base/json.h"
#include "tests/fuzz/fuzz.h"
#include "verify/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto doc = parse_json(fuzz::text(data, size), {.max_bytes = 1 << 20, .max_depth = 64});
  if (!doc) return 0;
  const auto once = verify::canonical_json(*doc);
  if (!once) return 0;
  // The form may hold raw control characters, which strict JSON does not: such a text is not read again.
  const auto again = parse_json(*once, {.max_bytes = 1 << 22, .max_depth = 64});
  if (!again) return 0;
  fuzz::must(*again == *doc, "the canonical form says what the document says");
  fuzz::must(*verify::canonical_json(*again) == *once, "the canonical form of a canonical form is itself");
  return 0;
}
