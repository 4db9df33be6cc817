// verify/tuf/registry_id.cpp: parsed and written again.
#include "verify/tuf/registry_id.h"

#include "base/hash.h"
#include "verify/tuf/document.h"
#include "verify/tuf/limits.h"

namespace nano::verify::tuf {

Result<std::string> canonical_file(std::string_view bytes, uint64_t max_bytes) {
  NANO_TRY_ASSIGN(const Document doc, parse_document(bytes, max_bytes));
  return write_document(doc);
}

Result<Digest> registry_id(std::string_view first_root) {
  NANO_TRY_ASSIGN(const std::string bytes, canonical_file(first_root, Limits{}.root_bytes));
  return sha256(bytes);
}

}  // namespace nano::verify::tuf
