// tests/fuzz/tar_import.cpp: `.nano` files of both kinds. The first byte says how the rest becomes a file: as it is, packed
// by zstd, or packed with each header's checksum put right, so that the fuzzer gets past it.
#include <cstring>
#include <filesystem>
#include <string>

#include <unistd.h>
#include <zstd.h>

#include "base/fs.h"
#include "registry/bundle.h"
#include "registry/export.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nano;
using namespace nano::registry;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSumAt = 148;

void mend_checksums(std::string& tar) {
  for (std::size_t at = 0; at + kBlock <= tar.size();) {
    std::memset(tar.data() + at + kSumAt, ' ', 8);
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += static_cast<unsigned char>(tar[at + i]);
    if (sum == 8U * ' ') {
      std::memset(tar.data() + at + kSumAt, 0, 8);
      return;  // zeros: the end
    }
    std::snprintf(tar.data() + at + kSumAt, 8, "%06o", sum);
    uint64_t size = 0;
    for (std::size_t i = 0; i < 11; ++i) {
      const char c = tar[at + kSizeAt + i];
      if (c < '0' || c > '7') return;
      size = size * 8 + static_cast<uint64_t>(c - '0');
    }
    at += kBlock + static_cast<std::size_t>((size + kBlock - 1) / kBlock * kBlock);
  }
}

std::string packed(std::string_view tar) {
  std::string out(ZSTD_compressBound(tar.size()), '\0');
  const std::size_t n = ZSTD_compress(out.data(), out.size(), tar.data(), tar.size(), 1);
  out.resize(ZSTD_isError(n) != 0 ? 0 : n);
  return out;
}

class Nothing final : public BundleVisitor {
 public:
  Status release(const schemas::Release&, const std::string&, const Digest&) override { return Unit{}; }
  Result<std::unique_ptr<BlobSink>> blob(const BlobRequest&) override { return std::unique_ptr<BlobSink>(); }
};

std::filesystem::path scratch() {
  std::error_code none;
  const std::filesystem::path shm = "/dev/shm";
  const auto dir = std::filesystem::is_directory(shm, none) ? shm : std::filesystem::temp_directory_path();
  return dir / ("nano-fuzz-" + std::to_string(getpid()) + ".nano");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes(fuzz::text(data + 1, size - 1));
  if (data[0] % 3 == 2) mend_checksums(bytes);
  if (data[0] % 3 != 0) bytes = packed(bytes);
  const auto file = scratch();
  FILE* f = std::fopen(file.c_str(), "wb");
  fuzz::must(f != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size(),
             "scratch file written");
  std::fclose(f);
  (void)is_export(file);
  Nothing nothing;
  (void)read_bundle(file, nothing);
  (void)read_bundle_head(file);
  if (const auto head = read_export_head(file)) {
    (void)read_export_blobs(file, *head, [](const BlobRequest&) -> Result<std::unique_ptr<BlobSink>> {
      return std::unique_ptr<BlobSink>();
    });
  }
  unlink(file.c_str());
  return 0;
}
