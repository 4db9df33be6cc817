// runtime_shim/models/tensors.cpp: shapes, types and values checked; rows packed.
#include "runtime_shim/models/tensors.h"

#include <algorithm>

#include "base/text.h"
#include "runtime_shim/models/encoder_linear.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/quant/k_blocks.h"

namespace nano::models {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;  ///< of a tensor, checked at a time

}  // namespace

Status Tensors::read_size(const std::string& key, uint32_t limit, uint32_t& out) const {
  NANO_TRY_ASSIGN(out, file_.get_u32(key));
  if (out == 0) return file_.invalid(key + " is 0");
  if (out > limit)
    return file_.unsupported(key + " is " + std::to_string(out) + ", more than " + std::to_string(limit));
  return Unit{};
}

Result<const gguf::Tensor*> Tensors::take(std::string_view name) const {
  NANO_TRY_ASSIGN(const gguf::Tensor* tensor, file_.tensor(name));
  used_.insert(tensor);
  return tensor;
}

Status Tensors::all_used(std::initializer_list<std::string_view> but) const {
  for (const gguf::Tensor& tensor : file_.tensors()) {
    if (used_.contains(&tensor) || std::find(but.begin(), but.end(), tensor.name) != but.end()) continue;
    return file_.unsupported("tensor '" + gguf::shown(tensor.name) + "' is one that nothing here uses",
                             "it may change the answers: the file holds another model than its keys say, or parts that this "
                             "build does not know");
  }
  return Unit{};
}

Error Tensors::misshapen(const gguf::Tensor& tensor, const std::string& wanted) const {
  std::string have = std::to_string(tensor.dims[0]);
  for (uint32_t i = 1; i < tensor.rank; ++i) have += " x " + std::to_string(tensor.dims[i]);
  return file_.invalid("tensor '" + gguf::shown(tensor.name) + "' has shape " + have + ", not " + wanted);
}

Status Tensors::check_values(const gguf::Tensor& tensor) const {
  if (!tensor.type->computable) {
    return file_.unsupported("tensor '" + gguf::shown(tensor.name) + "' has type " +
                                 std::string(tensor.type->name) + ", which this build cannot compute with",
                             quant::is_readable(tensor.type->type)
                                 ? "`nano quantize` makes a file of types it can"
                                 : "use a file of type f32, f16, bf16, q8_0 or q4_0 of the same model");
  }
  if (!measuring()) return Unit{};
  // Piece by piece, each given back: of a large model no more is in memory than what it is packed to.
  const std::size_t piece = kPieceBytes / tensor.type->bytes * tensor.type->bytes;
  for (std::size_t done = 0; done < tensor.bytes.size(); done += piece) {
    const auto bytes = tensor.bytes.subspan(done, std::min(piece, tensor.bytes.size() - done));
    const int64_t at = quant::first_non_finite(tensor.type->type, bytes);
    file_.release(tensor.bytes.first(done + bytes.size()));  // all so far: a page brings its neighbours back
    if (at < 0) continue;
    return file_.invalid("tensor '" + gguf::shown(tensor.name) + "' has a value that is not finite, near element " +
                         std::to_string(done / tensor.type->bytes * tensor.type->block + static_cast<uint64_t>(at)));
  }
  return Unit{};
}

Status Tensors::find_matrix(const std::string& name, uint64_t k, uint64_t n, const gguf::Tensor*& out) const {
  NANO_TRY_ASSIGN(out, take(name));
  if (out->rank > 2 || out->row_length() != k || (n != 0 && out->rows() != n)) {
    return misshapen(*out, std::to_string(k) + " x " + (n != 0 ? std::to_string(n) : std::string("rows")));
  }
  return check_values(*out);
}

kernels::Weights Tensors::weights_of(const gguf::Tensor& tensor) {
  return {tensor.bytes.data(), static_cast<std::size_t>(tensor.rows()),
          static_cast<std::size_t>(tensor.row_length()), static_cast<std::size_t>(tensor.row_bytes()),
          static_cast<kernels::WeightType>(tensor.type->type)};
}

Status Tensors::read_vector(const std::string& name, uint64_t n, std::span<const float>& out) {
  NANO_TRY_ASSIGN(const gguf::Tensor* tensor, take(name));
  if (tensor->rank != 1 || tensor->row_length() != n) return misshapen(*tensor, std::to_string(n));
  NANO_TRY(check_values(*tensor));
  out = image_.place<float>(static_cast<std::size_t>(n), [&](std::span<float> to) {
    quant::dequantize_row(tensor->type->type, tensor->bytes, to);
  });
  return Unit{};
}

Status Tensors::read_norm(const std::string& name, uint64_t n, bool bias_needed, Norm& out) {
  NANO_TRY(read_vector(name + ".weight", n, out.gain));
  if (bias_needed || has(name + ".bias")) return read_vector(name + ".bias", n, out.bias);
  out.bias = image_.place<float>(static_cast<std::size_t>(n), [](std::span<float>) {});
  return Unit{};
}

Tensors::Part Tensors::part_of(const gguf::Tensor& tensor, const gguf::Tensor* bias, std::size_t first,
                               std::size_t rows) {
  const auto row = static_cast<std::size_t>(tensor.row_bytes()),
             k = static_cast<std::size_t>(tensor.row_length());
  Part part{{tensor.bytes.subspan(first * row, rows * row), rows, k, tensor.type->type}, bias, first};
  const LowRank* change = merge_ != nullptr ? merge_->find(tensor.name) : nullptr;
  if (change == nullptr) return part;
  part.rows.type = quant::Type::f32;
  if (measuring()) return part;
  auto& values = merged_.emplace_back(rows * k);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::span<float> to = std::span(values).subspan(r * k, k);
    quant::dequantize_row(tensor.type->type, tensor.bytes.subspan((first + r) * row, row), to);
    add_change(*change, first + r, to);
  }
  part.rows.bytes = std::as_bytes(std::span<const float>(values));
  return part;
}

// 4 bits where the type asks for it and loses little by it: decided while measuring, remembered, and kept in the image.
int Tensors::choose_bits(std::span<const Part> parts) {
  if (measuring()) {
    int bits = 4;
    for (const Part& p : parts) bits = std::max(bits, packed::bits_of(p.rows.type));
    for (const Part& p : parts) {
      if (bits == 4 && packed::factor_error(p.rows) > packed::kMostFactorError) bits = 8;
    }
    bits_.push_back(bits);
  }
  const auto kept = image_.place<uint32_t>(
      1, [&](std::span<uint32_t> to) { to[0] = static_cast<uint32_t>(bits_[next_bits_]); });
  const int bits = measuring() ? bits_.back() : kept.empty() ? 8 : static_cast<int>(kept[0]);
  ++next_bits_;
  return bits == 4 ? 4 : 8;
}

void Tensors::pack(std::span<const Part> parts, Linear& out) {
  using kernels::kLanes;
  const int bits = choose_bits(parts);
  const std::size_t k = parts.front().rows.k, bytes = packed::panel_bytes(k, bits);
  std::size_t panels = 0;
  for (const Part& p : parts) panels += round_up(p.rows.rows, kLanes) / kLanes;
  std::vector<float> scales(measuring() || reading() ? 0 : panels * kLanes);
  std::vector<int32_t> sums(scales.size());
  const auto values = image_.place<uint8_t>(panels * bytes, [&](std::span<uint8_t> to) {
    std::size_t panel = 0;
    for (const Part& p : parts) {
      for (std::size_t first = 0; first < p.rows.rows; first += kLanes, ++panel) {
        packed::pack_panel(p.rows, first, bits, to.data() + panel * bytes, scales.data() + panel * kLanes,
                           sums.data() + panel * kLanes);
      }
    }
  });
  const auto scale = image_.place<float>(
      panels * kLanes, [&](std::span<float> to) { std::copy(scales.begin(), scales.end(), to.begin()); });
  const auto sum = image_.place<int32_t>(
      panels * kLanes, [&](std::span<int32_t> to) { std::copy(sums.begin(), sums.end(), to.begin()); });
  out.bias = image_.place<float>(panels * kLanes, [&](std::span<float> to) {
    std::size_t at = 0;
    for (const Part& p : parts) {
      if (p.bias != nullptr) {
        std::vector<float> all(static_cast<std::size_t>(p.bias->row_length()));
        quant::dequantize_row(p.bias->type->type, p.bias->bytes, all);
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(p.first_bias), p.rows.rows,
                    to.begin() + static_cast<std::ptrdiff_t>(at));
      }
      at += round_up(p.rows.rows, kLanes);
    }
  });
  out.packed = {values.data(), scale.data(), sum.data(), out.bias.data(), panels * kLanes, k, bytes, bits};
  out.n = panels * kLanes;
  out.k = k;
  for (const Part& p : parts) file_.release(p.rows.bytes);
  merged_.clear();
}

Status Tensors::find_linear(const std::string& name, uint64_t k, uint64_t n, const gguf::Tensor*& weight,
                            const gguf::Tensor*& bias) const {
  NANO_TRY(find_matrix(name + ".weight", k, n, weight));
  bias = file_.find_tensor(name + ".bias");
  if (bias == nullptr) return Unit{};
  used_.insert(bias);
  if (bias->rank != 1 || bias->row_length() != weight->rows())
    return misshapen(*bias, std::to_string(weight->rows()));
  return check_values(*bias);
}

void Tensors::keep_floats(const gguf::Tensor& weight, const gguf::Tensor* bias, Linear& out) {
  out.n = static_cast<std::size_t>(weight.rows());
  out.k = static_cast<std::size_t>(weight.row_length());
  out.weight = weights_of(weight);
  const LowRank* change = merge_ != nullptr ? merge_->find(weight.name) : nullptr;
  if (change != nullptr) {
    const auto merged = image_.place<float>(out.n * out.k, [&](std::span<float> to) {
      for (std::size_t r = 0; r < out.n; ++r) {
        read_row(weights_of(weight), r, to.subspan(r * out.k, out.k));
        add_change(*change, r, to.subspan(r * out.k, out.k));
      }
    });
    out.weight = {merged.data(), out.n, out.k, out.k * sizeof(float), kernels::WeightType::f32};
  }
  out.bias = image_.place<float>(out.n, [&](std::span<float> to) {
    if (bias != nullptr) quant::dequantize_row(bias->type->type, bias->bytes, to);
  });
}

Status Tensors::read_linear(const std::string& name, uint64_t k, uint64_t n, Linear& out) {
  const gguf::Tensor* weight = nullptr;
  const gguf::Tensor* bias = nullptr;
  NANO_TRY(find_linear(name, k, n, weight, bias));
  if (!packed::packable(weight->type->type, static_cast<std::size_t>(k))) {
    keep_floats(*weight, bias, out);
    return Unit{};
  }
  const auto rows = static_cast<std::size_t>(weight->rows());
  const Part part = part_of(*weight, bias, 0, rows);
  pack({&part, 1}, out);
  out.n = rows;
  return Unit{};
}

void read_row(const kernels::Weights& weights, std::size_t row, std::span<float> out) {
  const auto* at = static_cast<const std::byte*>(weights.data) + row * weights.row_bytes;
  quant::dequantize_row(static_cast<quant::Type>(weights.type), {at, weights.row_bytes}, out);
}

}  // namespace nano::models
