// app/inspect.cpp: a GGUF described, and quantized.
#include "app/inspect.h"

#include "app/list.h"
#include "base/text.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/quant/quantize_file.h"
#include "schemas/vocabulary.h"

namespace nano::app {

Result<InspectReport> inspect(const Context& ctx, const std::string& what) {
  fs::Path path = what;
  std::error_code ec;
  if (!std::filesystem::is_regular_file(path, ec)) {
    if (what.find('/') != std::string::npos || what.ends_with(".gguf"))
      return make_error(Errc::not_found, "there is no file '" + sanitize(what) + "'",
                        "give the path of a .gguf, or an installed name");
    NANO_TRY_ASSIGN(path, weights_path(ctx, what));
  }
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(path));
  const gguf::Description d = gguf::describe(file);
  InspectReport r;
  r.path = path.string();
  r.file_bytes = file.bytes().size();
  r.gguf_version = file.version();
  r.parameters = d.parameters;
  for (const auto& m : d.metadata) r.metadata.emplace_back(m.key, m.text);
  for (const auto& t : file.tensors()) {
    InspectTensor row{
        .name = std::string(t.name), .type = std::string(t.type->name), .shape = {}, .bytes = t.bytes.size()};
    for (uint32_t i = 0; i < t.rank; ++i) row.shape.push_back(t.dims[i]);
    r.tensors.push_back(std::move(row));
  }
  return r;
}

namespace {

/// "q4" is what people say for q4_0. errors  usage: no such type
Result<quant::Type> type_named(const std::string& word) {
  if (const auto type = quant::parse_type(word)) return *type;
  std::vector<std::string> words;
  for (const auto spelling : schemas::quantize_spellings()) words.emplace_back(spelling);
  const auto near = nearest(word, words);
  return make_error(Errc::usage, "'" + sanitize(word) + "' is not a type nano can quantize to",
                    near ? "did you mean '" + *near + "'?" : "the types are " + listed(words));
}

}  // namespace

Result<QuantizeReport> quantize(Context& ctx, const QuantizeOptions& options) {
  NANO_TRY_ASSIGN(const quant::Type type, type_named(options.type));
  if (!options.force && fs::exists(options.out))
    return make_error(Errc::usage, "'" + sanitize(options.out.string()) + "' exists",
                      "choose another name, or --force to replace it");
  QuantizeReport r;
  if (!options.eval_file.empty()) {  // before anything is written: a wrong file is said at once
    NANO_TRY_ASSIGN(r.before, evaluate_model(ctx, options.in.string(), options.eval_file));
  }
  NANO_TRY_ASSIGN(
      const quant::QuantizeReport done,
      quant::quantize_file(options.in, options.out, type, {.uniform = options.uniform, .keep_f32 = {}}));
  r.in_bytes = done.bytes_before;
  r.out_bytes = done.bytes_after;
  for (const auto& t : done.tensors)
    r.tensors.push_back({.name = t.name,
                         .from = std::string(quant::info(t.from).name),
                         .to = std::string(quant::info(t.to).name),
                         .rmse = t.rms_error,
                         .max_error = t.max_error,
                         .relative = t.rms_value > 0 ? t.rms_error / t.rms_value : 0.0,
                         .note = t.note});
  if (!options.eval_file.empty()) {
    NANO_TRY_ASSIGN(r.after, evaluate_model(ctx, options.out.string(), options.eval_file));
  }
  return r;
}

}  // namespace nano::app
