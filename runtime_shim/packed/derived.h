// runtime_shim/packed/derived.h: the files under a store's derived/: a model's packed image, to be mapped at the next start.
//
//   derived/<64 hex of the source blob>.<layout>.packed, mode 0600; little-endian
//     0  "nanopack"             8 bytes
//     8  packer version         u32
//    12  CRC-32 of the header with this field zero   u32
//    16  layout                 16 bytes, zero-padded: how panels lie, which tables share (kLayout)
//    32  source blob's SHA-256  32 bytes
//    64  source's length        u64
//    72  image's length         u64
//    80  zeros up to 4096, then the image
//
// The image is not hashed at load (DESIGN section 7); whatever it holds, using it stays inside it and inside the source.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace nano::packed {

inline constexpr uint32_t kPackerVersion =
    3;  ///< of the image: any change of what is placed, or how, raises it
inline constexpr std::string_view kLayout = "panels-16x4";

/// What a derived file was made from.
struct Origin {
  Digest source{};
  uint64_t source_bytes = 0;
};

/// A mapped derived file. Not copied; moving keeps the bytes where they are.
class Derived {
 public:
  Derived() = default;
  Derived(Derived&& o) noexcept;
  Derived& operator=(Derived&& o) noexcept;
  ~Derived();

  /// The file of `origin` in `folder`, or nothing: absent, of another packer, damaged, or not readable. Never an error:
  /// whoever asks can pack.
  [[nodiscard]] static std::optional<Derived> open(const std::filesystem::path& folder, const Origin& origin);

  [[nodiscard]] std::span<const std::byte> image() const { return {data_, size_}; }

  /// Put the image on huge pages, in place: for a model that goes on being used. Takes some milliseconds once; other
  /// threads may read meanwhile. Where the system refuses, all stays as it is.
  void settle();

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;       ///< of the image
  std::byte* area_ = nullptr;  ///< the address range that is ours
  std::size_t area_size_ = 0;
};

enum class DerivedState {
  absent,
  unused,   ///< of another packer, or not readable by this user: open() does not take it
  good,     ///< byte for byte what packing the source gives
  damaged,  ///< anything else under that name
};
/// Hold the file of `origin` in `folder` against `image`, which was packed from the source just now. A digest that lay in the
/// file would vouch for nothing: whoever can change the image can change it too.   errors  store: it cannot be read
[[nodiscard]] Result<DerivedState> examine_derived(const std::filesystem::path& folder, const Origin& origin,
                                                   std::span<const std::byte> image);

[[nodiscard]] std::string derived_name(const Digest& source);

/// Write `image` as the derived file of `origin`. Whole or not at all; an older one is replaced.
///   errors  store: no such folder, not writable, no space. Callers go on without
[[nodiscard]] Status write_derived(const std::filesystem::path& folder, const Origin& origin,
                                   std::span<const std::byte> image);

}  // namespace nano::packed
