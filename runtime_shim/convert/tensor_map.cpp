// runtime_shim/convert/tensor_map.cpp: the names, family by family. source: llama.cpp gguf-py/gguf/tensor_mapping.py, and
// the module names of transformers, models/*/modeling_*.py.
#include "runtime_shim/convert/tensor_map.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/kin.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/quant/blocks.h"

namespace nano::convert {
namespace {

struct Names {
  std::string_view prefix;  ///< of the trunk, where a head stands beside it
  std::string_view embeddings_norm;
  std::string_view layer;                                        ///< before the layer's number
  std::string_view q, k, v, out, out_norm, up, down, down_norm;  ///< empty: none
};

constexpr Names kBert = {"bert.",
                         "embeddings.LayerNorm",
                         "encoder.layer.",
                         "attention.self.query",
                         "attention.self.key",
                         "attention.self.value",
                         "attention.output.dense",
                         "attention.output.LayerNorm",
                         "intermediate.dense",
                         "output.dense",
                         "output.LayerNorm"};
constexpr Names kDistil = {"distilbert.",       "embeddings.LayerNorm", "transformer.layer.",
                           "attention.q_lin",   "attention.k_lin",      "attention.v_lin",
                           "attention.out_lin", "sa_layer_norm",        "ffn.lin1",
                           "ffn.lin2",          "output_layer_norm"};

// Left out: what pre-training needed.
constexpr std::string_view kUnused[] = {"cls.predictions.",  "cls.seq_relationship.",  "vocab_transform.",
                                        "vocab_layer_norm.", "vocab_projector.",       "lm_head.",
                                        "decoder.",
                                        "discriminator_predictions.", "generator_predictions.", "generator_lm_head."};

class Mapper {
 public:
  Mapper(const Folder& folder, const ModelConfig& config) : folder_(folder), c_(config) {}

  [[nodiscard]] Result<TensorMap> map() {
    if (c_.family == Family::modernbert) {
      NANO_TRY(modern());
    } else {
      NANO_TRY(bert());
    }
    NANO_TRY(head());
    for (const SourceTensor* t : folder_.tensors()) {
      if (used_.contains(t)) continue;
      NANO_TRY_ASSIGN(const bool buffer, is_buffer(*t));
      if (!buffer && !may_be_left_out(t->name))
        return folder_.unsupported(
            "tensor '" + gguf::shown(t->name) + "' is none that a " + c_.hf_class + " has",
            "the folder holds another model than its config.json says");
      out_.left_out.push_back(t->name);
    }
    return std::move(out_);
  }

 private:
  // Legacy checkpoints call a norm's weight gamma and its bias beta.
  [[nodiscard]] const SourceTensor* find(const std::string& name) const {
    if (const SourceTensor* t = folder_.find(name)) return t;
    if (name.ends_with("LayerNorm.weight")) return folder_.find(name.substr(0, name.size() - 6) + "gamma");
    if (name.ends_with("LayerNorm.bias")) return folder_.find(name.substr(0, name.size() - 4) + "beta");
    return nullptr;
  }

  static std::string text_of(const std::vector<uint64_t>& shape) {
    std::string out = "[";
    for (const uint64_t d : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(d);
    return out + "]";
  }

  /// `rows` of the table are kept, from `first` on; the source has `shape`.
  [[nodiscard]] Status place(std::string name, const std::string& from, std::vector<uint64_t> shape,
                             uint64_t first = 0, uint64_t rows = 0) {
    const SourceTensor* source = find(from);
    if (source == nullptr)
      return folder_.invalid("tensor '" + gguf::shown(from) + "' is missing: a " + c_.hf_class + " has it");
    const std::string who = "tensor '" + gguf::shown(source->name) + "'";
    if (source->shape != shape)
      return folder_.invalid(who + " has shape " + text_of(source->shape) + "; config.json asks for " +
                             text_of(shape));
    const quant::TypeInfo* type = float_type(source->dtype);
    if (type == nullptr)
      return folder_.unsupported(who + " is of type " + gguf::shown(source->dtype) +
                                 ", not F32, F16 or BF16");
    const int64_t bad = quant::first_non_finite(type->type, source->bytes);
    if (bad >= 0)
      return folder_.invalid(who + " has a value that is not finite, element " + std::to_string(bad));
    used_.insert(source);
    if (rows != 0) shape[0] = rows;
    out_.tensors.push_back({std::move(name), source, std::move(shape), first});
    return Unit{};
  }
  [[nodiscard]] Status linear(const std::string& name, const std::string& from, uint64_t n, uint64_t k,
                              bool bias = true) {
    NANO_TRY(place(name + ".weight", from + ".weight", {n, k}));
    return bias ? place(name + ".bias", from + ".bias", {n}) : Status(Unit{});
  }
  [[nodiscard]] Status norm(const std::string& name, const std::string& from, bool bias = true, uint64_t width = 0) {
    const uint64_t n = width != 0 ? width : c_.hidden;
    NANO_TRY(place(name + ".weight", from + ".weight", {n}));
    return bias ? place(name + ".bias", from + ".bias", {n}) : Status(Unit{});
  }
  // Checked as every tensor is, then made part of the token types.
  [[nodiscard]] Status task_types(const std::string& from) {
    NANO_TRY(place("task_types", from, {c_.task_types, c_.embedding}));
    const SourceTensor& tasks = *out_.tensors.back().source;
    out_.tensors.pop_back();
    return add_task_type(folder_, c_, tasks, out_);
  }

  [[nodiscard]] Status bert() {
    const bool distil = c_.family == Family::distilbert;
    const Names& n = distil ? kDistil : kBert;
    const std::string& own = c_.tensor_prefix;
    const bool prefixed = folder_.find(own + "embeddings.word_embeddings.weight") != nullptr;
    prefix_ = prefixed ? own : "";
    const std::string e = prefix_ + "embeddings.";
    const uint64_t h = c_.hidden, w = c_.embedding;
    NANO_TRY(place("token_embd.weight", e + "word_embeddings.weight", {c_.vocabulary, w}));
    NANO_TRY(place("position_embd.weight", e + "position_embeddings.weight", {c_.position_rows, w},
                   c_.first_position, c_.context));
    if (c_.token_types != 0)
      NANO_TRY(place("token_types.weight", e + "token_type_embeddings.weight", {c_.token_types, w}));
    if (c_.task_types != 0) NANO_TRY(task_types(e + "task_type_embeddings.weight"));
    NANO_TRY(norm("token_embd_norm", prefix_ + std::string(n.embeddings_norm), true, w));
    if (w != h) NANO_TRY(linear("token_embd_project", prefix_ + "embeddings_project", h, w));
    for (uint32_t i = 0; i < c_.layers; ++i) {
      const std::string to = "blk." + std::to_string(i) + ".";
      const std::string from = prefix_ + std::string(n.layer) + std::to_string(i) + ".";
      NANO_TRY(linear(to + "attn_q", from + std::string(n.q), h, h));
      NANO_TRY(linear(to + "attn_k", from + std::string(n.k), h, h));
      NANO_TRY(linear(to + "attn_v", from + std::string(n.v), h, h));
      NANO_TRY(linear(to + "attn_output", from + std::string(n.out), h, h));
      NANO_TRY(norm(to + "attn_output_norm", from + std::string(n.out_norm)));
      NANO_TRY(linear(to + "ffn_up", from + std::string(n.up), c_.inner, h));
      NANO_TRY(linear(to + "ffn_down", from + std::string(n.down), h, c_.inner));
      NANO_TRY(norm(to + "layer_output_norm", from + std::string(n.down_norm)));
    }
    return Unit{};
  }

  [[nodiscard]] Status modern() {
    prefix_ = folder_.find("model.embeddings.tok_embeddings.weight") != nullptr ? "model." : "";
    const uint64_t h = c_.hidden;
    NANO_TRY(place("token_embd.weight", prefix_ + "embeddings.tok_embeddings.weight", {c_.vocabulary, h}));
    NANO_TRY(norm("token_embd_norm", prefix_ + "embeddings.norm", c_.norm_bias));
    for (uint32_t i = 0; i < c_.layers; ++i) {
      const std::string to = "blk." + std::to_string(i) + ".",
                        from = prefix_ + "layers." + std::to_string(i) + ".";
      // The first has no norm. A bias that the configuration does not know of would be left out by transformers.
      if (i != 0) NANO_TRY(norm(to + "attn_norm", from + "attn_norm", c_.norm_bias));
      NANO_TRY(linear(to + "attn_qkv", from + "attn.Wqkv", 3 * h, h, c_.attention_bias));
      NANO_TRY(linear(to + "attn_output", from + "attn.Wo", h, h, c_.attention_bias));
      NANO_TRY(norm(to + "ffn_norm", from + "mlp_norm", c_.norm_bias));
      NANO_TRY(linear(to + "ffn_up", from + "mlp.Wi", 2 * uint64_t{c_.inner}, h, c_.mlp_bias));
      NANO_TRY(linear(to + "ffn_down", from + "mlp.Wo", h, c_.inner, c_.mlp_bias));
    }
    return norm("output_norm", prefix_ + "final_norm", c_.norm_bias);
  }

  [[nodiscard]] Status head() {
    if (c_.task == Task::embed) return Unit{};
    const uint64_t h = c_.hidden;
    if (c_.family == Family::modernbert) {
      NANO_TRY(linear("cls", "head.dense", h, h, c_.classifier_bias));
      NANO_TRY(norm("cls.norm", "head.norm", c_.norm_bias));
    } else if (c_.task == Task::classify) {
      if (c_.family == Family::bert) NANO_TRY(linear("cls", prefix_ + "pooler.dense", h, h));
      if (c_.family == Family::distilbert) NANO_TRY(linear("cls", "pre_classifier", h, h));
      if (two_layers()) NANO_TRY(linear("cls", "classifier.dense", h, h));
    }
    if (c_.task == Task::find && c_.family != Family::modernbert) return linear("cls.output", "qa_outputs", c_.outputs, h);
    const bool projected = two_layers() && c_.task == Task::classify;
    return linear("cls.output", projected ? "classifier.out_proj" : "classifier", c_.outputs, h);
  }

  // RoBERTa and ELECTRA classify by a dense layer of the head's own, not by a pooler.
  [[nodiscard]] bool two_layers() const { return c_.family == Family::roberta || c_.family == Family::electra; }

  // Tables that transformers 4 kept: positions 0, 1, 2, … (RoBERTa's too), and token types 0, 0, …
  [[nodiscard]] Result<bool> is_buffer(const SourceTensor& t) const {
    const std::string_view name = t.name;
    const bool positions = name.ends_with("embeddings.position_ids"), types = name.ends_with("embeddings.token_type_ids");
    if (!positions && !types) return false;
    if (t.dtype != "I64") return t.dtype != "F32" && t.dtype != "F16" && t.dtype != "BF16";
    for (std::size_t i = 0; i < t.bytes.size() / 8; ++i) {
      int64_t v = 0;
      std::memcpy(&v, t.bytes.data() + 8 * i, 8);
      if (v == (positions ? static_cast<int64_t>(i) : 0)) continue;
      return folder_.unsupported("tensor '" + gguf::shown(name) + "' has " + std::to_string(v) + " as element " + std::to_string(i),
                                 positions ? "this build counts positions 0, 1, 2, …" : "this build gives a single text the type 0");
    }
    return true;
  }

  [[nodiscard]] bool may_be_left_out(std::string_view name) const {
    if (name.starts_with(prefix_)) {
      const std::string_view own = name.substr(prefix_.size());
      // ERNIE's task types where config.json does not use them; the pooler of a model that tags or embeds.
      if (own == "embeddings.task_type_embeddings.weight" && c_.task_types == 0) return true;
      if (own == "pooler.dense.weight" || own == "pooler.dense.bias") return true;
    }
    // The masked-language head of ModernBERT has the names of a classifier's first layer.
    if (c_.task == Task::embed && name.starts_with("head.")) return true;
    return std::any_of(std::begin(kUnused), std::end(kUnused),
                       [&](std::string_view part) { return name.starts_with(part); });
  }

  const Folder& folder_;
  const ModelConfig& c_;
  std::string prefix_{};
  std::set<const SourceTensor*> used_{};
  TensorMap out_{};
};

}  // namespace

Result<TensorMap> map_tensors(const Folder& folder, const ModelConfig& config) {
  return Mapper(folder, config).map();
}

}  // namespace nano::convert
