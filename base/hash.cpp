// base/hash.cpp: SHA-256 by OpenSSL's EVP interface.
#include "base/hash.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include <openssl/evp.h>
#include <unistd.h>

#include "base/fs.h"

namespace nano {

struct Hasher::Impl {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  Impl() { reset(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { EVP_MD_CTX_free(ctx); }
  void reset() { NANO_ASSERT(ctx != nullptr && EVP_DigestInit_ex(ctx, EVP_sha256(), nullptr) == 1); }
};

Hasher::Hasher() : impl_(std::make_unique<Impl>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) {
  NANO_ASSERT(EVP_DigestUpdate(impl_->ctx, bytes.data(), bytes.size()) == 1);
}

Digest Hasher::finish() {
  std::array<uint8_t, 32> out{};
  unsigned len = 0;
  NANO_ASSERT(EVP_DigestFinal_ex(impl_->ctx, out.data(), &len) == 1 && len == out.size());
  impl_->reset();
  return Digest(out);
}

Digest sha256(std::string_view bytes) {
  Hasher h;
  h.update(bytes);
  return h.finish();
}

Result<Digest> sha256_fd(int fd) {
  Hasher h;
  std::vector<char> buf(std::size_t{1} << 18);
  off_t at = 0;
  while (true) {
    const ssize_t n = pread(fd, buf.data(), buf.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return make_error(Errc::store, std::string("cannot read the file to hash it: ") + std::strerror(errno));
    if (n == 0) return h.finish();
    h.update({buf.data(), static_cast<std::size_t>(n)});
    at += n;
  }
}

Result<Digest> sha256_file(const std::filesystem::path& path) {
  NANO_TRY_ASSIGN(const fs::Fd fd, fs::open_read(path));
  auto d = sha256_fd(fd.get());
  if (!d) return std::move(d.error()).while_("hashing " + path.string());
  return d;
}

}  // namespace nano
