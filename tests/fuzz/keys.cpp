// tests/fuzz/keys.cpp: PEM and DER that anyone may have written: keys, certificates, TUF key objects. The first byte
// chooses the reader.
#include "verify/keys.h"

#include "base/json.h"
#include "tests/fuzz/fuzz.h"
#include "verify/oms/certificates.h"
#include "verify/oms/ec_key.h"
#include "verify/tuf/key.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  using namespace nano::verify;
  if (size == 0) return 0;
  const auto bytes = fuzz::text(data + 1, size - 1);
  // Without a passphrase: deriving a key from one takes seconds, by design.
  switch (data[0] % 8) {
    case 0:
      if (const auto key = PublicKey::from_text(bytes)) {
        fuzz::must(PublicKey::from_pem(key->pem()).has_value(), "a key that is written can be read");
        fuzz::must(!key->verify("message", bytes.substr(0, 64)), "nobody signed this");
      }
      break;
    case 1:
      if (const auto key = PrivateKey::from_pem(bytes)) {
        const auto sig = key->sign("message");
        fuzz::must(sig && key->public_key().verify("message", *sig), "a key verifies what it signs");
      }
      break;
    case 2:
      if (const auto key = oms::EcPublicKey::from_pem(bytes)) {
        const auto again = oms::EcPublicKey::from_pem(key->pem());
        fuzz::must(again && again->same_as(*key), "a key that is written can be read");
        (void)key->verify("message", bytes);
      }
      break;
    case 3:
      // A broken key may sign what its public half does not verify; it must not crash.
      if (const auto key = oms::EcPrivateKey::from_pem(bytes)) (void)key->sign("message");
      break;
    case 4:
      if (const auto list = oms::certificates_from_pem(bytes)) {
        for (const auto& der : *list) (void)oms::key_of_certificate(der);
        const auto leaf = oms::verify_chain(*list, *list, oms::SubjectRule{}, 1'800'000'000);
        if (!leaf) fuzz::must(!leaf.error().message.empty(), "a refusal has a reason");
      }
      break;
    case 5: (void)oms::key_of_certificate(bytes); break;
    default:
      if (const auto object = parse_json(bytes, {.max_bytes = 1 << 16, .max_depth = 16})) {
        const auto id = tuf::Key::compute_id(*object);
        if (!id) break;
        const auto key = tuf::Key::parse(*id, *object);
        if (!key) break;
        fuzz::must(key->json() == *object, "a key is kept as it was received");
        fuzz::must(key->usable() == !key->fingerprint().empty(), "what counts has a fingerprint");
        (void)key->verify("message", "00");
      }
      break;
  }
  return 0;
}
