// runtime_shim/models/encoder_load.cpp: every key and tensor of an encoder's file, checked before it is believed.
#include <algorithm>
#include <string>

#include "runtime_shim/models/encoder.h"
#include "runtime_shim/models/gguf_keys.h"

namespace nano::models {

/// Fills an Encoder from a File and an image; stops at the first fault.
class EncoderLoader {
 public:
  EncoderLoader(const gguf::File& file, packed::Image& image, std::vector<int>& bits, const Adapter* merge)
      : file_(file), t_(file, image, bits, merge) {}

  [[nodiscard]] Result<Encoder> load() {
    NANO_TRY(read_shape());
    NANO_TRY(read_embeddings());
    encoder_.layers_.resize(shape().layers);
    for (uint32_t i = 0; i < shape().layers; ++i) NANO_TRY(read_layer(i, encoder_.layers_[i]));
    if (kind().pre_norm)
      NANO_TRY(t_.read_norm("output_norm", shape().hidden, kind().norm_bias, encoder_.last_norm_));
    NANO_TRY_ASSIGN(encoder_.head_, Head::load(t_, shape()));
    if (encoder_.head_.task() != HeadTask::embed) {
      shape().labels = static_cast<uint32_t>(encoder_.head_.outputs());
    }
    NANO_TRY_ASSIGN(const uint32_t pooling, file_.get_u32_or(key("pooling_type"), 0));
    shape().pooling =
        encoder_.head_.task() == HeadTask::embed ? encoder_.head_.pooling() : static_cast<Pooling>(pooling);
    for (const gguf::Tensor& tensor : file_.tensors()) shape().parameters += tensor.elements();
    if (!t_.image().whole()) {
      return make_error(Errc::store, "the packed weights are not of this model's shape");
    }
    // A model that embeds may carry BERT's pooler, which is no part of what it gives.
    NANO_TRY(encoder_.head_.task() == HeadTask::embed ? t_.all_used({"cls.weight", "cls.bias"}) : t_.all_used({}));
    return std::move(encoder_);
  }

 private:
  [[nodiscard]] EncoderShape& shape() { return encoder_.shape_; }
  [[nodiscard]] const Architecture& kind() { return *encoder_.shape_.kind; }
  [[nodiscard]] std::string key(std::string_view name) {
    return std::string(kind().name) + "." + std::string(name);
  }

  [[nodiscard]] Status read_shape() {
    NANO_TRY_ASSIGN(const std::string_view type, file_.get_string_or("general.type", "model"));
    if (type != "model") {
      return file_.unsupported("general.type is '" + gguf::shown(type) + "': it is no model by itself",
                               "heads and adapters go with their base: `nano run base+head`");
    }
    NANO_TRY_ASSIGN(const std::string_view architecture, file_.get_string("general.architecture"));
    EncoderShape& s = shape();
    s.kind = find_architecture(architecture);
    if (s.kind == nullptr) {
      return file_.unsupported("architecture '" + gguf::shown(architecture) + "' is not one this build runs",
                               "this build runs encoders of the architectures " + architecture_names());
    }
    NANO_TRY(check_gguf_keys(file_, s.kind->name));
    NANO_TRY(t_.read_size(key("context_length"), kMaxContext, s.context));
    NANO_TRY(t_.read_size(key("embedding_length"), kMaxHidden, s.hidden));
    s.embedding = s.hidden;
    if (kind().table_only) {
      s.heads = 1;
      return Unit{};
    }
    if (file_.has("nano.embedding_width")) NANO_TRY(t_.read_size("nano.embedding_width", s.hidden, s.embedding));
    NANO_TRY(t_.read_size(key("block_count"), kMaxLayers, s.layers));
    NANO_TRY(t_.read_size(key("feed_forward_length"), kMaxFeedForward, s.feed_forward));
    NANO_TRY(t_.read_size(key("attention.head_count"), kMaxHidden, s.heads));
    if (s.hidden % s.heads != 0) {
      return file_.invalid(key("attention.head_count") + " " + std::to_string(s.heads) + " does not divide " +
                           key("embedding_length") + " " + std::to_string(s.hidden));
    }
    NANO_TRY_ASSIGN(s.epsilon, file_.get_f32(key("attention.layer_norm_epsilon")));
    if (!(s.epsilon >= 0.0f && s.epsilon <= 1.0f))
      return file_.invalid(key("attention.layer_norm_epsilon") + " is not in 0..1");
    NANO_TRY_ASSIGN(const bool causal, file_.get_bool_or(key("attention.causal"), false));
    if (causal)
      return file_.unsupported(key("attention.causal") +
                               " is true: this build runs bidirectional encoders only");
    NANO_TRY_ASSIGN(const uint32_t shared, file_.get_u32_or(key("attention.head_count_kv"), s.heads));
    if (shared != s.heads)
      return file_.unsupported(key("attention.head_count_kv") + " is " + std::to_string(shared) + ", not " +
                               key("attention.head_count") + ": keys that heads share are not known here");
    for (const char* name : {"attention.key_length", "attention.value_length"}) {
      NANO_TRY_ASSIGN(const uint32_t width, file_.get_u32_or(key(name), s.hidden / s.heads));
      if (width != s.hidden / s.heads)
        return file_.unsupported(key(name) + " is " + std::to_string(width) + ": heads here are " +
                                 std::to_string(s.hidden / s.heads) + " wide, embedding_length by head_count");
    }
    if (kind().rotary) NANO_TRY(read_rotation());
    if (kind().windows) NANO_TRY(read_windows());
    return Unit{};
  }

  [[nodiscard]] Status read_rotation() {
    EncoderShape& s = shape();
    const uint32_t width = s.hidden / s.heads;
    if (width % 2 != 0)
      return file_.invalid("heads of " + std::to_string(width) + " values cannot be turned in pairs");
    NANO_TRY_ASSIGN(const uint32_t turned, file_.get_u32_or(key("rope.dimension_count"), width));
    if (turned != width) {
      return file_.unsupported(key("rope.dimension_count") + " is " + std::to_string(turned) +
                               ": this build turns whole heads (" + std::to_string(width) + ")");
    }
    NANO_TRY_ASSIGN(const auto scaling, file_.get_string_or(key("rope.scaling.type"), "none"));
    if (scaling != "none")
      return file_.unsupported(key("rope.scaling.type") + " is '" + gguf::shown(scaling) + "'");
    NANO_TRY_ASSIGN(s.rope_global, file_.get_f32_or(key("rope.freq_base"), 160'000.0f));
    NANO_TRY_ASSIGN(s.rope_local, file_.get_f32_or(key("rope.freq_base_swa"), 10'000.0f));
    for (const auto& [name, base] :
         {std::pair("rope.freq_base", s.rope_global), {"rope.freq_base_swa", s.rope_local}}) {
      if (!(base >= 1.0f && base <= 1e12f)) return file_.invalid(key(name) + " is not in 1..1e12");
    }
    return Unit{};
  }

  // A window of 128 tokens is 64 on each side. Layer 0 sees all, as does every n-th after it.
  [[nodiscard]] Status read_windows() {
    EncoderShape& s = shape();
    uint32_t window = 0;
    if (file_.has(key("attention.sliding_window")))
      NANO_TRY(t_.read_size(key("attention.sliding_window"), 2 * kMaxContext, window));
    s.window = window / 2;
    if (window == 1) return file_.invalid(key("attention.sliding_window") + " is 1: no neighbour is seen");
    s.global_period = 3;
    const std::string pattern = key("attention.sliding_window_pattern");
    const gguf::Value* value = file_.find(pattern);
    if (value == nullptr) return Unit{};
    if (value->type != gguf::ValueType::array) return t_.read_size(pattern, kMaxLayers, s.global_period);
    // One for each layer: does it see the window only?
    if (value->element != gguf::ValueType::boolean || value->count != s.layers)
      return file_.invalid(pattern + " is an array, but not of " + std::to_string(s.layers) + " bools, one a layer");
    for (const std::byte b : value->bytes) local_layers_.push_back(b == std::byte{1});
    return Unit{};
  }

  [[nodiscard]] Status read_embeddings() {
    EncoderShape& s = shape();
    const gguf::Tensor* tensor = nullptr;
    NANO_TRY(t_.find_matrix("token_embd.weight", s.embedding, 0, tensor));
    encoder_.token_rows_ = Tensors::weights_of(*tensor);
    if (encoder_.token_rows_.n > uint64_t{0x7FFFFFFF})
      return file_.unsupported("token_embd.weight has too many rows");
    s.vocabulary = static_cast<uint32_t>(encoder_.token_rows_.n);
    if (kind().positions) {
      NANO_TRY(t_.find_matrix("position_embd.weight", s.embedding, s.context, tensor));
      encoder_.position_rows_ = Tensors::weights_of(*tensor);
    }
    const bool types = kind().positions && t_.has("token_types.weight");
    if (types) {
      NANO_TRY(t_.find_matrix("token_types.weight", s.embedding, 0, tensor));
      if (tensor->rows() > kMaxTokenTypes)
        return file_.unsupported("token_types.weight has more than " + std::to_string(kMaxTokenTypes) +
                                 " rows");
      s.token_types = static_cast<uint32_t>(tensor->rows());
    }
    if (kind().table_only) return Unit{};
    const std::size_t rows = std::max<std::size_t>(s.token_types, 1), width = s.embedding;
    encoder_.type_rows_ = t_.image().place<float>(rows * width, [&](std::span<float> to) {
      for (std::size_t r = 0; types && r < rows; ++r)
        read_row(Tensors::weights_of(*tensor), r, to.subspan(r * width, width));
    });
    NANO_TRY(t_.read_norm("token_embd_norm", s.embedding, kind().norm_bias, encoder_.embedding_norm_));
    if (s.embedding == s.hidden) return Unit{};
    return t_.read_linear("token_embd_project", s.embedding, s.hidden, encoder_.project_);
  }

  // q, k and v: one packed matrix, head by head, where all can be packed.
  [[nodiscard]] Status read_qkv(const std::string& blk, EncoderLayer& layer) {
    const std::size_t h = shape().hidden, heads = shape().heads, width = h / heads;
    const gguf::Tensor* weight[3] = {};
    const gguf::Tensor* bias[3] = {};
    std::size_t first[3] = {};
    const bool one = t_.has(blk + "attn_qkv.weight");
    const std::string names[] = {blk + "attn_q", blk + "attn_k", blk + "attn_v"};
    for (std::size_t i = 0; i < 3; ++i) {
      NANO_TRY(one ? t_.find_linear(blk + "attn_qkv", h, 3 * h, weight[i], bias[i])
                   : t_.find_linear(names[i], h, h, weight[i], bias[i]));
      first[i] = one ? i * h : 0;
    }
    const bool all = std::all_of(weight, weight + 3,
                                 [&](const gguf::Tensor* w) { return packed::packable(w->type->type, h); });
    if (!all && one) {
      t_.keep_floats(*weight[0], bias[0], layer.qkv);
      return Unit{};
    }
    if (!all) {
      NANO_TRY(t_.read_linear(names[0], h, h, layer.q));
      NANO_TRY(t_.read_linear(names[1], h, h, layer.k));
      return t_.read_linear(names[2], h, h, layer.v);
    }
    std::vector<Tensors::Part> parts;
    for (std::size_t head = 0; head < heads; ++head) {
      for (std::size_t i = 0; i < 3; ++i)
        parts.push_back(t_.part_of(*weight[i], bias[i], first[i] + head * width, width));
    }
    t_.pack(parts, layer.qkv);
    return Unit{};
  }

  // The feed-forward's first matrix; gated: two halves, each padded to whole panels.
  [[nodiscard]] Status read_up(const std::string& name, EncoderLayer& layer) {
    const std::size_t h = shape().hidden, f = shape().feed_forward;
    if (!kind().gated) return t_.read_linear(name, h, f, layer.up);
    const gguf::Tensor* weight = nullptr;
    const gguf::Tensor* bias = nullptr;
    NANO_TRY(t_.find_linear(name, h, 2 * f, weight, bias));
    if (packed::packable(weight->type->type, h)) {
      const Tensors::Part halves[] = {t_.part_of(*weight, bias, 0, f), t_.part_of(*weight, bias, f, f)};
      t_.pack(halves, layer.up);
    } else {
      t_.keep_floats(*weight, bias, layer.up);
    }
    return Unit{};
  }

  [[nodiscard]] Status read_layer(uint32_t index, EncoderLayer& layer) {
    const std::string blk = "blk." + std::to_string(index) + ".";
    const uint64_t h = shape().hidden, f = shape().feed_forward;
    const bool near = local_layers_.empty() ? index % shape().global_period != 0 : local_layers_[index];
    layer.local = shape().window != 0 && near;
    NANO_TRY(read_qkv(blk, layer));
    NANO_TRY(t_.read_linear(blk + "attn_output", h, h, layer.out));
    if (!kind().pre_norm) {
      NANO_TRY(t_.read_norm(blk + "attn_output_norm", h, kind().norm_bias, layer.attention));
    } else if (index != 0 || t_.has(blk + "attn_norm.weight")) {
      NANO_TRY(t_.read_norm(blk + "attn_norm", h, kind().norm_bias, layer.attention));
    }
    NANO_TRY(read_up(blk + "ffn_up", layer));
    NANO_TRY(t_.read_linear(blk + "ffn_down", f, h, layer.down));
    return t_.read_norm(blk + (kind().pre_norm ? "ffn_norm" : "layer_output_norm"), h, kind().norm_bias,
                        layer.feed_forward);
  }

  const gguf::File& file_;
  Tensors t_;
  std::vector<bool> local_layers_{};  // empty: a period says it
  Encoder encoder_{};
};

Result<Encoder> Encoder::load(const gguf::File& file, packed::Image& image, std::vector<int>& bits,
                              const Adapter* merge) {
  return EncoderLoader(file, image, bits, merge).load();
}

Result<Encoder> Encoder::load(const gguf::File& file, const Adapter* merge) {
  std::vector<int> bits;
  packed::Image measured;
  NANO_TRY(load(file, measured, bits, merge));
  packed::Image image = packed::Image::to_fill(measured);
  NANO_TRY_ASSIGN(Encoder out, load(file, image, bits, merge));
  out.own_ = std::move(image);
  return out;
}

}  // namespace nano::models
