// app/model_signature.cpp: files in, verify/oms, a report out.
#include "app/model_signature.h"

#include "base/fs_output.h"
#include "verify/oms/model_signature.h"

namespace nano::app {
namespace {

namespace oms = verify::oms;

fs::Path bundle_of(const fs::Path& model, const fs::Path& given) {
  if (!given.empty()) return given;
  std::error_code none;
  if (std::filesystem::is_directory(model, none)) return model / oms::kBundleName;
  return model.string() + ".sig";
}

Result<std::vector<std::string>> read_certificates(const std::vector<fs::Path>& files) {
  std::vector<std::string> out;
  for (const fs::Path& file : files) {
    NANO_TRY_ASSIGN(const std::string pem, fs::read_file(file, oms::kMaxCertificateFileBytes));
    auto some = oms::certificates_from_pem(pem);
    if (!some) return std::move(some.error()).while_("reading the certificates in " + file.string());
    out.insert(out.end(), some->begin(), some->end());
  }
  return out;
}

std::string_view kind_word(oms::Difference::Kind kind) {
  switch (kind) {
    case oms::Difference::Kind::changed: return "changed";
    case oms::Difference::Kind::missing: return "missing";
    case oms::Difference::Kind::uncovered: break;
  }
  return "uncovered";
}

}  // namespace

Result<SignReport> sign_model(const Context& ctx, const SignOptions& options) {
  (void)ctx;
  if (options.key.empty()) return make_error(Errc::usage, "no key to sign with", "give one with --key FILE");
  SignReport out{.bundle = bundle_of(options.model, options.output),
                 .by_certificate = !options.certificates.empty()};
  NANO_TRY(fs::check_output(out.bundle, true));
  NANO_TRY_ASSIGN(const auto key, oms::EcPrivateKey::load(options.key, options.passphrase));
  oms::SignRequest request{
      .model = options.model, .bundle = out.bundle, .ignore = options.ignore, .certificates = {},
      .ignore_git_paths = options.ignore_git_paths};
  NANO_TRY_ASSIGN(request.certificates, read_certificates(options.certificates));
  NANO_TRY_ASSIGN(const auto done, oms::sign_model(request, key));
  // A newer signature takes the place of an older one: both are made from the model.
  NANO_TRY(fs::write_output(out.bundle, done.bundle, {.replace = true}));
  out.left_out = done.left_out;
  out.files = done.files;
  out.bytes = done.bytes;
  out.root_digest = done.root.text();
  out.key_hint = key.public_key().hint();
  return out;
}

Result<CheckModelReport> check_model(const Context& ctx, const CheckModelOptions& options) {
  if (options.public_key.empty() == options.roots.empty())
    return make_error(
        Errc::usage, "whose signature is it to be?",
        "give --public-key FILE, or --ca FILE with --subject; nothing is taken from the system");
  if (!options.roots.empty() && options.subject.empty())
    return make_error(
        Errc::usage, "--ca alone would accept a signature by anybody that root has certified",
        "name the signer: --subject cn=NAME, email=, uri=, dns= or dn=; --subject any accepts all");
  oms::Trust trust;
  trust.at = ctx.now;
  trust.allow_old_form = options.allow_old_form;
  if (options.public_key.empty()) {
    NANO_TRY_ASSIGN(trust.roots, read_certificates(options.roots));
    NANO_TRY_ASSIGN(trust.subject, oms::SubjectRule::parse(options.subject));
  } else {
    NANO_TRY_ASSIGN(const std::string pem, fs::read_file(options.public_key, verify::kMaxKeyFileBytes));
    auto key = oms::EcPublicKey::from_pem(pem);
    if (!key) return std::move(key.error()).while_("reading the key " + options.public_key.string());
    trust.key = std::move(*key);
  }
  const fs::Path file = bundle_of(options.model, options.bundle);
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(file, oms::kMaxBundleBytes));
  auto bundle = oms::parse_bundle(bytes);
  if (!bundle) return std::move(bundle.error()).while_("reading the signature " + file.string());
  NANO_TRY_ASSIGN(const auto verified, oms::verify_statement(*bundle, trust));
  NANO_TRY_ASSIGN(const auto found,
                  oms::compare_model(verified.statement, {.model = options.model,
                                                          .bundle = file,
                                                          .ignore = options.ignore,
                                                          .ignore_unsigned_files = options.ignore_unsigned,
                                                          .honour_signed_ignores = false,
                                                          .ignore_git_paths = options.ignore_git_paths}));
  CheckModelReport out{.signer = verified.signer,
                       .model_name = verified.statement.model_name,
                       .files = found.files,
                       .bytes = found.bytes,
                       .ignored = found.uncovered,
                       .old_form = verified.statement.old_form};
  for (const auto& d : found.differences)
    out.differences.push_back({std::string(kind_word(d.kind)), d.path, d.left_out_by_signer});
  return out;
}

}  // namespace nano::app
