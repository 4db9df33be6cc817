// runtime_shim/models/tensors.h: the tensors of one file, checked before they are believed, and packed into an image.
#pragma once

#include <deque>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/kernels/table.h"
#include "runtime_shim/models/adapter.h"
#include "runtime_shim/packed/image.h"
#include "runtime_shim/packed/panels.h"

namespace nano::models {

/// A matrix with its bias, n outputs of k inputs: packed where its type is one of blocks, else as the file has it.
struct Linear {
  kernels::Packed packed{};   ///< panels == nullptr: not packed
  kernels::Weights weight{};  ///< float weights
  std::span<const float> bias{};
  std::size_t n = 0;
  std::size_t k = 0;

  [[nodiscard]] bool is_packed() const { return packed.panels != nullptr; }
};
struct Norm {
  std::span<const float> gain{};  ///< empty: no norm
  std::span<const float> bias{};
};

/// Stops at the first fault. Values are checked when the image is measured.
class Tensors {
 public:
  /// `bits`: the widths chosen while measuring, in order; used when the image is filled. `merge` (may be null): its
  /// changes become part of the matrices.
  Tensors(const gguf::File& file, packed::Image& image, std::vector<int>& bits,
          const Adapter* merge = nullptr)
      : file_(file), image_(image), bits_(bits), merge_(merge) {}

  [[nodiscard]] const gguf::File& file() const { return file_; }
  [[nodiscard]] packed::Image& image() { return image_; }
  [[nodiscard]] bool reading() const { return image_.mode() == packed::Image::Mode::read; }
  [[nodiscard]] bool measuring() const { return image_.mode() == packed::Image::Mode::measure; }
  [[nodiscard]] bool has(const std::string& name) const { return file_.find_tensor(name) != nullptr; }

  /// A whole number in 1..limit. errors  invalid: 0, missing; unsupported: above the limit
  [[nodiscard]] Status read_size(const std::string& key, uint32_t limit, uint32_t& out) const;
  /// A matrix of rows of `k`; `n` rows, or any number of them when n is 0.
  [[nodiscard]] Status find_matrix(const std::string& name, uint64_t k, uint64_t n,
                                   const gguf::Tensor*& out) const;
  [[nodiscard]] Status read_vector(const std::string& name, uint64_t n, std::span<const float>& out);
  /// name.weight and name.bias, which may be missing (zeros) where `bias_needed` is false.
  [[nodiscard]] Status read_norm(const std::string& name, uint64_t n, bool bias_needed, Norm& out);
  /// name.weight (k, n) and, where there is one, name.bias; n may be 0: any.
  [[nodiscard]] Status read_linear(const std::string& name, uint64_t k, uint64_t n, Linear& out);

  /// Was every tensor of the file asked for? One that nothing uses would change the answers of a reader that knows it.
  ///   but     names that may lie unused
  ///   errors  unsupported: a tensor that nothing uses, named
  [[nodiscard]] Status all_used(std::initializer_list<std::string_view> but) const;

  // For matrices whose rows are packed in another order than they lie in the file:

  /// Rows of one tensor, and their bias (null: zeros), that make a packed matrix with those of others.
  struct Part {
    packed::Source rows{};
    const gguf::Tensor* bias = nullptr;
    std::size_t first_bias = 0;
  };
  [[nodiscard]] Status find_linear(const std::string& name, uint64_t k, uint64_t n,
                                   const gguf::Tensor*& weight, const gguf::Tensor*& bias) const;
  [[nodiscard]] Part part_of(const gguf::Tensor& tensor, const gguf::Tensor* bias, std::size_t first,
                             std::size_t rows);
  /// A packed matrix of parts, each padded to whole panels.
  void pack(std::span<const Part> parts, Linear& out);
  /// The matrix as floats of the file, or merged ones.
  void keep_floats(const gguf::Tensor& weight, const gguf::Tensor* bias, Linear& out);

  [[nodiscard]] static kernels::Weights weights_of(const gguf::Tensor& tensor);

 private:
  /// The tensor, noted as used.   errors  invalid: missing
  [[nodiscard]] Result<const gguf::Tensor*> take(std::string_view name) const;
  [[nodiscard]] Error misshapen(const gguf::Tensor& tensor, const std::string& wanted) const;
  [[nodiscard]] Status check_values(const gguf::Tensor& tensor) const;
  [[nodiscard]] int choose_bits(std::span<const Part> parts);

  const gguf::File& file_;
  packed::Image& image_;
  std::vector<int>& bits_;
  const Adapter* merge_ = nullptr;
  std::size_t next_bits_ = 0;
  mutable std::set<const gguf::Tensor*> used_{};
  std::deque<std::vector<float>> merged_{};  // rows of the parts that are being packed
};

/// Turn `n` values of a row of weights into floats.
void read_row(const kernels::Weights& weights, std::size_t row, std::span<float> out);

}  // namespace nano::models
