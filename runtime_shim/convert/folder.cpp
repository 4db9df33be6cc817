// runtime_shim/convert/folder.cpp: see the header.
#include "runtime_shim/convert/folder.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {
namespace {

constexpr std::size_t kMaxShards = 256;
constexpr std::string_view kOne = "model.safetensors", kIndex = "model.safetensors.index.json";
// Weights in formats that are not read here; a pickle can run any code when it is opened. Only transformers' own names are
// such that its from_pretrained reads them.
struct Other {
  std::string_view file;
  bool pickle;  ///< that from_pretrained reads
};
constexpr Other kOthers[] = {{"pytorch_model.bin", true},   {"pytorch_model.bin.index.json", true},
                             {"model.pt", false},           {"tf_model.h5", false},
                             {"flax_model.msgpack", false}, {"model.onnx", false},
                             {"rust_model.ot", false},      {"openvino_model.bin", false},
                             {"onnx/model.onnx", false},    {"model_optimized.onnx", false}};

}  // namespace

bool Folder::has(std::string_view file) const {
  if (given_ != nullptr) return given_->contains(std::string(file));
  std::error_code ec;
  return std::filesystem::is_regular_file(dir_ / file, ec);
}

Result<std::string> Folder::text(std::string_view file, uint64_t max_bytes) const {
  if (given_ == nullptr) return fs::read_file(dir_ / file, max_bytes);
  const auto at = given_->find(std::string(file));
  if (at == given_->end()) return make_error(Errc::not_found, "there is no " + gguf::shown(file));
  if (at->second.size() > max_bytes) return invalid(gguf::shown(file) + " is too long");
  return at->second;
}

Result<Safetensors> Folder::open_weight_file(const std::string& file) const {
  if (given_ == nullptr) return Safetensors::open(dir_ / file);
  const auto at = given_->find(file);
  if (at == given_->end()) return make_error(Errc::not_found, "there is no " + gguf::shown(file));
  return Safetensors::parse(std::as_bytes(std::span(at->second)), file);
}

Result<Json> Folder::json(std::string_view file, uint64_t max_bytes) const {
  NANO_TRY_ASSIGN(const std::string bytes, text(file, max_bytes));
  auto doc = parse_json(bytes, {.max_bytes = max_bytes, .max_depth = 64, .allow_floats = true});
  if (!doc) return std::move(doc).error().while_("reading " + gguf::shown((dir_ / file).string()));
  if (!doc->is_object() && !doc->is_array())
    return invalid(std::string(file) + " is neither an object nor an array");
  return doc;
}

Result<Folder> Folder::open(const fs::Path& dir) {
  Folder out;
  out.dir_ = dir;
  std::error_code ec;
  if (!std::filesystem::is_directory(dir, ec))
    return make_error(Errc::not_found, "there is no folder '" + gguf::shown(dir.string()) + "'",
                      "give a model's folder, with config.json and model.safetensors in it");
  NANO_TRY(out.open_weights());
  return out;
}

Result<Folder> Folder::of(std::map<std::string, std::string> files) {
  Folder out;
  out.dir_ = "folder";
  out.given_ = std::make_shared<const std::map<std::string, std::string>>(std::move(files));
  NANO_TRY(out.open_weights());
  return out;
}

Folder Folder::without_weights(const fs::Path& dir) {
  Folder out;
  out.dir_ = dir;
  return out;
}

Result<Folder> Folder::inside(const std::string& path) const {
  if (given_ == nullptr) return open(dir_ / path);
  std::map<std::string, std::string> files;
  for (const auto& [name, bytes] : *given_)
    if (name.starts_with(path + "/")) files.emplace(name.substr(path.size() + 1), bytes);
  return of(std::move(files));
}

Status Folder::open_weights() {
  if (has(kOne)) {
    NANO_TRY_ASSIGN(Safetensors all, open_weight_file(std::string(kOne)));
    shards_.push_back(std::move(all));
    return Unit{};
  }
  if (!has(kIndex)) {
    for (const Other& other : kOthers) {
      if (!has(other.file)) continue;
      return unsupported("its weights are in " + std::string(other.file) + ", which nano does not open", remedy(other.pickle));
    }
    return make_error(Errc::not_found, "'" + gguf::shown(dir_.string()) + "' holds no model.safetensors",
                      "give a model's folder, with config.json and model.safetensors in it");
  }
  NANO_TRY_ASSIGN(const Json index, json(kIndex, kMaxHeaderBytes));
  if (!index.contains("weight_map") || !index.at("weight_map").is_object())
    return invalid(std::string(kIndex) + " has no weight_map");
  std::map<std::string, std::size_t> opened;
  for (const auto& [tensor, file] : index.at("weight_map").items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : std::string();
    if (!fs::is_package_path(name) || name.find('/') != std::string::npos || !name.ends_with(".safetensors"))
      return invalid(std::string(kIndex) + " places tensor '" + gguf::shown(tensor) + "' in '" +
                     gguf::shown(name) + "', which is no name of a .safetensors file beside it");
    const auto [at, fresh] = opened.try_emplace(name, shards_.size());
    if (fresh) {
      if (opened.size() > kMaxShards)
        return unsupported("more than " + std::to_string(kMaxShards) + " shards");
      NANO_TRY_ASSIGN(Safetensors shard, open_weight_file(name));
      shards_.push_back(std::move(shard));
    }
    if (shards_[at->second].find(tensor) == nullptr)
      return invalid("tensor '" + gguf::shown(tensor) + "' is not in " + name + ", where " +
                     std::string(kIndex) + " places it");
  }
  if (shards_.empty()) return invalid(std::string(kIndex) + " names no tensor");
  std::map<std::string_view, int> seen;
  for (const SourceTensor* t : tensors())
    if (++seen[t->name] > 1) return invalid("tensor '" + gguf::shown(t->name) + "' lies in two shards");
  return Unit{};
}

// The class that config.json names keeps a head, where AutoModel drops it. The weights are written beside the other files.
std::string Folder::remedy(bool pickle) const {
  if (!pickle) return "no command of nano reads it: ask for the same model as safetensors, or convert the weights it was made from";
  std::string name = "AutoModel";
  if (const auto config = json("config.json"); config && config->is_object()) {
    const auto at = config->find("architectures");
    const bool named = at != config->end() && at->is_array() && !at->empty() && at->at(0).is_string();
    const std::string own = named ? at->at(0).get<std::string>() : std::string();
    const bool word = !own.empty() && std::all_of(own.begin(), own.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    if (word && own.size() <= 80) name = own;
  }
  return "write them as safetensors where you trust their origin: in Python, from transformers import " + name + "; " + name +
         ".from_pretrained(DIR).save_pretrained(DIR, safe_serialization=True)";
}

const SourceTensor* Folder::find(std::string_view tensor) const {
  for (const Safetensors& shard : shards_)
    if (const SourceTensor* t = shard.find(tensor)) return t;
  return nullptr;
}

std::vector<const SourceTensor*> Folder::tensors() const {
  std::vector<const SourceTensor*> out;
  for (const Safetensors& shard : shards_)
    for (const SourceTensor& t : shard.tensors()) out.push_back(&t);
  return out;
}

Error Folder::invalid(std::string message) const {
  return make_error(Errc::invalid, gguf::shown(dir_.string()) + ": " + std::move(message));
}
Error Folder::unsupported(std::string message, std::string hint) const {
  return make_error(Errc::unsupported, gguf::shown(dir_.string()) + ": " + std::move(message),
                    std::move(hint));
}

}  // namespace nano::convert
