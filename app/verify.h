// app/verify.h: every installed byte against its digest, every release against its signature.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct VerifyOptions {
  std::vector<std::string> names{};  ///< empty: everything installed
  bool repair = false;  ///< mend from good blobs; damaged blobs are removed (install fetches them again)
};
struct VerifiedPackage {
  std::string name{};
  std::string version{};
  std::string variant{};
  std::size_t files = 0;
  uint64_t bytes = 0;
  std::string release_digest{};
  std::string signer{};  ///< key id, or "" when unsigned
  std::string registry{};
  bool is_unsigned = false;
  bool ok = true;
};
struct VerifyFinding {
  std::string package{};  ///< "" = of the store itself
  std::string kind{};     ///< stable word: "missing_file", "digest", "signature", …
  std::string path{};
  std::string message{};
  std::string remedy{};
  bool untrusted = false;  ///< a signature fault (exit 7) rather than a fault of bytes (exit 6)
};
struct VerifyReport {
  std::vector<VerifiedPackage> packages{};
  std::vector<VerifyFinding> findings{};
  std::size_t repaired = 0;
};
/// Findings are data; the command exits 6 when one concerns bytes, 7 when one concerns a signature.
[[nodiscard]] Result<VerifyReport> verify(Context& ctx, const VerifyOptions& options);

}  // namespace nano::app
