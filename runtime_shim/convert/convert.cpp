// runtime_shim/convert/convert.cpp: configuration, tensors, vocabulary; then one file, looked at again before it counts.
#include "runtime_shim/convert/convert.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "runtime_shim/convert/config.h"
#include "runtime_shim/convert/folder.h"
#include "runtime_shim/convert/kin.h"
#include "runtime_shim/convert/tensor_map.h"
#include "runtime_shim/convert/vocabulary_files.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::convert {
namespace {

const char* task_name(Task task) {
  switch (task) {
    case Task::classify: return "text-classification";
    case Task::tag: return "token-classification";
    case Task::find: return "question-answering";
    case Task::embed: break;
  }
  return "feature-extraction";
}

// source: llama.cpp include/llama.h, enum llama_pooling_type
uint32_t pooling_number(const ModelConfig& c) {
  if (c.task == Task::classify) return 4;
  return c.pooling == "mean" ? 1 : c.pooling == "cls" ? 2 : c.pooling == "last" ? 3 : 0;
}

// What becomes of hidden states.
void write_answers(const ModelConfig& c, const std::string& p, gguf::Builder& b) {
  if (!c.labels.empty()) b.set_string_array(p + "classifier.output_labels", c.labels);
  b.set_string("nano.task", task_name(c.task));
  if (c.multi_label) b.set_string("nano.classifier.problem", "multi_label");
  if (c.regression) b.set_string("nano.classifier.problem", "regression");
  if (c.family == Family::distilbert && c.task == Task::classify)
    b.set_string("nano.classifier.activation", "relu");
  if (c.family == Family::electra && c.task == Task::classify)
    b.set_string("nano.classifier.activation", "gelu");
  if (!c.pooling.empty()) b.set_string("nano.pooling", c.pooling);
  if (c.normalize) b.set_bool("nano.normalize", *c.normalize);
  if (!c.dense.empty()) {
    std::vector<std::string> words;
    for (const DenseLayer& d : c.dense) words.push_back(d.activation);
    b.set_string_array("nano.dense.activations", words);
  }
  if (c.family != Family::table) return;
  b.set_bool("nano.static.drop_unknown", c.drop_unknown);
  if (c.max_characters != 0) b.set_u32("nano.static.max_characters", c.max_characters);
}

// The type of most of the weights' bytes.
quant::Type main_type(const TensorMap& map) {
  std::map<quant::Type, uint64_t> bytes;
  for (const Placed& p : map.tensors) {
    if (p.shape.size() < 2) continue;
    if (p.values != nullptr) {
      bytes[quant::Type::f32] += p.values->size() * sizeof(float);
    } else {
      bytes[float_type(p.source->dtype)->type] += p.source->bytes.size();
    }
  }
  const auto most = std::max_element(bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == bytes.end() ? quant::Type::f32 : most->first;
}

void write_config(const ModelConfig& c, const std::string& name, quant::Type type, gguf::Builder& b) {
  const std::string p = c.architecture + ".";
  b.set_string("general.architecture", c.architecture);
  b.set_string("general.name", name);
  b.set_u32("general.file_type", static_cast<uint32_t>(quant::info(type).file_type));
  b.set_u32(p + "context_length", c.context);
  b.set_u32(p + "embedding_length", c.hidden);
  if (c.family == Family::table) return write_answers(c, p, b);
  if (c.embedding != c.hidden) b.set_u32("nano.embedding_width", c.embedding);
  b.set_u32(p + "block_count", c.layers);
  b.set_u32(p + "feed_forward_length", c.inner);
  b.set_u32(p + "attention.head_count", c.heads);
  b.set_f32(p + "attention.layer_norm_epsilon", c.epsilon);
  b.set_bool(p + "attention.causal", false);
  b.set_u32(p + "pooling_type", pooling_number(c));
  if (c.family == Family::modernbert) {
    b.set_u32(p + "vocab_size", c.vocabulary);
    b.set_u32(p + "attention.sliding_window", c.window);
    if (c.local.empty()) {
      b.set_u32(p + "attention.sliding_window_pattern", c.global_period);
    } else {
      b.set_bool_array(p + "attention.sliding_window_pattern", c.local);
    }
    b.set_f32(p + "rope.freq_base", c.rope_global);
    b.set_f32(p + "rope.freq_base_swa", c.rope_local);
    b.set_string(p + "rope.scaling.type", "none");
    b.set_string(p + "hidden_activation", "gelu");
  }
  write_answers(c, p, b);
}

/// The bytes of one tensor: as they are, or a vector as f32.
Result<std::vector<std::byte>> bytes_of(const Placed& p, const quant::TypeInfo& from, quant::Type to) {
  if (p.values != nullptr) {
    const auto made = std::as_bytes(std::span<const float>(*p.values));
    return std::vector<std::byte>(made.begin(), made.end());
  }
  const uint64_t row = p.shape.empty() ? 1 : p.source->elements() / p.source->shape[0];
  uint64_t elements = 1;
  for (const uint64_t d : p.shape) elements *= d;
  const auto bytes = p.source->bytes.subspan(static_cast<std::size_t>(p.first_row * row * from.bytes),
                                             static_cast<std::size_t>(elements * from.bytes));
  if (to == from.type) return std::vector<std::byte>(bytes.begin(), bytes.end());
  std::vector<float> values(static_cast<std::size_t>(elements));
  quant::dequantize_row(from.type, bytes, values);
  const auto raw = std::as_bytes(std::span<const float>(values));
  return std::vector<std::byte>(raw.begin(), raw.end());
}

Status check_loads(const fs::Path& path) {
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(path));
  NANO_TRY(models::Encoder::load(file));
  packed::Image measured;
  NANO_TRY(tokenizer::Tokenizer::load_any(file, measured));
  packed::Image image = packed::Image::to_fill(measured);
  NANO_TRY(tokenizer::Tokenizer::load_any(file, image));
  return Unit{};
}

}  // namespace

Result<ConvertReport> convert(const fs::Path& dir, const fs::Path& out, bool replace) {
  NANO_TRY(fs::check_output(out, replace));
  NANO_TRY_ASSIGN(const auto table, find_table(dir));
  ModelConfig config;
  std::shared_ptr<const Folder> folder;
  if (table) {
    folder = table->folder;
    config = table->config;
  } else {
    NANO_TRY_ASSIGN(Folder opened, Folder::open(dir));
    folder = std::make_shared<const Folder>(std::move(opened));
    NANO_TRY_ASSIGN(config, read_config(*folder));
  }
  TensorMap map;
  if (!table) {
    NANO_TRY_ASSIGN(map, map_tensors(*folder, config));
    NANO_TRY(place_dense(config, map));
  }
  NANO_TRY_ASSIGN(VocabularyFiles vocabulary, read_vocabulary(*folder, config));
  if (table) {
    add_frame(vocabulary);
    NANO_TRY_ASSIGN(map, map_table(*table, vocabulary.pieces.size()));
  }

  const fs::Path plain = (std::filesystem::absolute(dir) / "").lexically_normal().parent_path();
  gguf::Builder builder;
  write_config(config, plain.filename().string(), main_type(map), builder);
  write_vocabulary(vocabulary, config, builder);
  ConvertReport report{.hf_class = config.hf_class,
                       .architecture = config.architecture,
                       .task = task_name(config.task),
                       .tokenizer = vocabulary.model,
                       .vocabulary = static_cast<uint32_t>(vocabulary.pieces.size()),
                       .context = config.context,
                       .labels = config.labels,
                       .tensors = map.tensors.size(),
                       .parameters = 0,
                       .out_bytes = 0,
                       .left_out = std::move(map.left_out),
                       .notes = config.notes};
  for (const Placed& p : map.tensors) {
    const quant::TypeInfo& from = p.values != nullptr ? quant::info(quant::Type::f32) : *float_type(p.source->dtype);
    const quant::Type to = p.shape.size() < 2 ? quant::Type::f32 : from.type;
    const std::vector<uint64_t> dims(p.shape.rbegin(), p.shape.rend());
    uint64_t elements = 1;
    for (const uint64_t d : dims) elements *= d;
    report.parameters += elements;
    NANO_TRY(builder.add_tensor(p.name, to, dims, [&p, &from, to] { return bytes_of(p, from, to); }));
  }
  NANO_TRY_ASSIGN(fs::Output file, fs::Output::open(out, {.replace = replace, .staged = true}));
  NANO_TRY(builder.write_to(file.writer()));
  if (Status whole = check_loads(file.temporary()); !whole) return std::move(whole).error().while_("loading what was converted");
  NANO_TRY(file.commit());
  report.out_bytes = file.size();
  return report;
}

}  // namespace nano::convert
