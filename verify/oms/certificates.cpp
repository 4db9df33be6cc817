// verify/oms/certificates.cpp: X.509 path validation by OpenSSL, with nothing taken from the system.
#include "verify/oms/certificates.h"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "verify/openssl.h"

namespace nano::verify::oms {
namespace {

using openssl::Deleter;
using openssl::last_error;

void free_stack(STACK_OF(X509) * s) {
  sk_X509_free(s);
}  // borrows its certificates

using Cert = std::unique_ptr<X509, Deleter<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreCtx = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using Stack = std::unique_ptr<STACK_OF(X509), Deleter<free_stack>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

constexpr int kSecurityLevel = 2;  ///< OpenSSL's scale: at least 112 bits

Result<Cert> decode(std::string_view der) {
  if (der.size() > kMaxCertificateBytes)
    return make_error(Errc::invalid,
                      "a certificate has at most " + std::to_string(kMaxCertificateBytes) + " bytes");
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  Cert cert(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!cert) return make_error(Errc::invalid, "not an X.509 certificate: " + last_error());
  if (at != end) return make_error(Errc::invalid, "a certificate has bytes behind its end");
  return cert;
}

std::string subject_of(const X509* cert) {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), X509_get_subject_name(cert), 0,
                                 XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return {};
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &data);
  return {data, n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::string text_of(const ASN1_STRING* s) {
  unsigned char* utf8 = nullptr;
  const int n = ASN1_STRING_to_UTF8(&utf8, s);
  if (n < 0) {
    ERR_clear_error();
    return {};
  }
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(n));
  OPENSSL_free(utf8);
  return out;
}

/// The alternative names of one kind. Bytes are compared whole: a NUL in a name does not end it.
std::vector<std::string> alternative_names(const X509* cert, int kind) {
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == kind) out.push_back(text_of(name->d.ia5));
  }
  ERR_clear_error();
  return out;
}

std::vector<std::string> common_names(const X509* cert) {
  const X509_NAME* name = X509_get_subject_name(cert);
  std::vector<std::string> out;
  for (int i = X509_NAME_get_index_by_NID(name, NID_commonName, -1); i >= 0;
       i = X509_NAME_get_index_by_NID(name, NID_commonName, i))
    out.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))));
  return out;
}

bool names_subject(const X509* cert, const SubjectRule& rule) {
  std::vector<std::string> have;
  switch (rule.kind) {
    case SubjectRule::Kind::any: return true;
    case SubjectRule::Kind::common_name: have = common_names(cert); break;
    case SubjectRule::Kind::dns: have = alternative_names(cert, GEN_DNS); break;
    case SubjectRule::Kind::email: have = alternative_names(cert, GEN_EMAIL); break;
    case SubjectRule::Kind::uri: have = alternative_names(cert, GEN_URI); break;
    case SubjectRule::Kind::distinguished_name: have = {subject_of(cert)}; break;
  }
  return std::find(have.begin(), have.end(), rule.value) != have.end();
}

Status may_sign(X509* cert) {
  const uint32_t flags = X509_get_extension_flags(cert);
  const bool has_usage = (flags & EXFLAG_KUSAGE) != 0;
  const bool has_purpose = (flags & EXFLAG_XKUSAGE) != 0;
  const char* hint = "ask the signer for a certificate for signing";
  if (!has_usage && !has_purpose)
    return make_error(Errc::untrusted, "the signer's certificate does not say that it may sign", hint);
  if (has_usage && (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
    return make_error(Errc::untrusted, "the signer's certificate may not make signatures (keyUsage)", hint);
  if (has_purpose && (X509_get_extended_key_usage(cert) & (XKU_CODE_SIGN | XKU_ANYEKU)) == 0)
    return make_error(Errc::untrusted,
                      "the signer's certificate is not one for code signing (extendedKeyUsage)", hint);
  return Unit{};
}

UnixTime time_of(const ASN1_TIME* t) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(t, &tm) != 1) return 0;
  return static_cast<UnixTime>(timegm(&tm));
}

}  // namespace

Result<SubjectRule> SubjectRule::parse(std::string_view text) {
  if (text == "any") return SubjectRule{};
  const std::array<std::pair<std::string_view, Kind>, 5> kinds{{{"cn=", Kind::common_name},
                                                                {"dns=", Kind::dns},
                                                                {"email=", Kind::email},
                                                                {"uri=", Kind::uri},
                                                                {"dn=", Kind::distinguished_name}}};
  for (const auto& [prefix, kind] : kinds)
    if (text.starts_with(prefix) && text.size() > prefix.size())
      return SubjectRule{kind, std::string(text.substr(prefix.size()))};
  return make_error(Errc::usage, "'" + sanitize(text) + "' names no certificate subject",
                    "write cn=NAME, dns=NAME, email=ADDRESS, uri=URI, dn=RFC2253, or any");
}

Result<std::vector<std::string>> certificates_from_pem(std::string_view pem) {
  if (pem.size() > kMaxCertificateFileBytes)
    return make_error(Errc::invalid, "a file of certificates has at most " +
                                         std::to_string(kMaxCertificateFileBytes) + " bytes");
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return make_error(Errc::internal, "out of memory");
  std::vector<std::string> out;
  while (true) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long n = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &n) != 1) break;
    const std::string kind(name);
    std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(n));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(n));
    if (kind != PEM_STRING_X509)
      return make_error(Errc::invalid, "a PEM block '" + sanitize(kind) + "' stands where a certificate must",
                        "keep keys and certificates in files of their own");
    NANO_TRY(decode(der));
    out.push_back(std::move(der));
    if (out.size() > kMaxCertificates)
      return make_error(Errc::invalid,
                        "there are more than " + std::to_string(kMaxCertificates) + " certificates");
  }
  const unsigned long why = ERR_peek_last_error();
  ERR_clear_error();
  if (why != 0 && ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
    return make_error(Errc::invalid, "a PEM certificate is damaged");
  if (out.empty()) return make_error(Errc::invalid, "there is no PEM certificate");
  return out;
}

Result<EcPublicKey> key_of_certificate(std::string_view der) {
  NANO_TRY_ASSIGN(const Cert cert, decode(der));
  std::shared_ptr<EVP_PKEY> pkey(X509_get_pubkey(cert.get()), EVP_PKEY_free);
  if (!pkey) return make_error(Errc::invalid, "a certificate without a usable key: " + last_error());
  return EcPublicKey::adopt(std::move(pkey));
}

Result<Leaf> verify_chain(std::span<const std::string> chain, std::span<const std::string> roots,
                          const SubjectRule& rule, UnixTime at) {
  if (roots.empty())
    return make_error(Errc::untrusted, "no root certificate is named, and the system's are not asked",
                      "name the signer's root: --ca FILE");
  if (chain.empty()) return make_error(Errc::invalid, "the signature carries no certificate");
  if (chain.size() > kMaxCertificates || roots.size() > kMaxCertificates)
    return make_error(Errc::invalid,
                      "there are more than " + std::to_string(kMaxCertificates) + " certificates");
  const Store store(X509_STORE_new());
  const StoreCtx ctx(X509_STORE_CTX_new());
  const Stack between(sk_X509_new_null());
  if (!store || !ctx || !between) return make_error(Errc::internal, "out of memory");
  for (const std::string& der : roots) {
    NANO_TRY_ASSIGN(const Cert root, decode(der));
    if (X509_STORE_add_cert(store.get(), root.get()) != 1)
      return make_error(Errc::internal, "cannot take a root certificate: " + last_error());
  }
  std::vector<Cert> certs;
  for (const std::string& der : chain) {
    NANO_TRY_ASSIGN(Cert cert, decode(der));
    if (!certs.empty() && sk_X509_push(between.get(), cert.get()) == 0)
      return make_error(Errc::internal, "out of memory");
    certs.push_back(std::move(cert));
  }
  X509* leaf = certs.front().get();
  if (X509_STORE_CTX_init(ctx.get(), store.get(), leaf, between.get()) != 1)
    return make_error(Errc::internal, "cannot check certificates: " + last_error());
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(ctx.get());
  X509_VERIFY_PARAM_set_time(param, static_cast<time_t>(at));
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(kMaxCertificates));
  if (X509_verify_cert(ctx.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(ctx.get());
    const int depth = X509_STORE_CTX_get_error_depth(ctx.get());
    ERR_clear_error();
    return make_error(Errc::untrusted,
                      "the signer's certificate '" + sanitize(subject_of(leaf)) + "' is not trusted: " +
                          X509_verify_cert_error_string(code) + (depth > 0 ? " (in the chain above it)" : ""),
                      code == X509_V_ERR_CERT_HAS_EXPIRED
                          ? "ask the signer to sign again with a valid certificate"
                          : "name the right root with --ca; do not use the model otherwise");
  }
  NANO_TRY(may_sign(leaf));
  if (!names_subject(leaf, rule))
    return make_error(Errc::untrusted,
                      "the signer's certificate is for '" + sanitize(subject_of(leaf)) + "', not for '" +
                          sanitize(rule.value) + "'",
                      "it is somebody else's signature: do not use the model unless you trust that name");
  std::shared_ptr<EVP_PKEY> pkey(X509_get_pubkey(leaf), EVP_PKEY_free);
  if (!pkey) return make_error(Errc::invalid, "a certificate without a usable key: " + last_error());
  NANO_TRY_ASSIGN(auto key, EcPublicKey::adopt(std::move(pkey)));
  return Leaf{std::move(key), subject_of(leaf), time_of(X509_get0_notAfter(leaf))};
}

}  // namespace nano::verify::oms
