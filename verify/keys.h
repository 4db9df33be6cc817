// verify/keys.h: Ed25519 keys (OpenSSL): make, store, sign, verify.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano::verify {

inline constexpr std::size_t kSignatureBytes = 64;    ///< of one Ed25519 signature
inline constexpr int kKeyDerivationRounds = 600'000;  ///< PBKDF2-HMAC-SHA256 (OWASP 2023); OpenSSL's default of 2,048 is weak
inline constexpr uint64_t kMaxKeyFileBytes = 16'384;  ///< of a PEM file

/// Text that is wiped when it goes: passphrases and private keys.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&& o) noexcept;
  Secret& operator=(Secret&& o) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }
  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  void wipe() noexcept;
  std::string text_;
};

/// 32 bytes that check signatures. A value; safe to share.
class PublicKey {
 public:
  /// 64 lower-case hex digits. errors  invalid
  [[nodiscard]] static Result<PublicKey> from_hex(std::string_view hex);
  /// A PEM SubjectPublicKeyInfo. errors  invalid, unsupported: another kind of key
  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem);
  /// Any of: `ed25519:` + 64 hex digits (config.json), the bare hex digits, PEM. errors  invalid, unsupported
  [[nodiscard]] static Result<PublicKey> from_text(std::string_view text);

  [[nodiscard]] std::string hex() const;
  [[nodiscard]] std::string text() const;  ///< "ed25519:" + hex()
  [[nodiscard]] std::string pem() const;
  /// sha256 (64 hex digits) of the canonical TUF key object (TUF specification 4.2.1).
  [[nodiscard]] std::string key_id() const;
  /// Is `signature` (64 raw bytes) this key's over `message`?
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;
  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;

 private:
  friend class PrivateKey;
  std::array<uint8_t, 32> bytes_{};
};

/// A key that signs. Moves only; its bytes are wiped when it goes. One thread at a time.
class PrivateKey {
 public:
  [[nodiscard]] static Result<PrivateKey> generate();
  /// PKCS#8 PEM. errors  denied: encrypted and no (or the wrong) passphrase; invalid; unsupported: another kind of key
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem, const std::optional<Secret>& passphrase = std::nullopt);
  /// As from_pem, from a file. errors  also not_found, store
  [[nodiscard]] static Result<PrivateKey> load(const std::filesystem::path& file,
                                               const std::optional<Secret>& passphrase = std::nullopt);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  [[nodiscard]] const PublicKey& public_key() const { return public_; }
  [[nodiscard]] Result<std::string> sign(std::string_view message) const;  ///< 64 raw bytes
  /// PKCS#8 PEM; with a passphrase PBES2 (AES-256-CBC, PBKDF2-HMAC-SHA256, 600,000 rounds). errors  usage: over 1,024 bytes of it
  [[nodiscard]] Result<Secret> pem(const std::optional<Secret>& passphrase = std::nullopt) const;
  /// Write pem() to a new file, mode 0600. errors  refused: it exists already; store
  [[nodiscard]] Status save(const std::filesystem::path& file, const std::optional<Secret>& passphrase = std::nullopt) const;

 private:
  struct Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl);
  [[nodiscard]] static Result<PrivateKey> adopt(void* evp_pkey);
  std::unique_ptr<Impl> impl_;
  PublicKey public_;
};

}  // namespace nano::verify
