// verify/oms/model_signature.h: sign a model, and check a model against its signature (OpenSSF Model Signing 1.0).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "base/result.h"
#include "verify/oms/bundle.h"
#include "verify/oms/certificates.h"
#include "verify/oms/ec_key.h"
#include "verify/oms/statement.h"

namespace nano::verify::oms {

inline constexpr std::string_view kBundleName = "model.sig";  ///< beside the model's files

/// `.git .gitattributes .github .gitignore` at the model's root: what is left out unless told otherwise (OMS 1.0, section 6.2).
[[nodiscard]] std::vector<std::string> git_paths();
/// `path` as a path inside `model`, or nullopt when it lies elsewhere. Neither has to exist.
[[nodiscard]] std::optional<std::string> inside_model(const fs::Path& model, const fs::Path& path);

struct SignRequest {
  fs::Path model{};                   ///< a folder or a file
  fs::Path bundle{};                  ///< where the signature will lie: left out when inside the model
  std::vector<std::string> ignore{};  ///< paths inside the model to leave out, named in the signed statement
  std::vector<std::string> certificates{};  ///< DER, leaf first; empty: the key method
  bool ignore_git_paths = true;             ///< of a folder: leave git_paths() out too, and name them in the statement
};
struct SignedModel {
  std::string bundle{};  ///< the bytes of model.sig
  Digest root{};
  std::size_t files = 0;
  uint64_t bytes = 0;
  std::vector<std::string> left_out{};  ///< of the paths to be left out, those that are there
};
/// Hash and sign. Writes nothing.
///   errors  invalid: nothing to sign, a link or device in the model, a key that is not the certificate's; store
[[nodiscard]] Result<SignedModel> sign_model(const SignRequest& request, const EcPrivateKey& key);

/// What a signature must hold against: a key, or roots with a subject.
struct Trust {
  std::optional<EcPublicKey> key{};
  std::vector<std::string> roots{};  ///< DER
  SubjectRule subject{};
  UnixTime at = 0;
  bool allow_old_form = false;  ///< v0.2: its wrong signing bytes and its predicate
};
/// A signature that holds. `statement` is only then looked at.
struct VerifiedStatement {
  Statement statement{};
  std::string signer{};  ///< the key's hint, or the certificate's subject (foreign text)
};
/// errors  untrusted: wrong key, chain, subject, time or signature; else as parse_bundle and parse_statement
[[nodiscard]] Result<VerifiedStatement> verify_statement(const Bundle& bundle, const Trust& trust);

struct CompareOptions {
  fs::Path model{};
  fs::Path bundle{};                   ///< the signature itself is not part of the model
  std::vector<std::string> ignore{};   ///< paths that may be there uncovered
  bool ignore_unsigned_files = false;  ///< any uncovered file may be there
  bool honour_signed_ignores = false;  ///< so may what the signer left out
  bool ignore_git_paths = true;        ///< so may those of git_paths() that the signature lists nothing of
};
struct Difference {
  enum class Kind { changed, missing, uncovered };
  Kind kind = Kind::changed;
  std::string path{};
  bool left_out_by_signer = false;  ///< of uncovered: the signed statement ignores it
};
struct Comparison {
  std::vector<Difference> differences{};  ///< empty: the model is what was signed
  std::size_t files = 0;                  ///< covered ones
  uint64_t bytes = 0;                     ///< of those
  std::size_t uncovered = 0;              ///< ignored because asked for
};
/// The files of a model against a statement. errors  integrity: a link or device in the model; not_found, store
[[nodiscard]] Result<Comparison> compare_model(const Statement& statement, const CompareOptions& options);

}  // namespace nano::verify::oms
