// tests/fuzz/canonical_json.cpp: any document that has a canonical form has exactly one, and both readers of JSON agree on it.
#include "base/flat_json.h"
#include "base/json.h"
#include "tests/fuzz/fuzz.h"
#include "verify/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto doc = parse_json(fuzz::text(data, size), {.max_bytes = 1 << 20, .max_depth = 64});
  const auto flat = FlatJson::parse(fuzz::text(data, size), {.max_bytes = 1 << 20, .max_depth = 64});
  fuzz::must(doc.has_value() == flat.has_value(), "both readers take it, or neither");
  if (!doc) {
    fuzz::must(flat.error().code == doc.error().code && flat.error().message == doc.error().message, "both say the same of it");
    return 0;
  }
  std::string dumped, canonical;
  flat->root().dump(dumped);
  fuzz::must(flat->root().to_json() == *doc && dumped == dump_line(*doc), "both read the same");
  const bool has_form = flat->root().canonical(canonical).has_value();
  const auto once = verify::canonical_json(*doc);
  fuzz::must(has_form == once.has_value() && (!once || canonical == *once), "both write the same canonical form");
  if (!once) return 0;
  // The form may hold raw control characters, which strict JSON does not: such a text is not read again.
  const auto again = parse_json(*once, {.max_bytes = 1 << 22, .max_depth = 64});
  if (!again) return 0;
  fuzz::must(*again == *doc, "the canonical form says what the document says");
  fuzz::must(*verify::canonical_json(*again) == *once, "the canonical form of a canonical form is itself");
  return 0;
}
