// runtime_shim/models/encoder_load.cpp: every key and tensor of a BERT file, checked before it is believed.
#include <algorithm>
#include <string>

#include "base/text.h"
#include "runtime_shim/models/encoder_linear.h"
#include "runtime_shim/packed/panels.h"
#include "runtime_shim/quant/blocks.h"

namespace nano::models {

/// Fills an Encoder from a File and an image; stops at the first fault. Values are checked when the image is measured.
class EncoderLoader {
 public:
  /// `bits`: the widths chosen while measuring, in order; used when the image is filled.
  EncoderLoader(const gguf::File& file, packed::Image& image, std::vector<int>& bits)
      : file_(file), image_(image), bits_(bits) {}

  [[nodiscard]] Result<Encoder> load() {
    NANO_TRY(read_shape());
    NANO_TRY(read_embeddings());
    encoder_.layers_.resize(shape().layers);
    for (uint32_t i = 0; i < shape().layers; ++i) NANO_TRY(read_layer(i, encoder_.layers_[i]));
    NANO_TRY(read_head());
    for (const gguf::Tensor& tensor : file_.tensors()) shape().parameters += tensor.elements();
    if (!image().whole()) {
      return make_error(Errc::store, "the packed weights are not of this model's shape");
    }
    return std::move(encoder_);
  }

 private:
  [[nodiscard]] EncoderShape& shape() { return encoder_.shape_; }
  [[nodiscard]] packed::Image& image() { return image_; }
  [[nodiscard]] bool reading() const { return image_.mode() == packed::Image::Mode::read; }
  [[nodiscard]] bool measuring() const { return image_.mode() == packed::Image::Mode::measure; }

  // A whole number in 1..limit.
  [[nodiscard]] Status read_size(std::string_view key, uint32_t limit, uint32_t& out) {
    NANO_TRY_ASSIGN(out, file_.get_u32(key));
    if (out == 0) return file_.invalid(std::string(key) + " is 0");
    if (out > limit) {
      return file_.unsupported(std::string(key) + " is " + std::to_string(out) + ", more than " +
                               std::to_string(limit));
    }
    return Unit{};
  }

  [[nodiscard]] Status read_shape() {
    NANO_TRY_ASSIGN(const std::string_view architecture, file_.get_string("general.architecture"));
    if (architecture != "bert") {
      return file_.unsupported("architecture '" + gguf::shown(architecture) + "' is not one this build runs",
                               "this build runs encoders of architecture 'bert'");
    }
    EncoderShape& s = shape();
    NANO_TRY(read_size("bert.context_length", kMaxContext, s.context));
    NANO_TRY(read_size("bert.embedding_length", kMaxHidden, s.hidden));
    NANO_TRY(read_size("bert.block_count", kMaxLayers, s.layers));
    NANO_TRY(read_size("bert.feed_forward_length", kMaxFeedForward, s.feed_forward));
    NANO_TRY(read_size("bert.attention.head_count", kMaxHidden, s.heads));
    if (s.hidden % s.heads != 0) {
      return file_.invalid("bert.attention.head_count " + std::to_string(s.heads) +
                           " does not divide bert.embedding_length " + std::to_string(s.hidden));
    }
    NANO_TRY_ASSIGN(s.epsilon, file_.get_f32("bert.attention.layer_norm_epsilon"));
    if (!(s.epsilon >= 0.0f && s.epsilon <= 1.0f)) {
      return file_.invalid("bert.attention.layer_norm_epsilon is not in 0..1");
    }
    NANO_TRY_ASSIGN(const bool causal, file_.get_bool_or("bert.attention.causal", false));
    if (causal)
      return file_.unsupported("bert.attention.causal is true: this build runs bidirectional encoders only");
    NANO_TRY_ASSIGN(const uint32_t pooling, file_.get_u32_or("bert.pooling_type", 0));
    if (pooling > static_cast<uint32_t>(Pooling::rank)) {
      return file_.unsupported("bert.pooling_type is " + std::to_string(pooling) +
                               ": this build knows 0 to 4");
    }
    s.pooling = static_cast<Pooling>(pooling);
    return Unit{};
  }

  [[nodiscard]] Error misshapen(const gguf::Tensor& tensor, const std::string& wanted) const {
    std::string have = std::to_string(tensor.dims[0]);
    for (uint32_t i = 1; i < tensor.rank; ++i) have += " x " + std::to_string(tensor.dims[i]);
    return file_.invalid("tensor '" + gguf::shown(tensor.name) + "' has shape " + have + ", not " + wanted);
  }

  [[nodiscard]] Status check_values(const gguf::Tensor& tensor) const {
    if (!tensor.type->computable) {
      return file_.unsupported("tensor '" + gguf::shown(tensor.name) + "' has type " +
                                   std::string(tensor.type->name) + ", which this build cannot compute with",
                               "`nano quantize` writes types it can");
    }
    if (!measuring()) return Unit{};
    const int64_t at = quant::first_non_finite(tensor.type->type, tensor.bytes);
    if (at >= 0) {
      return file_.invalid("tensor '" + gguf::shown(tensor.name) +
                           "' has a value that is not finite, near element " + std::to_string(at));
    }
    return Unit{};
  }

  // A matrix of rows of `k`; `n` rows, or any number of them when n is 0.
  [[nodiscard]] Status find_matrix(const std::string& name, uint64_t k, uint64_t n,
                                   const gguf::Tensor*& out) {
    NANO_TRY_ASSIGN(out, file_.tensor(name));
    if (out->rank > 2 || out->row_length() != k || (n != 0 && out->rows() != n)) {
      return misshapen(*out, std::to_string(k) + " x " + (n != 0 ? std::to_string(n) : std::string("rows")));
    }
    return check_values(*out);
  }

  static kernels::Weights weights_of(const gguf::Tensor& tensor) {
    return {tensor.bytes.data(), static_cast<std::size_t>(tensor.rows()),
            static_cast<std::size_t>(tensor.row_length()), static_cast<std::size_t>(tensor.row_bytes()),
            static_cast<kernels::WeightType>(tensor.type->type)};
  }

  [[nodiscard]] Status read_vector(const std::string& name, uint64_t n, std::span<const float>& out) {
    NANO_TRY_ASSIGN(const gguf::Tensor* tensor, file_.tensor(name));
    if (tensor->rank != 1 || tensor->row_length() != n) return misshapen(*tensor, std::to_string(n));
    NANO_TRY(check_values(*tensor));
    out = image().place<float>(
        n, [&](std::span<float> to) { quant::dequantize_row(tensor->type->type, tensor->bytes, to); });
    return Unit{};
  }

  // Rows of one tensor, and their bias (null: zeros), that make a packed matrix with those of others.
  struct Part {
    packed::Source rows{};
    const gguf::Tensor* bias = nullptr;
    std::size_t first_bias = 0;
  };
  static Part part_of(const gguf::Tensor& tensor, const gguf::Tensor* bias, std::size_t first,
                      std::size_t rows) {
    const std::size_t row = static_cast<std::size_t>(tensor.row_bytes());
    return {{tensor.bytes.subspan(first * row, rows * row), rows,
             static_cast<std::size_t>(tensor.row_length()), tensor.type->type},
            bias,
            first};
  }

  // 4 bits where the type asks for it and loses little by it: decided while measuring, remembered, and kept in the image.
  [[nodiscard]] int choose_bits(std::span<const Part> parts) {
    if (measuring()) {
      int bits = 4;
      for (const Part& p : parts) bits = std::max(bits, packed::bits_of(p.rows.type));
      for (const Part& p : parts) {
        if (bits == 4 && packed::factor_error(p.rows) > packed::kMostFactorError) bits = 8;
      }
      bits_.push_back(bits);
    }
    const auto kept = image().place<uint32_t>(
        1, [&](std::span<uint32_t> to) { to[0] = static_cast<uint32_t>(bits_[next_bits_]); });
    const int bits = measuring() ? bits_.back() : kept.empty() ? 8 : static_cast<int>(kept[0]);
    ++next_bits_;
    return bits == 4 ? 4 : 8;
  }

  // A packed matrix of parts, each padded to whole panels.
  void pack(std::span<const Part> parts, Linear& out) {
    using kernels::kLanes;
    const int bits = choose_bits(parts);
    const std::size_t k = parts.front().rows.k, bytes = packed::panel_bytes(k, bits);
    std::size_t panels = 0;
    for (const Part& p : parts) panels += round_up(p.rows.rows, kLanes) / kLanes;
    std::vector<float> scales(measuring() || reading() ? 0 : panels * kLanes);
    std::vector<int32_t> sums(scales.size());
    const auto values = image().place<uint8_t>(panels * bytes, [&](std::span<uint8_t> to) {
      std::size_t panel = 0;
      for (const Part& p : parts) {
        for (std::size_t first = 0; first < p.rows.rows; first += kLanes, ++panel) {
          packed::pack_panel(p.rows, first, bits, to.data() + panel * bytes, scales.data() + panel * kLanes,
                             sums.data() + panel * kLanes);
        }
      }
    });
    const auto scale = image().place<float>(
        panels * kLanes, [&](std::span<float> to) { std::copy(scales.begin(), scales.end(), to.begin()); });
    const auto sum = image().place<int32_t>(
        panels * kLanes, [&](std::span<int32_t> to) { std::copy(sums.begin(), sums.end(), to.begin()); });
    out.bias = image().place<float>(panels * kLanes, [&](std::span<float> to) {
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
  }

  // The tensors of a matrix and its bias, checked.
  [[nodiscard]] Status find_linear(const std::string& name, uint64_t k, uint64_t n,
                                   const gguf::Tensor*& weight, const gguf::Tensor*& bias) {
    NANO_TRY(find_matrix(name + ".weight", k, n, weight));
    bias = file_.find_tensor(name + ".bias");
    if (bias == nullptr) return Unit{};
    if (bias->rank != 1 || bias->row_length() != weight->rows())
      return misshapen(*bias, std::to_string(weight->rows()));
    return check_values(*bias);
  }

  [[nodiscard]] Status read_linear(const std::string& name, uint64_t k, uint64_t n, Linear& out) {
    const gguf::Tensor* weight = nullptr;
    const gguf::Tensor* bias = nullptr;
    NANO_TRY(find_linear(name, k, n, weight, bias));
    out.n = static_cast<std::size_t>(weight->rows());
    out.k = static_cast<std::size_t>(k);
    if (packed::packable(weight->type->type, out.k)) {
      const Part part = part_of(*weight, bias, 0, out.n);
      pack({&part, 1}, out);
      out.n = static_cast<std::size_t>(weight->rows());
      return Unit{};
    }
    out.weight = weights_of(*weight);
    out.bias = image().place<float>(out.n, [&](std::span<float> to) {
      if (bias != nullptr) quant::dequantize_row(bias->type->type, bias->bytes, to);
    });
    return Unit{};
  }

  // q, k and v: one packed matrix, head by head, where all three can be packed.
  [[nodiscard]] Status read_qkv(const std::string& blk, EncoderLayer& layer) {
    const std::size_t h = shape().hidden, heads = shape().heads;
    const std::string names[] = {blk + "attn_q", blk + "attn_k", blk + "attn_v"};
    const gguf::Tensor* weight[3] = {};
    const gguf::Tensor* bias[3] = {};
    bool all = true;
    for (std::size_t i = 0; i < 3; ++i) {
      NANO_TRY(find_linear(names[i], h, h, weight[i], bias[i]));
      all = all && packed::packable(weight[i]->type->type, h);
    }
    if (!all) {
      NANO_TRY(read_linear(names[0], h, h, layer.q));
      NANO_TRY(read_linear(names[1], h, h, layer.k));
      return read_linear(names[2], h, h, layer.v);
    }
    std::vector<Part> parts;
    for (std::size_t head = 0; head < heads; ++head) {
      for (std::size_t i = 0; i < 3; ++i)
        parts.push_back(part_of(*weight[i], bias[i], head * (h / heads), h / heads));
    }
    pack(parts, layer.qkv);
    return Unit{};
  }

  [[nodiscard]] Status read_norm(const std::string& name, Norm& out) {
    NANO_TRY(read_vector(name + ".weight", shape().hidden, out.gain));
    return read_vector(name + ".bias", shape().hidden, out.bias);
  }

  [[nodiscard]] Status read_embeddings() {
    EncoderShape& s = shape();
    const gguf::Tensor* tensor = nullptr;
    NANO_TRY(find_matrix("token_embd.weight", s.hidden, 0, tensor));
    encoder_.token_rows_ = weights_of(*tensor);
    if (encoder_.token_rows_.n > uint64_t{0x7FFFFFFF})
      return file_.unsupported("token_embd.weight has too many rows");
    s.vocabulary = static_cast<uint32_t>(encoder_.token_rows_.n);
    NANO_TRY(find_matrix("position_embd.weight", s.hidden, s.context, tensor));
    encoder_.position_rows_ = weights_of(*tensor);
    const bool types = file_.find_tensor("token_types.weight") != nullptr;
    if (types) {
      NANO_TRY(find_matrix("token_types.weight", s.hidden, 0, tensor));
      s.token_types = static_cast<uint32_t>(std::min<uint64_t>(tensor->rows(), 0xFFFFFFFFu));
    }
    encoder_.type_zero_ = image().place<float>(s.hidden, [&](std::span<float> to) {
      if (types) read_row(weights_of(*tensor), 0, to);
    });
    return read_norm("token_embd_norm", encoder_.embedding_norm_);
  }

  [[nodiscard]] Status read_layer(uint32_t index, EncoderLayer& layer) {
    const std::string blk = "blk." + std::to_string(index) + ".";
    const uint64_t h = shape().hidden, f = shape().feed_forward;
    NANO_TRY(read_qkv(blk, layer));
    NANO_TRY(read_linear(blk + "attn_output", h, h, layer.out));
    NANO_TRY(read_norm(blk + "attn_output_norm", layer.after_attention));
    NANO_TRY(read_linear(blk + "ffn_up", h, f, layer.up));
    NANO_TRY(read_linear(blk + "ffn_down", f, h, layer.down));
    return read_norm(blk + "layer_output_norm", layer.after_feed_forward);
  }

  [[nodiscard]] Status read_head() {
    EncoderShape& s = shape();
    const bool pooler = file_.find_tensor("cls.weight") != nullptr;
    const bool classifier = file_.find_tensor("cls.output.weight") != nullptr;
    if (pooler) NANO_TRY(read_linear("cls", s.hidden, s.hidden, encoder_.pooler_));
    if (!classifier) return Unit{};
    NANO_TRY(read_linear("cls.output", s.hidden, 0, encoder_.classifier_));
    if (encoder_.classifier_.n > kMaxLabels) {
      return file_.unsupported("cls.output.weight has " + std::to_string(encoder_.classifier_.n) +
                               " labels, more than " + std::to_string(kMaxLabels));
    }
    s.labels = static_cast<uint32_t>(encoder_.classifier_.n);
    return Unit{};
  }

  const gguf::File& file_;
  packed::Image& image_;
  std::vector<int>& bits_;
  std::size_t next_bits_ = 0;
  Encoder encoder_{};
};

Result<Encoder> Encoder::load(const gguf::File& file, packed::Image& image, std::vector<int>& bits) {
  return EncoderLoader(file, image, bits).load();
}

Result<Encoder> Encoder::load(const gguf::File& file) {
  std::vector<int> bits;
  packed::Image measured;
  NANO_TRY(load(file, measured, bits));
  packed::Image image = packed::Image::to_fill(measured);
  NANO_TRY_ASSIGN(Encoder out, load(file, image, bits));
  out.own_ = std::move(image);
  return out;
}

void read_row(const kernels::Weights& weights, std::size_t row, std::span<float> out) {
  const auto* at = static_cast<const std::byte*>(weights.data) + row * weights.row_bytes;
  quant::dequantize_row(static_cast<quant::Type>(weights.type), {at, weights.row_bytes}, out);
}

}  // namespace nano::models
