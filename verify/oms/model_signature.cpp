// verify/oms/model_signature.cpp: the two procedures of OMS 1.0, sections 6 and 8.
#include "verify/oms/model_signature.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/fs_look.h"
#include "base/text.h"
#include "verify/dsse.h"
#include "verify/oms/folder.h"

namespace nano::verify::oms {
namespace {

Status check_ignores(const std::vector<std::string>& ignore) {
  for (const std::string& path : ignore) {
    const std::string_view bare =
        path.ends_with('/') ? std::string_view(path).substr(0, path.size() - 1) : path;
    if (!is_model_path(bare))
      return make_error(Errc::usage, "'" + sanitize(path) + "' is no path inside the model",
                        "give it relative to the model's folder, without . or ..");
  }
  return Unit{};
}

std::string model_name(const fs::Path& model) {
  std::error_code failed;
  const fs::Path whole = std::filesystem::weakly_canonical(model, failed);
  std::string name = (failed ? model.lexically_normal() : whole).filename().string();
  return name.empty() || !is_utf8(name) ? "model" : name;
}

/// Does the signature name `key`, as far as it names one?
Status check_hint(const Bundle& bundle, const EcPublicKey& key) {
  bool fits = true;
  if (!bundle.key_hint.empty()) fits = bundle.key_hint == key.hint();
  if (fits && !bundle.key_bytes.empty())
    fits = trim(bundle.key_bytes) == trim(key.pem()) || bundle.key_bytes == key.der();
  if (fits) return Unit{};
  return make_error(
      Errc::untrusted,
      "the model is signed with another key" +
          (bundle.key_hint.empty() ? "" : " (" + sanitize(bundle.key_hint.substr(0, 16)) + ")") +
          ", not with the given one (" + key.hint().substr(0, 16) + ")",
      "ask the publisher over another channel which key is theirs");
}

}  // namespace

std::vector<std::string> git_paths() {
  return {".git", ".gitattributes", ".github", ".gitignore"};
}

std::optional<std::string> inside_model(const fs::Path& model, const fs::Path& path) {
  std::error_code a;
  std::error_code b;
  const fs::Path root = std::filesystem::weakly_canonical(model, a);
  // The folder is resolved, the last name is not: a link as signature file must not stand for another file.
  const fs::Path parent = path.has_parent_path() ? path.parent_path() : fs::Path(".");
  const fs::Path whole = std::filesystem::weakly_canonical(parent, b) / path.filename();
  if (a || b) return std::nullopt;
  std::string rel = whole.lexically_relative(root).string();
  if (!is_model_path(rel)) return std::nullopt;
  return rel;
}

Result<SignedModel> sign_model(const SignRequest& request, const EcPrivateKey& key) {
  NANO_TRY(check_ignores(request.ignore));
  Bundle bundle;
  bundle.payload_type = kPayloadType;
  if (request.certificates.empty()) {
    bundle.key_hint = key.public_key().hint();
  } else {
    NANO_TRY_ASSIGN(const EcPublicKey leaf, key_of_certificate(request.certificates.front()));
    if (!leaf.same_as(key.public_key()))
      return make_error(Errc::invalid, "the private key is not the certificate's",
                        "name the key and the certificate of one pair, the leaf's certificate first");
    bundle.material = Bundle::Material::certificate;
    bundle.certificates = request.certificates;
    if (bundle.certificates.size() > kMaxCertificates)
      return make_error(Errc::invalid, "the certificate chain is too long");
  }

  Statement statement;
  statement.model_name = model_name(request.model);
  statement.ignore_paths = request.ignore;
  if (request.ignore_git_paths && std::filesystem::is_directory(request.model))
    for (std::string& path : git_paths())
      if (std::find(request.ignore.begin(), request.ignore.end(), path) == request.ignore.end())
        statement.ignore_paths.push_back(std::move(path));
  std::vector<std::string> left_out;
  for (const std::string& path : statement.ignore_paths)
    if (fs::exists(request.model / path)) left_out.push_back(path);
  if (auto rel = inside_model(request.model, request.bundle))
    statement.ignore_paths.push_back(std::move(*rel));
  NANO_TRY_ASSIGN(
      const auto files,
      measure_model(request.model, {.ignore = statement.ignore_paths, .shard_size = 0, .wanted = {}}));
  if (files.empty())
    return make_error(Errc::invalid, "there is no file to sign in '" + request.model.string() + "'");
  SignedModel out;
  out.files = files.size();
  for (const MeasuredFile& f : files) {
    out.bytes += f.bytes;
    statement.resources.insert(statement.resources.end(), f.resources.begin(), f.resources.end());
  }
  out.root = root_digest(statement.resources);
  out.left_out = std::move(left_out);
  bundle.payload = write_statement(std::move(statement));
  if (bundle.payload.size() > kMaxStatementBytes)
    return make_error(Errc::invalid, "the model has too many files for one signature");
  NANO_TRY_ASSIGN(bundle.signature, key.sign(pae(kPayloadType, bundle.payload)));
  out.bundle = write_bundle(bundle);
  return out;
}

Result<VerifiedStatement> verify_statement(const Bundle& bundle, const Trust& trust) {
  std::optional<EcPublicKey> key;
  VerifiedStatement out;
  if (trust.key) {
    if (bundle.material != Bundle::Material::key)
      return make_error(Errc::untrusted, "the model is signed with a certificate, not with a bare key",
                        "name the signer's root and subject: --ca FILE --subject cn=NAME");
    NANO_TRY(check_hint(bundle, *trust.key));
    key = trust.key;
    out.signer = key->hint();
  } else {
    if (bundle.material != Bundle::Material::certificate)
      return make_error(Errc::untrusted, "the model is signed with a bare key, not with a certificate",
                        "name the signer's key: --public-key FILE");
    NANO_TRY_ASSIGN(Leaf leaf, verify_chain(bundle.certificates, trust.roots, trust.subject, trust.at));
    key = std::move(leaf.key);
    out.signer = std::move(leaf.subject);
  }
  if (bundle.payload_type != kPayloadType)
    return make_error(Errc::untrusted, "the signed document is '" + sanitize(bundle.payload_type) +
                                           "', not '" + std::string(kPayloadType) + "'");
  bool good = key->verify(pae(kPayloadType, bundle.payload), bundle.signature);
  if (!good && trust.allow_old_form)
    good = key->verify(old_pae(kPayloadType, bundle.payload), bundle.signature, SignedHash::always_sha256);
  if (!good)
    return make_error(Errc::untrusted,
                      "the signature is false: it is another key's, or the list of files was changed",
                      "do not use the model; tell its publisher");
  NANO_TRY_ASSIGN(out.statement, parse_statement(bundle.payload, trust.allow_old_form));
  return out;
}

Result<Comparison> compare_model(const Statement& statement, const CompareOptions& options) {
  NANO_TRY(check_ignores(options.ignore));
  std::map<std::string, Digest> expected;
  std::set<std::string> signed_files;
  NANO_TRY_ASSIGN(const bool folder, fs::is_folder(options.model));
  const bool one_file = !folder;
  for (const Resource& r : statement.resources) {
    std::string name = r.name;
    if (name == "." && one_file) name = options.model.filename().string();
    if (statement.method == Method::shards) {
      NANO_TRY_ASSIGN(std::string path, path_of_shard(name));
      signed_files.insert(std::move(path));
    } else {
      signed_files.insert(name);
    }
    expected.emplace(std::move(name), r.digest);
  }

  MeasureOptions measure{.ignore = options.ignore, .shard_size = statement.shard_size, .wanted = {}};
  if (options.honour_signed_ignores)
    for (const std::string& path : statement.ignore_paths)
      if (is_model_path(path)) measure.ignore.push_back(path);
  // A signer who has listed something below .git means it: then all of it is looked at.
  if (options.ignore_git_paths)
    for (std::string& path : git_paths())
      if (std::none_of(signed_files.begin(), signed_files.end(),
                       [&](const std::string& file) { return is_ignored(file, {path}); }))
        measure.ignore.push_back(std::move(path));
  if (auto rel = inside_model(options.model, options.bundle)) measure.ignore.push_back(std::move(*rel));
  measure.wanted = [&](const std::string& path) { return signed_files.contains(path); };
  auto measured = measure_model(options.model, measure);
  if (!measured) {
    if (measured.error().code == Errc::invalid) measured.error().code = Errc::integrity;
    return std::move(measured.error());
  }

  Comparison out;
  std::set<std::string> seen;
  for (const MeasuredFile& file : *measured) {
    if (!signed_files.contains(file.path)) {
      if (options.ignore_unsigned_files)
        ++out.uncovered;
      else
        out.differences.push_back({.kind = Difference::Kind::uncovered,
                                   .path = file.path,
                                   .left_out_by_signer = is_ignored(file.path, statement.ignore_paths)});
      continue;
    }
    seen.insert(file.path);
    bool same = true;
    for (const Resource& r : file.resources) {
      const auto want = expected.find(r.name);
      same = same && want != expected.end() && want->second == r.digest;
      if (want != expected.end()) expected.erase(want);
    }
    if (same) {
      ++out.files;
      out.bytes += file.bytes;
    } else {
      out.differences.push_back({.kind = Difference::Kind::changed, .path = file.path});
    }
  }
  // What is left was signed and not found: whole files, or the shards behind the end of one that became shorter.
  for (const auto& [name, digest] : expected) {
    std::string path = name;
    if (statement.method == Method::shards) {
      NANO_TRY_ASSIGN(path, path_of_shard(name));
    }
    const auto kind = seen.contains(path) ? Difference::Kind::changed : Difference::Kind::missing;
    const bool known = std::any_of(out.differences.begin(), out.differences.end(),
                                   [&](const Difference& d) { return d.path == path; });
    if (!known) out.differences.push_back({.kind = kind, .path = path});
  }
  return out;
}

}  // namespace nano::verify::oms
