// app/new_package.cpp: `nano new`: a package folder with what a GGUF says filled in and the rest marked for a
// person.
#include <algorithm>

#include "app/pack.h"
#include "app/unfilled.h"
#include "base/text.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "schemas/manifest.h"
#include "schemas/vocabulary.h"

namespace nano::app {
namespace {

/// "Q4_0" of general.file_type (ggml's enum llama_ftype; its numbers are part of GGUF).
std::string quantization_of(const gguf::Description& d) {
  const gguf::TypeTotal* most = nullptr;
  for (const auto& t : d.totals)
    if (most == nullptr || t.elements > most->elements) most = &t;
  std::string word = most == nullptr ? "" : most->type;
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto words = schemas::quantization_words();
  return std::find(words.begin(), words.end(), word) != words.end() ? word : "";
}

std::string variant_name(const std::string& quantization) {
  const auto cut = quantization.find('_');
  return quantization.empty() ? "main" : quantization.substr(0, cut);
}

/// What the keys of our own say (docs/MODELS.md): the task, what a base promises, whether it is a head or an adapter. Of
/// those the base is for the author to name.
Status fill_part(const gguf::File& file, schemas::Manifest& m) {
  NANO_TRY_ASSIGN(const auto task, file.get_string_or("nano.task", ""));
  const auto known = schemas::task_words();
  if (std::find(known.begin(), known.end(), task) != known.end()) m.task = std::string(task);
  NANO_TRY_ASSIGN(const auto abi, file.get_string_or("nano.abi", ""));
  m.model->abi = sanitize(abi);
  NANO_TRY_ASSIGN(const auto type, file.get_string_or("general.type", "model"));
  if (type != "head" && type != "adapter") return Unit{};
  m.kind = type == "head" ? schemas::Kind::head : schemas::Kind::adapter;
  NANO_TRY_ASSIGN(const auto wanted, file.get_string_or("nano.head.abi", ""));
  NANO_TRY_ASSIGN(auto base, schemas::PackageName::parse(std::string(kUnfilledBase)));
  NANO_TRY_ASSIGN(auto range, schemas::Range::parse("*"));
  m.dependencies.push_back({std::move(base), std::move(range), schemas::DependencyUse::base, "", sanitize(wanted)});
  return Unit{};
}

Status fill_from(const fs::Path& from, schemas::Manifest& m, const std::string& weights_name) {
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(from));
  const auto d = gguf::describe(file);
  schemas::ModelInfo model;
  NANO_TRY_ASSIGN(const auto arch, file.get_string("general.architecture"));
  model.architecture = sanitize(arch);
  model.family = model.architecture;
  model.parameters = d.parameters;
  if (const auto n = file.get_u64(std::string(arch) + ".context_length")) model.context_length = *n;
  m.model = model;
  NANO_TRY_ASSIGN(const auto license, file.get_string_or("general.license", ""));
  if (schemas::is_spdx_expression(license)) m.license.spdx = license;
  if (const auto labels = file.get_string_array(std::string(arch) + ".classifier.output_labels"))
    for (const auto& l : *labels) m.labels.push_back(sanitize(l));
  m.task = m.labels.empty() ? "feature-extraction" : "text-classification";
  NANO_TRY(fill_part(file, m));
  NANO_TRY_ASSIGN(const auto problem, file.get_string_or("nano.classifier.problem", "single_label"));
  m.inputs = {{"text", "text", "UTF-8 text"}};
  m.outputs = {{"embedding", "embedding", "one vector a text"}};
  if (m.task == "text-classification")
    m.outputs = {{"label", "label", problem == "single_label" ? "one score a label, summing to 1" : "one score a label, each for itself"}};
  if (m.task == "token-classification") m.outputs = {{"entities", "spans", "stretches of the text, each with a label and a score"}};
  if (m.task == "question-answering") {
    m.inputs = {{"question", "text", "UTF-8 text"}, {"context", "text", "the text to find the answer in"}};
    m.outputs = {{"answer", "spans", "the stretch of the context that answers, with a score"}};
  }
  const auto types = schemas::value_type_words();
  for (auto* port : {&m.inputs.front(), &m.inputs.back(), &m.outputs.front()})
    if (std::find(types.begin(), types.end(), port->type) == types.end()) port->type = types.front();
  schemas::Variant v;
  v.quantization = quantization_of(d);
  v.name = variant_name(v.quantization);
  v.is_default = true;
  v.files = {weights_name};
  m.variants = {v};
  m.files.push_back({weights_name, schemas::Role::weights, ""});
  return Unit{};
}

std::string card_of(const schemas::Manifest& m) {
  std::string license = m.license.spdx == kUnfilledLicense ? "unknown" : m.license.spdx;
  std::transform(license.begin(), license.end(), license.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string out = "---\nlicense: " + license + "\nlanguage: [en]\n";
  if (!m.task.empty()) out += "pipeline_tag: " + m.task + "\n";
  out += "tags: [nano]\n---\n# " + m.name.name + "\n\n" + std::string(kUnfilledCard) + "\n\n";
  out += "## Use\n\n    nano install " + m.name.text() + "\n    nano run " + m.name.text() + " \"...\"\n\n";
  if (!m.labels.empty()) {
    out += "Labels:";
    for (const auto& l : m.labels) out += " `" + l + "`";
    out += "\n\n";
  }
  out +=
      "## Training data\n\nEach data set with its licence.\n\n## Evaluation\n\nWhat was measured, on what, "
      "with which interval.\n\n"
      "## Intended use\n\n## Limits\n";
  return out;
}

}  // namespace

Result<NewReport> new_package(Context& ctx, const NewOptions& options) {
  NANO_TRY_ASSIGN(const auto there, fs::list_dir(options.dir));
  if (!there.empty())
    return make_error(Errc::usage,
                      "the folder '" + sanitize(options.dir.string()) + "' exists and is not empty",
                      "name a new folder");
  std::string name = options.name.empty()
                         ? std::filesystem::absolute(options.dir).lexically_normal().filename().string()
                         : options.name;
  if (name.empty())
    name = std::filesystem::absolute(options.dir).lexically_normal().parent_path().filename().string();
  NANO_TRY_ASSIGN(const auto package, schemas::PackageName::parse(name));
  schemas::Manifest m;
  m.name = package;
  m.version = {.major = 0, .minor = 1, .patch = 0, .pre = {}};
  m.title = package.name;
  m.description = kUnfilledDescription;
  m.license = {.spdx = std::string(kUnfilledLicense), .file = ""};
  m.languages = {"en"};
  m.files.push_back({"README.md", schemas::Role::card, ""});
  std::string weights_name;
  if (!options.from.empty()) {
    weights_name = package.name + ".gguf";
    auto filled = fill_from(options.from, m, weights_name);
    if (!filled) return std::move(filled.error()).while_("reading " + sanitize(options.from.string()));
  } else {
    m.kind = schemas::Kind::model;
    m.task = "text-classification";
    m.model = schemas::ModelInfo{
        .family = "bert", .architecture = "bert", .parameters = 1, .context_length = 512, .base_models = {}};
    weights_name = package.name + ".gguf";
    m.variants = {
        {.name = "main", .is_default = true, .quantization = "", .files = {weights_name}, .needs = {}}};
    m.files.push_back({weights_name, schemas::Role::weights, ""});
  }
  NANO_TRY(fs::make_dirs(options.dir));
  NANO_TRY(fs::write_atomic(options.dir / "nano.json", schemas::write_manifest(m)));
  NANO_TRY(fs::write_atomic(options.dir / "README.md", card_of(m)));
  NewReport r;
  r.dir = options.dir;
  r.files = {"nano.json", "README.md"};
  if (!options.from.empty()) {
    // A copy, never a link: whoever edits one of the two files must not find the other changed.
    std::error_code ec;
    NANO_TRY(fs::copy_atomic(std::filesystem::canonical(options.from, ec), options.dir / weights_name, 0644));
    r.files.push_back(weights_name);
  }
  r.to_fill = {"nano.json: title, description, authors, keywords, languages, and the licence of the weights",
               "nano.json: the data sets used, each with its licence, and the intended use and limits",
               "README.md: the model card"};
  r.to_fill.push_back("golden.json: `nano golden` writes down what the model answers to a few texts, so that others see it behaves alike there");
  if (options.from.empty())
    r.to_fill.push_back("put the weights at " + weights_name + " and state its parameters in nano.json");
  ctx.log->detail("made " + options.dir.string());
  return r;
}

}  // namespace nano::app
