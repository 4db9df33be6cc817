// runtime_shim/convert/table.cpp: static embeddings: a vector for each token, weighted and shared as newer files say.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "base/text.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/kin.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/quant/blocks.h"

namespace nano::convert {
namespace {

constexpr uint32_t kTableTokens = 512;  ///< of a text; source: model2vec, model.py, StaticModel.encode(max_length=512)

template <class T>
std::vector<float> as_floats(std::span<const std::byte> bytes) {
  std::vector<float> out(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < out.size(); ++i) {
    T v{};
    std::memcpy(&v, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<float>(v);
  }
  return out;
}

// model2vec writes I8 for quantized tables, whose scale the normalisation takes away, and F64 for weights.
Result<std::vector<float>> floats_of(const Folder& folder, const SourceTensor& t) {
  std::vector<float> out;
  if (const quant::TypeInfo* type = float_type(t.dtype)) {
    out.resize(t.bytes.size() / type->bytes);
    quant::dequantize_row(type->type, t.bytes, out);
  } else if (t.dtype == "F64") {
    out = as_floats<double>(t.bytes);
  } else if (t.dtype == "I8") {
    out = as_floats<int8_t>(t.bytes);
  } else {
    return folder.unsupported("tensor '" + gguf::shown(t.name) + "' is of type " + gguf::shown(t.dtype) + ", not F32, F16, BF16, F64 or I8");
  }
  if (!std::all_of(out.begin(), out.end(), [](float v) { return std::isfinite(v); }))
    return folder.invalid("tensor '" + gguf::shown(t.name) + "' has a value that is not finite");
  return out;
}

/// Where a token's vector lies in the table.
Result<std::vector<uint64_t>> mapping_of(const Folder& folder, const SourceTensor& t, uint64_t rows) {
  if (t.shape.size() != 1 || (t.dtype != "I64" && t.dtype != "I32"))
    return folder.unsupported("tensor 'mapping' is not a row of I64 or I32");
  std::vector<uint64_t> out(t.elements());
  for (std::size_t i = 0; i < out.size(); ++i) {
    int64_t v = 0;
    int32_t w = 0;
    if (t.dtype == "I64") std::memcpy(&v, t.bytes.data() + i * sizeof(v), sizeof(v));
    if (t.dtype == "I32") std::memcpy(&w, t.bytes.data() + i * sizeof(w), sizeof(w));
    const int64_t at = t.dtype == "I64" ? v : w;
    if (at < 0 || static_cast<uint64_t>(at) >= rows)
      return folder.invalid("tensor 'mapping' leads token " + std::to_string(i) + " to row " + std::to_string(at) + ", the table has " + std::to_string(rows));
    out[i] = static_cast<uint64_t>(at);
  }
  return out;
}

const SourceTensor* table_tensor(const Folder& folder) {
  const SourceTensor* t = folder.find("embeddings");
  return t != nullptr ? t : folder.find("embedding.weight");
}

std::string kind_of_module(const Json& module) {
  if (!module.is_object() || !module.contains("type") || !module.at("type").is_string()) return {};
  const std::string type = module.at("type").get<std::string>();
  return type.substr(type.rfind('.') + 1);
}

// What follows the table in modules.json.
Status read_rest(const Folder& top, const Json& modules, ModelConfig& config) {
  for (std::size_t i = 1; i < modules.size(); ++i) {
    const std::string kind = kind_of_module(modules[i]);
    if (kind == "Normalize") {
      config.normalize = true;
    } else if (kind == "Dense" && !*config.normalize) {
      NANO_TRY(add_dense_module(top, modules[i].value("path", ""), config));
    } else {
      return top.unsupported("modules.json: a module after StaticEmbedding is of type '" + gguf::shown(kind) + "'",
                             "this build does Dense and, last, Normalize there");
    }
  }
  return Unit{};
}

// model2vec cuts a text at so many characters before it looks at tokens: as many as tokens, times the median length of pieces.
Result<uint32_t> most_characters(const Folder& folder, uint32_t tokens) {
  NANO_TRY_ASSIGN(const Json doc, folder.json("tokenizer.json", kMaxTokenizerBytes));
  std::vector<std::size_t> lengths;
  const auto count = [&](const std::string& piece) {
    std::size_t n = 0;
    for (std::size_t at = 0; at < piece.size(); ++n) (void)decode_utf8(piece, at);
    lengths.push_back(n);
  };
  const Json* vocab = doc.is_object() && doc.contains("model") && doc.at("model").is_object() && doc.at("model").contains("vocab") ? &doc.at("model").at("vocab") : nullptr;
  if (vocab == nullptr) return folder.invalid("tokenizer.json: it has no model with a vocab");
  std::set<std::string> seen;
  const auto put = [&](const std::string& piece) {
    if (seen.insert(piece).second) count(piece);
  };
  if (vocab->is_object())
    for (const auto& [piece, id] : vocab->items()) put(piece);
  if (vocab->is_array())
    for (const Json& entry : *vocab)
      if (entry.is_array() && !entry.empty() && entry[0].is_string()) put(entry[0].get<std::string>());
  if (doc.contains("added_tokens") && doc.at("added_tokens").is_array())
    for (const Json& token : doc.at("added_tokens"))
      if (token.is_object() && token.contains("content") && token.at("content").is_string()) put(token.at("content").get<std::string>());
  if (lengths.empty()) return folder.invalid("tokenizer.json: its vocab is empty");
  std::sort(lengths.begin(), lengths.end());
  const std::size_t n = lengths.size(), median = (lengths[(n - 1) / 2] + lengths[n / 2]) / 2;
  return static_cast<uint32_t>(tokens * std::min<std::size_t>(std::max<std::size_t>(median, 1), 4096));
}

// `max_length` of newer files; null: nothing is cut.
Status read_most_tokens(const Folder& folder, const Json& own, ModelConfig& config) {
  config.context = kTableTokens;
  if (own.contains("max_length")) {
    const Json& most = own.at("max_length");
    if (most.is_null()) {
      config.context = models::kMaxContext;
      return Unit{};
    }
    if (!most.is_number_unsigned() || most.get<uint64_t>() < 2 || most.get<uint64_t>() > models::kMaxContext)
      return folder.unsupported("config.json: max_length is no whole number from 2 to " + std::to_string(models::kMaxContext));
    config.context = static_cast<uint32_t>(most.get<uint64_t>());
  }
  NANO_TRY_ASSIGN(config.max_characters, most_characters(folder, config.context));
  return Unit{};
}

}  // namespace

Result<std::optional<TableFolder>> find_table(const fs::Path& dir) {
  TableFolder out;
  ModelConfig& config = out.config;
  config.family = Family::table;
  config.architecture = "static-embedding";
  config.pooling = "mean";
  config.normalize = false;
  const Folder names = Folder::without_weights(dir);
  Json modules, own;
  if (names.has("modules.json")) {
    NANO_TRY_ASSIGN(modules, names.json("modules.json"));
  }
  if (names.has("config.json")) {
    NANO_TRY_ASSIGN(own, names.json("config.json"));
  }
  const bool model2vec = own.is_object() && own.contains("model_type") && own.at("model_type") == "model2vec";
  const bool module = modules.is_array() && !modules.empty() && kind_of_module(modules[0]) == "StaticEmbedding";
  if (!model2vec && !module) return std::optional<TableFolder>();
  std::string path = module && modules[0].contains("path") && modules[0].at("path").is_string() ? modules[0].at("path").get<std::string>() : "";
  if (path == "." || model2vec) path.clear();
  if (!path.empty() && !fs::is_package_path(path)) return names.invalid("modules.json: the path of StaticEmbedding is '" + gguf::shown(path) + "'");
  NANO_TRY_ASSIGN(Folder folder, path.empty() ? Folder::open(dir) : names.inside(path));
  out.folder = std::make_shared<const Folder>(std::move(folder));
  const SourceTensor* table = table_tensor(*out.folder);
  if (table == nullptr) return out.folder->invalid("there is no tensor 'embeddings' or 'embedding.weight' in it");
  if (table->shape.size() != 2 || table->shape[0] == 0 || table->shape[1] == 0)
    return out.folder->invalid("tensor '" + table->name + "' is no table of vectors");
  if (table->shape[1] > models::kMaxHidden || table->shape[0] > (1u << 24))
    return out.folder->unsupported("tensor '" + table->name + "' is too large");
  config.hidden = config.embedding = static_cast<uint32_t>(table->shape[1]);
  const SourceTensor* mapping = out.folder->find("mapping");
  const uint64_t tokens = mapping != nullptr ? mapping->elements() : table->shape[0];
  if (tokens == 0 || tokens > (1u << 24)) return out.folder->invalid("the table is of " + std::to_string(tokens) + " tokens");
  config.vocabulary = static_cast<uint32_t>(tokens);
  if (model2vec) {
    config.hf_class = "StaticModel";
    config.drop_unknown = true;
    NANO_TRY(read_most_tokens(*out.folder, own, config));
    if (own.contains("normalize") && own.at("normalize").is_boolean()) config.normalize = own.at("normalize").get<bool>();
  } else {
    config.hf_class = "StaticEmbedding";
    config.context = models::kMaxContext;
  }
  if (module) NANO_TRY(read_rest(names, modules, config));
  return std::optional<TableFolder>(std::move(out));
}

Result<TensorMap> map_table(const TableFolder& table, uint64_t pieces) {
  const Folder& folder = *table.folder;
  const SourceTensor& source = *table_tensor(folder);
  const uint64_t tokens = table.config.vocabulary, width = table.config.hidden, rows = std::max(tokens, pieces);
  const SourceTensor* mapping = folder.find("mapping");
  const SourceTensor* weights = folder.find("weights");
  for (const SourceTensor* t : folder.tensors()) {
    if (t != &source && t != mapping && t != weights)
      return folder.unsupported("tensor '" + gguf::shown(t->name) + "' is none that a table of token vectors has");
  }
  TensorMap map;
  Placed& placed = map.tensors.emplace_back();
  placed.name = "token_embd.weight";
  placed.shape = {rows, width};
  NANO_TRY_ASSIGN(auto values, floats_of(folder, source));
  if (mapping == nullptr && weights == nullptr && rows == tokens && float_type(source.dtype) != nullptr) {
    placed.source = &source;
    NANO_TRY(place_dense(table.config, map));
    return map;
  }
  auto out = std::make_shared<std::vector<float>>(rows * width, 0.0f);
  std::vector<uint64_t> row_of;
  if (mapping != nullptr) {
    NANO_TRY_ASSIGN(row_of, mapping_of(folder, *mapping, source.shape[0]));
  }
  std::vector<float> weight;
  if (weights != nullptr) {
    NANO_TRY_ASSIGN(weight, floats_of(folder, *weights));
    if (weights->shape.size() != 1 || weight.size() != tokens)
      return folder.invalid("tensor 'weights' has " + std::to_string(weight.size()) + " values for " + std::to_string(tokens) + " tokens");
  }
  for (uint64_t t = 0; t < tokens; ++t) {
    const float* from = values.data() + (row_of.empty() ? t : row_of[t]) * width;
    const float by = weight.empty() ? 1.0f : weight[t];
    for (uint64_t d = 0; d < width; ++d) (*out)[t * width + d] = from[d] * by;
  }
  placed.values = std::move(out);
  NANO_TRY(place_dense(table.config, map));
  return map;
}

}  // namespace nano::convert
