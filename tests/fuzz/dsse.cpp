// tests/fuzz/dsse.cpp: an envelope that is read is written and read as the same one.
#include "verify/dsse.h"

#include "tests/fuzz/fuzz.h"
#include "base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto bytes = fuzz::text(data, size);
  if (const auto raw = nano::from_base64(bytes))
    fuzz::must(nano::to_base64(*raw) == bytes, "one base64 text for each byte string");
  const auto e = verify::parse_envelope(bytes, 1 << 16);
  if (!e) return 0;
  const auto again = verify::parse_envelope(verify::write_envelope(*e), 1 << 16);
  fuzz::must(again.has_value(), "what is written can be read");
  fuzz::must(again->payload == e->payload && again->payload_type == e->payload_type &&
                 again->signatures.size() == e->signatures.size(),
             "writing loses nothing");
  (void)verify::pae(e->payload_type, e->payload);
  return 0;
}
