// runtime_shim/models/adapter.cpp: every tensor of an adapter beside the one of the base that it changes.
#include "runtime_shim/models/adapter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "runtime_shim/quant/blocks.h"

namespace nano::models {
namespace {

constexpr std::string_view kA = ".lora_a", kB = ".lora_b", kWeight = ".weight", kBlk = "blk.";
constexpr std::string_view kNames[kSlots] = {"attn_q",      "attn_k", "attn_v",  "attn_qkv",
                                             "attn_output", "ffn_up", "ffn_down"};
constexpr std::size_t kMostLayers = 512;

struct Place {
  std::size_t layer = 0;
  Slot slot = Slot::q;
};

// "blk.3.attn_q.weight"
std::optional<Place> place_of(std::string_view name) {
  if (!name.starts_with(kBlk) || !name.ends_with(kWeight)) return std::nullopt;
  name = name.substr(kBlk.size(), name.size() - kBlk.size() - kWeight.size());
  Place place;
  const auto [at, ec] = std::from_chars(name.data(), name.data() + name.size(), place.layer);
  if (ec != std::errc() || at == name.data() + name.size() || *at != '.' || place.layer >= kMostLayers)
    return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(at - name.data()) + 1);
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (name != kNames[i]) continue;
    place.slot = static_cast<Slot>(i);
    return place;
  }
  return std::nullopt;
}

std::string dims_of(const gguf::Tensor& t) {
  return std::to_string(t.row_length()) + " x " + std::to_string(t.rows());
}

Result<std::vector<float>> values_of(const gguf::File& file, const gguf::Tensor& t) {
  const std::string name = "tensor '" + gguf::shown(t.name) + "'";
  if (!t.type->computable) return file.unsupported(name + " has type " + std::string(t.type->name));
  if (t.rank > 2) return file.invalid(name + " is no matrix");
  const int64_t bad = quant::first_non_finite(t.type->type, t.bytes);
  if (bad >= 0)
    return file.invalid(name + " has a value that is not finite, near element " + std::to_string(bad));
  std::vector<float> out(static_cast<std::size_t>(t.elements()));
  const auto row = static_cast<std::size_t>(t.row_length()), bytes = static_cast<std::size_t>(t.row_bytes());
  for (std::size_t r = 0; r < t.rows(); ++r)
    quant::dequantize_row(t.type->type, t.bytes.subspan(r * bytes, bytes),
                          std::span(out).subspan(r * row, row));
  return out;
}

kernels::Weights weights_of(const std::vector<float>& values, std::size_t n, std::size_t k) {
  return {values.data(), n, k, k * sizeof(float), kernels::WeightType::f32};
}

}  // namespace

Result<Adapter> Adapter::load(const gguf::File& file, const gguf::File& base, float scale) {
  if (!std::isfinite(scale)) return make_error(Errc::usage, "an adapter's scale is not finite");
  NANO_TRY_ASSIGN(const auto type, file.get_string_or("general.type", ""));
  if (type != "adapter")
    return file.invalid("general.type is '" + gguf::shown(type) + "', of an adapter it is 'adapter'");
  NANO_TRY_ASSIGN(const auto kind, file.get_string("adapter.type"));
  if (kind != "lora")
    return file.unsupported("adapter.type is '" + gguf::shown(kind) + "': this build knows 'lora'");
  NANO_TRY_ASSIGN(const auto architecture, file.get_string("general.architecture"));
  NANO_TRY_ASSIGN(const auto wanted, base.get_string("general.architecture"));
  if (architecture != wanted) {
    return file.invalid("it adapts architecture '" + gguf::shown(architecture) + "', the base is '" +
                        gguf::shown(wanted) + "'");
  }
  NANO_TRY_ASSIGN(const float alpha, file.get_f32_or("adapter.lora.alpha", 0.0f));

  Adapter out;
  for (const gguf::Tensor& a : file.tensors()) {
    if (a.name.ends_with(kB)) {
      const std::string other = std::string(a.name.substr(0, a.name.size() - kB.size())) + std::string(kA);
      if (file.find_tensor(other) == nullptr)
        return file.invalid("tensor '" + gguf::shown(other) + "' is missing");
      continue;
    }
    if (!a.name.ends_with(kA))
      return file.invalid("tensor '" + gguf::shown(a.name) + "' ends neither in .lora_a nor in .lora_b");
    const std::string name(a.name.substr(0, a.name.size() - kA.size()));
    NANO_TRY_ASSIGN(const gguf::Tensor* b, file.tensor(name + std::string(kB)));
    const auto place = place_of(name);
    if (!place)
      return file.unsupported("tensor '" + gguf::shown(a.name) +
                              "': this build adapts the matrices of layers only");
    const gguf::Tensor* changed = base.find_tensor(name);
    if (changed == nullptr)
      return file.invalid("tensor '" + gguf::shown(a.name) + "' changes one the base does not have");
    // Beside the matrix of all three the executor does not look at these: whatever shape they claim stays unchecked.
    const std::string one = std::string(kBlk) + std::to_string(place->layer) + ".attn_qkv" + std::string(kWeight);
    if (place->slot <= Slot::v && base.find_tensor(one) != nullptr)
      return file.invalid("tensor '" + gguf::shown(a.name) + "' changes one the base does not use: it has '" + one + "'");
    const auto k = static_cast<std::size_t>(changed->row_length()),
               n = static_cast<std::size_t>(changed->rows());
    const uint64_t rank = a.rows();
    if (rank > kMaxRank)
      return file.unsupported("tensor '" + gguf::shown(a.name) + "' has rank " + std::to_string(rank) +
                              ", more than " + std::to_string(kMaxRank));
    if (rank > std::min(k, n)) {  // of no use, and more than a pass has room for
      return file.invalid("tensor '" + gguf::shown(a.name) + "' has rank " + std::to_string(rank) +
                          ", for a matrix of " + dims_of(*changed));
    }
    if (a.row_length() != k || b->row_length() != rank || b->rows() != n) {
      return file.invalid("tensor '" + gguf::shown(a.name) + "' is " + dims_of(a) + " and its .lora_b " +
                          dims_of(*b) + ", for a matrix of " + dims_of(*changed));
    }
    NANO_TRY_ASSIGN(auto a_values, values_of(file, a));
    NANO_TRY_ASSIGN(auto b_values, values_of(file, *b));
    const auto r = static_cast<std::size_t>(rank);
    const float by = alpha != 0.0f ? scale * (alpha / static_cast<float>(r)) : scale;
    for (float& v : b_values) {
      v *= by;
      if (!std::isfinite(v))
        return file.invalid("adapter.lora.alpha makes values of '" + gguf::shown(b->name) +
                            "' that are not finite");
    }
    if (out.layers_.size() <= place->layer) out.layers_.resize(place->layer + 1);
    LowRank& change = out.layers_[place->layer][static_cast<std::size_t>(place->slot)];
    for (auto* values : {&a_values, &b_values})
      out.values_.push_back(std::make_unique<std::vector<float>>(std::move(*values)));
    change.a = weights_of(**(out.values_.end() - 2), r, k);
    change.b = weights_of(*out.values_.back(), n, r);
    out.rank_ = std::max(out.rank_, r);
    ++out.count_;
  }
  if (out.count_ == 0) return file.invalid("the adapter changes nothing: it has no tensors");
  return out;
}

const LowRank& Adapter::at(std::size_t layer, Slot slot) const {
  static const LowRank nothing{};
  return layer < layers_.size() ? layers_[layer][static_cast<std::size_t>(slot)] : nothing;
}

const LowRank* Adapter::find(std::string_view name) const {
  const auto place = place_of(name);
  if (!place) return nullptr;
  const LowRank& change = at(place->layer, place->slot);
  return change ? &change : nullptr;
}

void add_change(const LowRank& change, std::size_t row, std::span<float> values) {
  const auto* a = static_cast<const float*>(change.a.data);
  const float* b = static_cast<const float*>(change.b.data) + row * change.b.k;
  for (std::size_t i = 0; i < values.size(); ++i) {
    double sum = 0.0;
    for (std::size_t r = 0; r < change.b.k; ++r)
      sum += static_cast<double>(b[r]) * static_cast<double>(a[r * change.a.k + i]);
    values[i] = static_cast<float>(static_cast<double>(values[i]) + sum);
  }
}

}  // namespace nano::models
