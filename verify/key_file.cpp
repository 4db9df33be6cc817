// verify/key_file.cpp: keys as PEM text and files. Third-party formats are met here only.
#include <algorithm>
#include <cstring>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "base/fs.h"
#include "base/fs_look.h"
#include "verify/key_file.h"
#include "verify/key_impl.h"

namespace nano::verify {

using openssl::Bio;
using openssl::last_error;

namespace {

struct Password {
  std::string_view text{};
  bool given = false;
  bool asked = false;
};

int give_password(char* buf, int size, int, void* user) {
  auto* p = static_cast<Password*>(user);
  p->asked = true;
  if (!p->given || p->text.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buf, p->text.data(), p->text.size());
  return static_cast<int>(p->text.size());
}

Result<Bio> reader(std::string_view pem) {
  if (pem.size() > kMaxKeyFileBytes) return make_error(Errc::invalid, "a key file has at most 16,384 bytes");
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return make_error(Errc::internal, "out of memory");
  return bio;
}

/// The PEM text in `bio` (secure memory), copied out.
std::string drain(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  return std::string(data, n > 0 ? static_cast<std::size_t>(n) : 0);
}

}  // namespace

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  NANO_TRY_ASSIGN(const Bio bio, reader(pem));
  const openssl::Pkey pkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!pkey) return make_error(Errc::invalid, "not a PEM public key: " + last_error());
  if (EVP_PKEY_get_id(pkey.get()) != EVP_PKEY_ED25519)
    return make_error(Errc::unsupported, "the public key is not an Ed25519 key");
  PublicKey key;
  std::size_t n = key.bytes_.size();
  if (EVP_PKEY_get_raw_public_key(pkey.get(), key.bytes_.data(), &n) != 1 || n != key.bytes_.size())
    return make_error(Errc::invalid, "not an Ed25519 public key: " + last_error());
  return key;
}

std::optional<PublicKey> named_above(std::string_view key_file) {
  if (!key_file.starts_with("ed25519:")) return std::nullopt;
  auto key = PublicKey::from_text(key_file.substr(0, key_file.find('\n')));
  if (!key) return std::nullopt;
  return *key;
}

std::string PublicKey::pem() const {
  const openssl::Pkey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), bytes_.size()));
  const Bio bio(BIO_new(BIO_s_mem()));
  NANO_ASSERT(pkey && bio && PEM_write_bio_PUBKEY(bio.get(), pkey.get()) == 1);
  return drain(bio.get());
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, const std::optional<Secret>& passphrase) {
  NANO_TRY_ASSIGN(const Bio bio, reader(pem));
  Password password;
  if (passphrase) password = {.text = passphrase->view(), .given = true};
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password);
  if (pkey == nullptr) {
    const std::string why = last_error();
    if (password.asked && !password.given)
      return make_error(Errc::denied, "the private key is encrypted, and no passphrase was given",
                        "give it with --passphrase-file FILE or NANO_KEY_PASSPHRASE");
    if (password.asked) return make_error(Errc::denied, "the passphrase does not open the private key", "check the passphrase");
    return make_error(Errc::invalid, "not a PEM private key: " + why);
  }
  return adopt(pkey);
}

Result<PrivateKey> PrivateKey::load(const std::filesystem::path& file, const std::optional<Secret>& passphrase) {
  NANO_TRY_ASSIGN(std::string bytes, fs::read_file(file, kMaxKeyFileBytes));
  const Secret text(std::move(bytes));
  auto key = from_pem(text.view(), passphrase);
  if (!key) return std::move(key.error()).while_("reading the key " + file.string());
  return key;
}

Result<Secret> PrivateKey::pem(const std::optional<Secret>& passphrase) const {
  if (passphrase && passphrase->view().size() > kMaxPassphraseBytes)
    return make_error(Errc::usage, "a passphrase has at most " + std::to_string(kMaxPassphraseBytes) + " bytes");
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio) return make_error(Errc::internal, "out of memory");
  bool good = false;
  if (!passphrase) {
    good = PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->pkey.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  } else {
    const std::unique_ptr<PKCS8_PRIV_KEY_INFO, openssl::Deleter<PKCS8_PRIV_KEY_INFO_free>> info(EVP_PKEY2PKCS8(impl_->pkey.get()));
    std::array<unsigned char, 16> salt{};
    if (!info || RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
      return make_error(Errc::internal, "cannot encrypt the key: " + last_error());
    // PEM_write_bio_PKCS8PrivateKey would take OpenSSL's 2,048 rounds; PKCS8_encrypt takes ours.
    const std::unique_ptr<X509_SIG, openssl::Deleter<X509_SIG_free>> sealed(
        PKCS8_encrypt(NID_hmacWithSHA256, EVP_aes_256_cbc(), passphrase->view().data(), static_cast<int>(passphrase->view().size()),
                      salt.data(), static_cast<int>(salt.size()), kKeyDerivationRounds, info.get()));
    good = sealed && PEM_write_bio_PKCS8(bio.get(), sealed.get()) == 1;
  }
  if (!good) return make_error(Errc::internal, "cannot write the key: " + last_error());
  return Secret(drain(bio.get()));
}

Status PrivateKey::save(const std::filesystem::path& file, const std::optional<Secret>& passphrase) const {
  NANO_TRY_ASSIGN(const bool there, fs::is_there(file));
  if (there)
    return make_error(Errc::refused, "the key file '" + file.string() + "' exists already, and a key is never overwritten",
                      "move it away, or name another file");
  NANO_TRY_ASSIGN(const Secret text, pem(passphrase));
  const Secret both(public_.text() + "\n" + std::string(text.view()));
  return fs::write_atomic(file, both.view(), 0600);
}

}  // namespace nano::verify
