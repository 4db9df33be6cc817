// registry/zstd_frame.cpp: RFC 8878, section 3.1.1, as far as lengths go.
#include "registry/zstd_frame.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <unistd.h>

#include "base/text.h"

namespace nano::registry {
namespace {

constexpr std::array<uint8_t, 4> kFrameMagic = {0x28, 0xB5, 0x2F, 0xFD};
constexpr std::size_t kFrameWindow = std::size_t{1} << 16;  ///< bytes read at once: small blocks must not cost a read each
constexpr uint64_t kMaxFrameHeader = 4 + 1 + 1 + 4 + 8;     ///< magic, descriptor, window, dictionary id, content size
constexpr std::size_t kChecksum = 4;

enum class BlockType : uint8_t { raw = 0, rle = 1, compressed = 2, reserved = 3 };

Error hidden(const std::string& what) {
  return make_error(Errc::invalid, "not a nano bundle: its compressed data " + what,
                    "`nano pack DIR` writes one zstd frame and nothing else: fetch the bundle again, or pack it again");
}

/// FrameBytes of the file by position, through a small buffer.
class FrameBytes {
 public:
  FrameBytes(int fd, uint64_t size) : fd_(fd), size_(size) {}
  /// errors  invalid: the file ends before; store
  Result<uint8_t> at(uint64_t position) {
    if (position >= size_) return hidden("is cut short");
    if (position < from_ || position >= from_ + have_) {
      from_ = position;
      have_ = 0;
      ssize_t n = 0;
      do n = pread(fd_, window_.data(), window_.size(), static_cast<off_t>(position));
      while (n < 0 && errno == EINTR);
      if (n < 0) return make_error(Errc::store, std::string("cannot read the bundle: ") + std::strerror(errno));
      if (n == 0) return hidden("is cut short");
      have_ = static_cast<std::size_t>(n);
    }
    return window_[position - from_];
  }
  Result<uint64_t> little_endian(uint64_t position, std::size_t bytes) {
    uint64_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      NANO_TRY_ASSIGN(const uint8_t b, at(position + i));
      out |= uint64_t{b} << (8 * i);
    }
    return out;
  }

 private:
  int fd_;
  uint64_t size_;
  std::vector<uint8_t> window_ = std::vector<uint8_t>(kFrameWindow);
  uint64_t from_ = 0;
  std::size_t have_ = 0;
};

}  // namespace

Status check_one_frame(const fs::Fd& file, const std::filesystem::path& path) {
  NANO_TRY_ASSIGN(const uint64_t size, fs::file_size(file, path));
  FrameBytes in(file.get(), size);
  uint64_t at = 0;
  for (const uint8_t magic : kFrameMagic) {
    NANO_TRY_ASSIGN(const uint8_t b, in.at(at++));
    if (b != magic) return hidden("begins with a frame that is to be skipped, or is no zstd frame");
  }
  NANO_TRY_ASSIGN(const uint8_t descriptor, in.at(at++));
  const bool single_segment = (descriptor & 0x20U) != 0;
  const bool checksum = (descriptor & 0x04U) != 0;
  if ((descriptor & 0x08U) != 0) return hidden("has a frame header of a kind that is not in use");
  if ((descriptor & 0x03U) != 0) return hidden("needs a dictionary");
  if (!single_segment) ++at;  // window descriptor
  const std::size_t size_flag = descriptor >> 6U;
  at += size_flag == 0 ? std::size_t{single_segment ? 1U : 0U} : std::size_t{1} << size_flag;
  static_assert(kMaxFrameHeader < kFrameWindow);
  while (true) {
    NANO_TRY_ASSIGN(const uint64_t header, in.little_endian(at, 3));
    at += 3;
    const auto type = static_cast<BlockType>((header >> 1U) & 3U);
    if (type == BlockType::reserved) return hidden("has a block of a kind that is not in use");
    at += type == BlockType::rle ? uint64_t{1} : header >> 3U;
    if (at > size) return hidden("is cut short");
    if ((header & 1U) != 0) break;
  }
  if (checksum) at += kChecksum;
  if (at > size) return hidden("is cut short");
  if (at < size)
    return hidden("is followed by " + std::to_string(size - at) + " bytes that no reader of a bundle would see");
  return Unit{};
}

}  // namespace nano::registry
