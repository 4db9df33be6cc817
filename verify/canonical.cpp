// verify/canonical.cpp: the writer is that of FlatJson, whose members are sorted by bytes: for UTF-8 the order of code points.
#include "verify/canonical.h"

#include "base/flat_json.h"

namespace nano::verify {

Result<std::string> canonical_json(const Json& doc) {
  std::string out;
  NANO_TRY(FlatJson::of(doc).root().canonical(out));
  return out;
}

}  // namespace nano::verify
