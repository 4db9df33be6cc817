// runtime_shim/models/encoder_load.cpp: every key and tensor of a BERT file, checked before it is believed.
#include <algorithm>
#include <string>

#include "base/text.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/quant/blocks.h"

namespace nano::models {

/// Fills an Encoder from a File; stops at the first fault.
class EncoderLoader {
 public:
  explicit EncoderLoader(const gguf::File& file) : file_(file) {}

  [[nodiscard]] Result<Encoder> load() {
    NANO_TRY(read_shape());
    NANO_TRY(read_embeddings());
    encoder_.layers_.resize(shape().layers);
    for (uint32_t i = 0; i < shape().layers; ++i) NANO_TRY(read_layer(i, encoder_.layers_[i]));
    NANO_TRY(read_head());
    for (const gguf::Tensor& tensor : file_.tensors()) shape().parameters += tensor.elements();
    return std::move(encoder_);
  }

 private:
  [[nodiscard]] EncoderShape& shape() { return encoder_.shape_; }

  // A whole number in 1..limit.
  [[nodiscard]] Status read_size(std::string_view key, uint32_t limit, uint32_t& out) {
    NANO_TRY_ASSIGN(out, file_.get_u32(key));
    if (out == 0) return file_.invalid(std::string(key) + " is 0");
    if (out > limit) {
      return file_.unsupported(std::string(key) + " is " + std::to_string(out) + ", more than " + std::to_string(limit));
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
      return file_.invalid("bert.attention.head_count " + std::to_string(s.heads) + " does not divide bert.embedding_length " +
                           std::to_string(s.hidden));
    }
    NANO_TRY_ASSIGN(s.epsilon, file_.get_f32("bert.attention.layer_norm_epsilon"));
    if (!(s.epsilon >= 0.0f && s.epsilon <= 1.0f)) {
      return file_.invalid("bert.attention.layer_norm_epsilon is not in 0..1");
    }
    NANO_TRY_ASSIGN(const bool causal, file_.get_bool_or("bert.attention.causal", false));
    if (causal) return file_.unsupported("bert.attention.causal is true: this build runs bidirectional encoders only");
    NANO_TRY_ASSIGN(const uint32_t pooling, file_.get_u32_or("bert.pooling_type", 0));
    if (pooling > static_cast<uint32_t>(Pooling::rank)) {
      return file_.unsupported("bert.pooling_type is " + std::to_string(pooling) + ": this build knows 0 to 4");
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
      return file_.unsupported("tensor '" + gguf::shown(tensor.name) + "' has type " + std::string(tensor.type->name) +
                                   ", which this build cannot compute with",
                               "`nano quantize` writes types it can");
    }
    const int64_t at = quant::first_non_finite(tensor.type->type, tensor.bytes);
    if (at >= 0) {
      return file_.invalid("tensor '" + gguf::shown(tensor.name) + "' has a value that is not finite, near element " +
                           std::to_string(at));
    }
    return Unit{};
  }

  // A matrix of rows of `k`; `n` rows, or any number of them when n is 0.
  [[nodiscard]] Status read_matrix(const std::string& name, uint64_t k, uint64_t n, kernels::Weights& out) {
    NANO_TRY_ASSIGN(const gguf::Tensor* tensor, file_.tensor(name));
    if (tensor->rank > 2 || tensor->row_length() != k || (n != 0 && tensor->rows() != n)) {
      return misshapen(*tensor, std::to_string(k) + " x " + (n != 0 ? std::to_string(n) : std::string("rows")));
    }
    NANO_TRY(check_values(*tensor));
    out.data = tensor->bytes.data();
    out.n = static_cast<std::size_t>(tensor->rows());
    out.k = static_cast<std::size_t>(k);
    out.row_bytes = static_cast<std::size_t>(tensor->row_bytes());
    out.type = static_cast<kernels::WeightType>(tensor->type->type);
    return Unit{};
  }

  [[nodiscard]] Status read_vector(const std::string& name, uint64_t n, std::vector<float>& out) {
    NANO_TRY_ASSIGN(const gguf::Tensor* tensor, file_.tensor(name));
    if (tensor->rank != 1 || tensor->row_length() != n) return misshapen(*tensor, std::to_string(n));
    NANO_TRY(check_values(*tensor));
    out.resize(static_cast<std::size_t>(n));
    quant::dequantize_row(tensor->type->type, tensor->bytes, out);
    return Unit{};
  }

  [[nodiscard]] Status read_linear(const std::string& name, uint64_t k, uint64_t n, Linear& out) {
    NANO_TRY(read_matrix(name + ".weight", k, n, out.weight));
    if (file_.find_tensor(name + ".bias") == nullptr) {
      out.bias.assign(out.weight.n, 0.0f);
      return Unit{};
    }
    return read_vector(name + ".bias", out.weight.n, out.bias);
  }

  [[nodiscard]] Status read_norm(const std::string& name, Norm& out) {
    NANO_TRY(read_vector(name + ".weight", shape().hidden, out.gain));
    return read_vector(name + ".bias", shape().hidden, out.bias);
  }

  [[nodiscard]] Status read_embeddings() {
    EncoderShape& s = shape();
    NANO_TRY(read_matrix("token_embd.weight", s.hidden, 0, encoder_.token_rows_));
    if (encoder_.token_rows_.n > uint64_t{0x7FFFFFFF}) return file_.unsupported("token_embd.weight has too many rows");
    s.vocabulary = static_cast<uint32_t>(encoder_.token_rows_.n);
    NANO_TRY(read_matrix("position_embd.weight", s.hidden, s.context, encoder_.position_rows_));
    encoder_.type_zero_.assign(s.hidden, 0.0f);
    if (file_.find_tensor("token_types.weight") != nullptr) {
      kernels::Weights types;
      NANO_TRY(read_matrix("token_types.weight", s.hidden, 0, types));
      s.token_types = static_cast<uint32_t>(std::min<std::size_t>(types.n, 0xFFFFFFFFu));
      read_row(types, 0, encoder_.type_zero_);
    }
    return read_norm("token_embd_norm", encoder_.embedding_norm_);
  }

  [[nodiscard]] Status read_layer(uint32_t index, EncoderLayer& layer) {
    const std::string blk = "blk." + std::to_string(index) + ".";
    const uint64_t h = shape().hidden, f = shape().feed_forward;
    NANO_TRY(read_linear(blk + "attn_q", h, h, layer.q));
    NANO_TRY(read_linear(blk + "attn_k", h, h, layer.k));
    NANO_TRY(read_linear(blk + "attn_v", h, h, layer.v));
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
    if (encoder_.classifier_.weight.n > kMaxLabels) {
      return file_.unsupported("cls.output.weight has " + std::to_string(encoder_.classifier_.weight.n) + " labels, more than " +
                               std::to_string(kMaxLabels));
    }
    s.labels = static_cast<uint32_t>(encoder_.classifier_.weight.n);
    return Unit{};
  }

  const gguf::File& file_;
  Encoder encoder_{};
};

Result<Encoder> Encoder::load(const gguf::File& file) {
  return EncoderLoader(file).load();
}

void read_row(const kernels::Weights& weights, std::size_t row, std::span<float> out) {
  const auto* at = static_cast<const std::byte*>(weights.data) + row * weights.row_bytes;
  quant::dequantize_row(static_cast<quant::Type>(weights.type), {at, weights.row_bytes}, out);
}

}  // namespace nano::models
