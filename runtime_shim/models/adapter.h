// runtime_shim/models/adapter.h: LoRA adapters from GGUF, in llama.cpp's form: what they add to a base's matrices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/kernels/table.h"

namespace nano::models {

inline constexpr uint32_t kMaxRank = 4096;

/// The matrices of a layer that an adapter may change.
enum class Slot : uint8_t { q, k, v, qkv, out, up, down };
inline constexpr std::size_t kSlots = 7;

/// W + B A in place of W: y += b (a x). f32; the adapter's scale is in b.
struct LowRank {
  kernels::Weights a{};  ///< (rank, k); data == nullptr: W stays as it is
  kernels::Weights b{};  ///< (n, rank)

  [[nodiscard]] explicit operator bool() const { return a.data != nullptr; }
};

/// An adapter, checked against the file of its base. Holds its own copy of the values. Read-only.
///
///   general.type = "adapter", adapter.type = "lora", general.architecture as the base's,
///   adapter.lora.alpha (f32; B A is scaled by alpha / rank; absent or 0: by 1, as llama.cpp does),
///   for each changed tensor NAME of the base: NAME.lora_a with dims (k, rank), NAME.lora_b with dims (rank, n)
class Adapter {
 public:
  /// scale: 1 = as it was trained.
  /// errors  invalid: keys or tensors missing, of wrong shape, not finite (the tensor is named); of another architecture;
  ///         unsupported: it changes a tensor that is no matrix of a layer, or its rank is above kMaxRank
  ///         (or, invalid, above the matrix's own rows or columns);
  ///         usage: scale is not finite
  [[nodiscard]] static Result<Adapter> load(const gguf::File& file, const gguf::File& base,
                                            float scale = 1.0f);

  [[nodiscard]] const LowRank& at(std::size_t layer, Slot slot) const;
  /// What changes the base's tensor `name`; nullptr: nothing does.
  [[nodiscard]] const LowRank* find(std::string_view name) const;
  [[nodiscard]] std::size_t rank() const { return rank_; }    ///< the greatest
  [[nodiscard]] std::size_t count() const { return count_; }  ///< changed tensors

 private:
  using Layer = std::array<LowRank, kSlots>;
  std::vector<Layer> layers_{};
  std::vector<std::unique_ptr<std::vector<float>>> values_{};
  std::size_t rank_ = 0;
  std::size_t count_ = 0;
};

/// row += B A's row `row` of `change`. (k)
void add_change(const LowRank& change, std::size_t row, std::span<float> values);

}  // namespace nano::models
