// app/model_signature.h: `nano sign` and `nano verify --oms`: OpenSSF Model Signing for any folder, installed or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "verify/keys.h"

namespace nano::app {

struct SignOptions {
  fs::Path model{};                            ///< a folder or a file
  fs::Path key{};                              ///< PEM: ECDSA P-256, P-384 or P-521
  std::optional<verify::Secret> passphrase{};  ///< of the key
  std::vector<fs::Path> certificates{};        ///< PEM, leaf first; empty: signed with the bare key
  fs::Path output{};                           ///< empty: `model.sig` in the folder, `FILE.sig` beside a file
  std::vector<std::string> ignore{};           ///< paths inside the model to leave out
  bool ignore_git_paths = true;                ///< leave .git, .gitattributes, .github and .gitignore out too
};
struct SignReport {
  fs::Path bundle{};
  std::size_t files = 0;
  uint64_t bytes = 0;
  std::vector<std::string> left_out{};  ///< paths that the signature names as not covered
  std::string root_digest{};  ///< of the list of files
  std::string key_hint{};     ///< hex sha256 of the public key's PEM
  bool by_certificate = false;
};
/// errors  usage, not_found, denied: the key's passphrase; invalid: a link in the model, a key of another pair; store
[[nodiscard]] Result<SignReport> sign_model(const Context& ctx, const SignOptions& options);

struct CheckModelOptions {
  fs::Path model{};
  fs::Path bundle{};              ///< empty: as SignOptions::output
  fs::Path public_key{};          ///< either this
  std::vector<fs::Path> roots{};  ///< or these, PEM,
  std::string subject{};          ///< and whom the certificate must name: verify::oms::SubjectRule
  std::vector<std::string> ignore{};
  bool ignore_unsigned = false;
  bool ignore_git_paths = true;  ///< those four may be there uncovered
  bool allow_old_form = false;  ///< v0.2
};
struct ModelDifference {
  std::string kind{};  ///< "changed", "missing", "uncovered"
  std::string path{};
  bool left_out_by_signer = false;
};
struct CheckModelReport {
  std::string signer{};  ///< the key's hint or the certificate's subject; foreign text
  std::string model_name{};
  std::size_t files = 0;
  uint64_t bytes = 0;
  std::size_t ignored = 0;
  bool old_form = false;
  std::vector<ModelDifference> differences{};  ///< data; the command exits 6 when there are any
};
/// errors  untrusted: key, certificate or signature; invalid: the signature's format; integrity: a link or device in the
///         model; usage, not_found, unsupported, store
[[nodiscard]] Result<CheckModelReport> check_model(const Context& ctx, const CheckModelOptions& options);

}  // namespace nano::app
