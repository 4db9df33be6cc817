// runtime_shim/packed/image.h: one stretch of memory that holds everything a model is packed to, in the order of loading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

namespace nano::packed {

/// Loading asks for array after array in an order that the model's shape alone decides. The same loading code runs over
/// an image three times at most: to measure it, to fill it, and later to read it back (from a file under derived/). An
/// array begins on a multiple of 64 bytes.
class Image {
 public:
  enum class Mode { measure, fill, read };

  Image() = default;  ///< measures
  /// The image measured by `other`, in new zeroed memory, to be filled.
  [[nodiscard]] static Image to_fill(const Image& other) { return Image(other.used_); }
  /// `bytes` (64-byte aligned; they outlive the image) as another image was filled.
  explicit Image(std::span<const std::byte> bytes) : mode_(Mode::read), read_(bytes) {}

  [[nodiscard]] Mode mode() const { return mode_; }
  [[nodiscard]] std::size_t used() const { return used_; }  ///< bytes so far
  /// False: reading went past the end. Whatever place() gave since then is empty.
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return mode_ == Mode::read ? read_ : std::span<const std::byte>(memory_.get(), used_);
  }

  /// The next array. fill(span<T>) is called while filling. While measuring, the span must not be looked into.
  template <class T, class Fill>
  [[nodiscard]] std::span<const T> place(std::size_t count, Fill&& fill) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);
    const std::size_t bytes = (count * sizeof(T) + 63) / 64 * 64, at = used_;
    if (mode_ == Mode::read && (!whole_ || bytes > read_.size() - used_)) {
      whole_ = false;
      return {};
    }
    used_ += bytes;
    if (mode_ == Mode::measure) return {static_cast<const T*>(nullptr), std::size_t{0}};
    if (mode_ == Mode::read) return {reinterpret_cast<const T*>(read_.data() + at), count};
    const std::span<T> out(reinterpret_cast<T*>(memory_.get() + at), count);
    fill(out);
    return out;
  }

 private:
  explicit Image(std::size_t bytes);
  struct Free {
    void operator()(std::byte* memory) const;
  };

  Mode mode_ = Mode::measure;
  std::unique_ptr<std::byte, Free> memory_{};
  std::span<const std::byte> read_{};
  std::size_t used_ = 0;
  bool whole_ = true;
};

}  // namespace nano::packed
