// app/new_package.cpp: `nano new`: a package folder with what a GGUF says filled in and the rest marked for a
// person.
#include <algorithm>

#include "app/pack.h"
#include "app/unfilled.h"
#include "base/text.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/quant/types.h"
#include "schemas/manifest.h"
#include "schemas/vocabulary.h"

namespace nano::app {
namespace {

/// What the file says it mostly is (general.file_type: ggml's enum llama_ftype and our own numbers, quant/types.h), where it
/// has a tensor of that type; else the type of most of its weights.
std::string quantization_of(const gguf::File& file, const gguf::Description& d) {
  const auto has = [&](std::string_view type) {
    return std::any_of(d.totals.begin(), d.totals.end(), [&](const gguf::TypeTotal& t) { return t.type == type; });
  };
  if (const auto stated = file.get_u64("general.file_type"))
    for (const quant::TypeInfo& row : quant::all_types())
      if (row.file_type >= 0 && static_cast<uint64_t>(row.file_type) == *stated && has(row.name) && *stated != 0)
        return schemas::quantization_named(row.name).value_or("mixed");
  const gguf::TypeTotal* most = nullptr;
  for (const auto& t : d.totals)
    if (most == nullptr || t.elements > most->elements) most = &t;
  return most == nullptr ? "mixed" : schemas::quantization_named(most->type).value_or("mixed");
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

/// `weights_name` names the file by its variant where it ends in '-'.
Status add_variant(const gguf::File& file, const gguf::Description& d, schemas::Manifest& m, const std::string& weights_name) {
  schemas::Variant v;
  v.quantization = quantization_of(file, d);
  v.name = schemas::quantization_short(v.quantization);
  v.is_default = m.variants.empty();
  v.files = {weights_name.ends_with('-') ? weights_name + v.name + ".gguf" : weights_name};
  if (m.find_variant(v.name) != nullptr)
    return make_error(Errc::usage, "two files are of the type " + v.quantization, "a variant is one type; name each file once");
  m.files.push_back({v.files.front(), schemas::Role::weights, ""});
  m.variants.push_back(std::move(v));
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
  return add_variant(file, d, m, weights_name);
}

/// Weights of the same model in another type: what they say of it must be what the first file said.
Status add_from(const fs::Path& from, schemas::Manifest& m, const std::string& weights_name) {
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(from));
  const auto d = gguf::describe(file);
  NANO_TRY_ASSIGN(const auto architecture, file.get_string("general.architecture"));
  const auto other = [](const std::string& what) {
    return make_error(Errc::usage, "the variants of a package are one model in several types: " + what, "make a package of each");
  };
  if (architecture != m.model->architecture)
    return other("this one's architecture is '" + sanitize(architecture) + "', the first one's '" + m.model->architecture + "'");
  if (d.parameters != m.model->parameters)
    return other("this one has " + std::to_string(d.parameters) + " parameters, the first one " + std::to_string(m.model->parameters));
  return add_variant(file, d, m, weights_name);
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
    weights_name = package.name + (options.from.size() > 1 ? "-" : ".gguf");
    for (const fs::Path& from : options.from) {
      auto done = &from == &options.from.front() ? fill_from(from, m, weights_name) : add_from(from, m, weights_name);
      if (!done) return std::move(done.error()).while_("reading " + sanitize(from.string()));
    }
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
  for (std::size_t i = 0; i < options.from.size(); ++i) {
    // A copy, never a link: whoever edits one of the two files must not find the other changed.
    std::error_code ec;
    const std::string& weights = m.variants[i].files.front();
    NANO_TRY(fs::copy_atomic(std::filesystem::canonical(options.from[i], ec), options.dir / weights, 0644));
    r.files.push_back(weights);
  }
  r.to_fill = {"nano.json: title, description, authors, keywords, languages, and the licence of the weights",
               "nano.json: the data sets used, each with its licence, and the intended use and limits",
               "README.md: the model card"};
  const std::string folder = (options.dir / "").string();
  r.to_fill.push_back("golden.json: `nano golden " + folder + " --record` writes down what the model answers to a few texts, so that others see it "
                      "behaves alike there");
  r.to_fill.push_back("claims: `nano bench " + folder + " --record` writes down how fast it is, with --eval-file FILE how often it is right");
  if (options.from.empty())
    r.to_fill.push_back("put the weights at " + weights_name + " and state their parameters and quantization in nano.json");
  ctx.log->detail("made " + options.dir.string());
  return r;
}

}  // namespace nano::app
