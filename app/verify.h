// app/verify.h: every installed byte against its digest, every release against its signature.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "schemas/generation.h"

namespace nano::app {

struct VerifyOptions {
  std::vector<std::string> names{};  ///< empty: everything installed
  bool repair = false;  ///< mend from good blobs; damaged blobs are removed (install fetches them again)
};
struct VerifiedFile {
  std::string path{};    ///< inside the package
  std::string digest{};  ///< sha256:…, as the release has it
  uint64_t bytes = 0;
};
/// How a signed package stands with what its registry signed last, as far as this machine has seen it.
enum class Standing {
  is_unsigned,
  vouched,   ///< the metadata kept here list this very release
  recorded,  ///< no metadata are kept here: only what was recorded when it was installed
  refused,   ///< they list another release in its place, or none any more: a finding says so
};
[[nodiscard]] std::string_view standing_word(Standing s);

struct VerifiedPackage {
  std::string name{};
  std::string version{};
  std::string variant{};
  std::vector<VerifiedFile> files{};
  uint64_t bytes = 0;
  std::string release_digest{};
  std::string signer{};  ///< key id, or "" when unsigned
  std::string registry{};
  std::string registry_id{};
  std::vector<schemas::TrustLink> chain{};  ///< from root to the role that lists the release
  std::string verified{};                   ///< when it was checked at install, YYYY-MM-DDTHH:MM:SSZ
  Standing standing = Standing::is_unsigned;
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
