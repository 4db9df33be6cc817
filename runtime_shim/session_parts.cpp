// runtime_shim/session_parts.cpp: heads and adapters that are opened with a base, or later.
#include "runtime_shim/session_parts.h"

#include <filesystem>
#include <set>

#include "base/fs_look.h"
#include "base/text.h"
#include "runtime_shim/models/gguf_keys.h"
#include "runtime_shim/session.h"
#include "schemas/word.h"

namespace nano {
namespace {

// Scores are asked for by label: of equal labels the second is called "x (2)". (A tagger's may be equal: spans are joined by
// them.)
void tell_apart(std::vector<std::string>& labels) {
  std::set<std::string> taken(labels.begin(), labels.end()), seen;
  for (std::string& label : labels) {
    if (seen.insert(label).second) continue;
    std::string name;
    for (std::size_t n = 2; name.empty() || taken.contains(name); ++n) name = label + " (" + std::to_string(n) + ")";
    taken.insert(name);
    seen.insert(name);
    label = std::move(name);
  }
}

Result<std::vector<std::string>> labels_of(const gguf::File& file, const models::Head& head,
                                           const std::vector<std::string>& of_manifest) {
  if (head.task() == models::HeadTask::embed || head.task() == models::HeadTask::find) return std::vector<std::string>();
  std::vector<std::string> labels = of_manifest.empty() ? head.labels() : of_manifest;
  if (labels.empty()) {
    for (std::size_t i = 0; i < head.outputs(); ++i) labels.push_back("LABEL_" + std::to_string(i));
  }
  if (labels.size() != head.outputs()) {
    return file.invalid("the classifier has " + std::to_string(head.outputs()) + " outputs, but there are " +
                        std::to_string(labels.size()) + " labels");
  }
  if (head.task() == models::HeadTask::classify) tell_apart(labels);
  return labels;
}

std::string name_of(const Located& located) {
  return located.name.empty() ? located.weights.stem().string() : located.name;
}

Error left_locked() {
  return make_error(Errc::unsupported, "another thread was changing the adapters when this process was forked",
                    "open the model in the child");
}

Result<std::string_view> type_of(const gguf::File& file) {
  return file.get_string_or("general.type", "model");
}

}  // namespace

std::vector<std::string> split_parts(std::string_view text) {
  if (text.find('+') == std::string_view::npos) return {std::string(text)};
  // A path may hold a '+'. What cannot be looked at is taken for one name, so that the error names it whole.
  if (text.find('\0') == std::string_view::npos && schemas::is_path(text)) {
    const auto there = fs::look_follow(text);
    if (!there || *there != fs::What::absent) return {std::string(text)};
  }
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '+') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Status Model::open_parts(std::span<Located> located) {
  for (Located& one : located) {
    Part& part = parts_.emplace_back();
    part.located = std::move(one);
    part.name = name_of(part.located);
    NANO_TRY_ASSIGN(part.file, gguf::File::open(part.located.weights));
    NANO_TRY_ASSIGN(const auto type, type_of(part.file));
    if (type != "head" && type != "adapter") {
      return part.file.invalid("general.type is '" + gguf::shown(type) +
                               "': behind a '+' stand heads and adapters");
    }
  }
  return Unit{};
}

// The one adapter that is named becomes part of the weights.
Status Model::merge_parts() {
  for (const Part& part : parts_) {
    NANO_TRY_ASSIGN(const auto type, type_of(part.file));
    if (type != "adapter") continue;
    if (merged_) return make_error(Errc::usage, "only one adapter can be merged");
    NANO_TRY_ASSIGN(auto adapter, models::Adapter::load(part.file, file_));
    merged_ = std::make_unique<models::Adapter>(std::move(adapter));
  }
  return Unit{};
}

Status Model::load_heads(const Located& base) {
  NANO_TRY_ASSIGN(const auto own_abi, file_.get_string_or("nano.abi", ""));
  const std::string abi = base.abi.empty() ? std::string(own_abi) : base.abi;
  for (Part& part : parts_) {
    NANO_TRY_ASSIGN(const auto type, type_of(part.file));
    if (type == "head") {
      NANO_TRY(load_head(part, abi));
    } else if (!merged_) {
      NANO_TRY_ASSIGN(auto adapter, models::Adapter::load(part.file, file_));
      if (!adapters_.empty()) {
        return make_error(Errc::usage,
                          "two adapters at once: '" + adapters_.front().name + "' and '" + part.name + "'",
                          "one is in use at a time");
      }
      adapters_.push_back({part.name, std::move(adapter)});
      NANO_TRY(use_adapter(0));
    }
  }
  if (!heads_.empty()) return Unit{};
  NANO_TRY_ASSIGN(auto labels, labels_of(file_, encoder_.head(), base.labels));
  heads_.push_back({info_.name, std::move(labels), encoder_.head()});
  return Unit{};
}

Status Model::load_head(Part& part, const std::string& base_abi) {
  const gguf::File& file = part.file;
  NANO_TRY_ASSIGN(const auto architecture, file.get_string("general.architecture"));
  if (architecture != shape().kind->name) {
    return file.unsupported("it is a head for architecture '" + gguf::shown(architecture) +
                            "', the base is '" + std::string(shape().kind->name) + "'");
  }
  NANO_TRY_ASSIGN(const uint32_t hidden, file.get_u32(std::string(architecture) + ".embedding_length"));
  if (hidden != shape().hidden) {
    return file.unsupported("it is a head for hidden states of " + std::to_string(hidden) +
                            ", the base has " + std::to_string(shape().hidden));
  }
  NANO_TRY_ASSIGN(const auto own, file.get_string("nano.head.abi"));
  for (const std::string_view wanted : {own, std::string_view(part.located.abi)}) {
    if (wanted.empty() || wanted == base_abi) continue;
    return file.unsupported("it is a head for a base of ABI '" + gguf::shown(wanted) +
                                "', this one promises " +
                                (base_abi.empty() ? "none" : "'" + gguf::shown(base_abi) + "'"),
                            "heads go with the base they were trained on");
  }
  if (own.empty()) return file.invalid("nano.head.abi is empty");
  std::vector<int> bits;
  packed::Image measured;
  models::Tensors first(file, measured, bits);
  NANO_TRY(models::Head::load(first, shape()));
  part.image = packed::Image::to_fill(measured);
  models::Tensors second(file, part.image, bits);
  NANO_TRY_ASSIGN(auto head, models::Head::load(second, shape()));
  NANO_TRY(models::check_gguf_keys(file, architecture));
  NANO_TRY(second.all_used({}));
  NANO_TRY_ASSIGN(auto labels, labels_of(file, head, part.located.labels));
  heads_.push_back({part.name, std::move(labels), std::move(head)});
  return Unit{};
}

Result<std::size_t> Model::load_adapter(std::string_view name_or_path, float scale) {
  if (merged_)
    return make_error(Errc::usage, "an adapter is merged into the weights: there is no other one beside it");
  NANO_TRY_ASSIGN(const Located located, locate(name_or_path, store_, getenv_, project_));
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(located.weights));
  NANO_TRY_ASSIGN(auto adapter, models::Adapter::load(file, file_, scale));
  const auto lock = lock_here(adapters_mutex_);
  if (!lock.owns_lock()) return left_locked();
  adapters_.push_back({name_of(located), std::move(adapter)});
  return adapters_.size() - 1;
}

Status Model::use_adapter(std::optional<std::size_t> index) {
  const auto lock = lock_here(adapters_mutex_);
  if (!lock.owns_lock()) return left_locked();
  if (index && *index >= adapters_.size())
    return make_error(Errc::usage, "there is no adapter " + std::to_string(*index),
                      std::to_string(adapters_.size()) + " are loaded");
  adapter_.store(index ? &adapters_[*index].adapter : nullptr, std::memory_order_release);
  return Unit{};
}

}  // namespace nano
