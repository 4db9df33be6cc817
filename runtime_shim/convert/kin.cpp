// runtime_shim/convert/kin.cpp: what is not done yet, dense layers, task types. (Tables: table.cpp.)
#include "runtime_shim/convert/kin.h"

#include <algorithm>

#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/quant/blocks.h"

namespace nano::convert {
namespace {

struct Needed {
  std::string_view model_type, what;
};
// source: transformers, models/*/modeling_*.py
constexpr Needed kNeeded[] = {
    {"deberta", "attention by content and relative position (c2p, p2c) with a shared query, key and value matrix"},
    {"deberta-v2", "attention by content and relative position (c2p, p2c) in buckets that grow by the logarithm"},
    {"mpnet", "a bias by relative position in buckets, shared by all layers"},
    {"nomic_bert", "rotary positions after norms that follow each half, a gated feed-forward with SiLU, and no biases"},
    {"albert", "one layer's weights used by all layers, a matrix from the embeddings to the layers, and GELU's tanh form"},
    {"new", "rotary positions with a gated feed-forward and norms after each half"},
    {"xlnet", "attention by relative position with two streams"},
    {"funnel", "pooling between blocks of layers"},
    {"longformer", "windows of attention with global tokens and their own matrices"},
    {"big_bird", "sparse attention in blocks"},
    {"convbert", "convolutions mixed into attention"},
    {"mobilebert", "bottlenecks and stacked feed-forwards in each layer"},
    {"squeezebert", "grouped convolutions in place of matrices"},
    {"roformer", "rotary positions after norms that follow each half"},
    {"ernie_m", "norms and positions of its own"},
    {"t5", "a bias by relative position, and norms without a mean"},
};

struct TorchActivation {
  std::string_view torch, nano;
};
constexpr TorchActivation kTorchActivations[] = {{"Tanh", "tanh"}, {"Identity", "none"}, {"ReLU", "relu"}, {"GELU", "gelu"}};

std::string words_of_shape(const std::vector<uint64_t>& shape) {
  std::string out = "[";
  for (const uint64_t d : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(d);
  return out + "]";
}

}  // namespace

std::optional<std::string> what_is_needed(std::string_view model_type) {
  for (const Needed& n : kNeeded)
    if (n.model_type == model_type) return std::string(n.what);
  return std::nullopt;
}

Status add_dense_module(const Folder& folder, const std::string& path, ModelConfig& config) {
  if (!fs::is_package_path(path)) return folder.invalid("modules.json: the path of Dense is '" + gguf::shown(path) + "'");
  const std::string file = path + "/config.json";
  NANO_TRY_ASSIGN(const Json doc, folder.json(file));
  if (!doc.is_object()) return folder.invalid(file + " is not an object");
  DenseLayer layer;
  for (const auto& [key, out] : {std::pair<const char*, uint64_t*>{"in_features", &layer.in}, {"out_features", &layer.out}}) {
    if (!doc.contains(key) || !doc.at(key).is_number_unsigned() || doc.at(key).get<uint64_t>() == 0 || doc.at(key).get<uint64_t>() > (1u << 24))
      return folder.invalid(file + ": " + key + " is no whole number of a possible size");
    *out = doc.at(key).get<uint64_t>();
  }
  const uint64_t before = config.dense.empty() ? config.hidden : config.dense.back().out;
  if (layer.in != before)
    return folder.invalid(file + ": in_features is " + std::to_string(layer.in) + "; what comes before it gives " + std::to_string(before));
  if (doc.contains("bias") && !doc.at("bias").is_boolean()) return folder.invalid(file + ": bias is neither true nor false");
  layer.bias = doc.value("bias", true);
  for (const char* key : {"module_input_name", "module_output_name"}) {
    if (!doc.contains(key) || doc.at(key).is_null() || doc.at(key) == "sentence_embedding") continue;
    return folder.unsupported(file + ": " + key + " is not sentence_embedding", "this build puts Dense after pooling only");
  }
  std::string full = "torch.nn.modules.activation.Tanh";  // the default of sentence-transformers' Dense
  if (doc.contains("activation_function") && doc.at("activation_function").is_string()) full = doc.at("activation_function").get<std::string>();
  const std::string name = full.substr(full.rfind('.') + 1);
  for (const TorchActivation& a : kTorchActivations)
    if (a.torch == name) layer.activation = a.nano;
  if (layer.activation.empty())
    return folder.unsupported(file + ": activation_function is '" + gguf::shown(full) + "'", "this build does Tanh, ReLU, GELU and Identity");
  NANO_TRY_ASSIGN(Folder inside, folder.inside(path));
  layer.folder = std::make_shared<const Folder>(std::move(inside));
  config.dense.push_back(std::move(layer));
  return Unit{};
}

Status place_dense(const ModelConfig& config, TensorMap& map) {
  for (std::size_t i = 0; i < config.dense.size(); ++i) {
    const DenseLayer& layer = config.dense[i];
    for (const bool bias : {false, true}) {
      if (bias && !layer.bias) continue;
      const std::string from = bias ? "linear.bias" : "linear.weight", to = "dense." + std::to_string(i) + (bias ? ".bias" : ".weight");
      const std::vector<uint64_t> shape = bias ? std::vector<uint64_t>{layer.out} : std::vector<uint64_t>{layer.out, layer.in};
      const SourceTensor* source = layer.folder->find(from);
      if (source == nullptr) return layer.folder->invalid("tensor '" + from + "' is missing");
      if (source->shape != shape)
        return layer.folder->invalid("tensor '" + from + "' has shape " + words_of_shape(source->shape) + "; its config.json asks for " + words_of_shape(shape));
      const quant::TypeInfo* type = float_type(source->dtype);
      if (type == nullptr) return layer.folder->unsupported("tensor '" + from + "' is of type " + gguf::shown(source->dtype) + ", not F32, F16 or BF16");
      if (quant::first_non_finite(type->type, source->bytes) >= 0)
        return layer.folder->invalid("tensor '" + from + "' has a value that is not finite");
      map.tensors.push_back({.name = to, .source = source, .shape = shape});
    }
    for (const SourceTensor* t : layer.folder->tensors()) {
      if (t->name != "linear.weight" && !(layer.bias && t->name == "linear.bias"))
        return layer.folder->unsupported("tensor '" + gguf::shown(t->name) + "' is none that a Dense has");
    }
  }
  return Unit{};
}

Status add_task_type(const Folder& folder, const ModelConfig& config, const SourceTensor& tasks, TensorMap& map) {
  const auto types = std::find_if(map.tensors.begin(), map.tensors.end(), [](const Placed& p) { return p.name == "token_types.weight"; });
  if (types == map.tensors.end() || types->source == nullptr)
    return folder.unsupported("config.json: use_task_id is true", "this build adds task types to token types, and there are none");
  const std::size_t h = config.embedding, rows = config.token_types;
  const quant::TypeInfo& type = *float_type(types->source->dtype);
  const quant::TypeInfo& task_type = *float_type(tasks.dtype);
  auto values = std::make_shared<std::vector<float>>(rows * h);
  std::vector<float> first(h);
  quant::dequantize_row(type.type, types->source->bytes.first(rows * h * type.bytes), *values);
  quant::dequantize_row(task_type.type, tasks.bytes.first(h * task_type.bytes), first);
  for (std::size_t i = 0; i < values->size(); ++i) (*values)[i] += first[i % h];
  types->values = std::move(values);
  return Unit{};
}

}  // namespace nano::convert
