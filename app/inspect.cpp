// app/inspect.cpp: a GGUF described, and quantized.
#include "app/inspect.h"

#include "app/list.h"
#include "base/fs_named.h"
#include "base/fs_output.h"
#include "base/text.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/models/architecture.h"
#include "runtime_shim/quant/quantize_file.h"
#include "schemas/requirement.h"
#include "schemas/vocabulary.h"
#include "schemas/word.h"

namespace nano::app {

Result<InspectReport> inspect(const Context& ctx, const std::string& what) {
  fs::Path path = what;
  if (!schemas::is_path(what) && schemas::Requirement::parse(what)) {
    NANO_TRY_ASSIGN(path, weights_path(ctx, what));
  } else {  // what cannot be a package's name either: `model.bin`
    NANO_TRY(fs::look_for(path));
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

std::string options_word(quant::Type type) {
  return type == quant::Type::nano_q3 ? "q3" : "q2";
}

double bits_a_value(quant::Type type) {
  return 8.0 * static_cast<double>(quant::find_type(static_cast<uint32_t>(type))->bytes) /
         static_cast<double>(quant::find_type(static_cast<uint32_t>(type))->block);
}

/// What whoever asked may not expect of the new file.
std::vector<std::string> quantize_warnings(const quant::QuantizeReport& done, quant::Type asked) {
  std::vector<std::string> out;
  std::size_t widened = 0;
  std::string from;
  for (const auto& t : done.tensors) {
    const bool blocks = quant::find_type(static_cast<uint32_t>(t.from))->block > 1;
    if (!blocks || t.to != asked || bits_a_value(t.to) <= bits_a_value(t.from)) continue;
    ++widened;
    from = quant::find_type(static_cast<uint32_t>(t.from))->name;
  }
  const std::string to(quant::info(asked).name);
  if (widened > 0)
    out.push_back(std::to_string(widened) + (widened == 1 ? " tensor was " : " tensors were ") + from + " or of as few bits: as " + to +
                  " they are larger and not better, nothing that was lost comes back");
  const bool low = asked == quant::Type::nano_q3 || asked == quant::Type::nano_q2;
  if (low && !done.architecture.empty() && models::find_architecture(done.architecture) == nullptr)
    out.push_back("architecture '" + sanitize(done.architecture) + "' is no encoder of this build: a language model that writes "
                  "text makes nonsense in " + options_word(asked) + " (SmolLM2-135M's perplexity: 1,056 in q3, 299,000 in q2); use q4_0 or wider");
  return out;
}

}  // namespace

Result<QuantizeReport> quantize(Context& ctx, const QuantizeOptions& options) {
  NANO_TRY_ASSIGN(const quant::Type type, type_named(options.type));
  NANO_TRY(fs::check_output(options.out, options.force));
  NANO_TRY(fs::look_for(options.in));
  const auto path_of = [](const fs::Path& p) {  // never a package's name
    std::error_code ec;
    return std::filesystem::absolute(p, ec).string();
  };
  QuantizeReport r;
  if (!options.eval_file.empty()) {  // before anything is written: a wrong file is said at once
    NANO_TRY_ASSIGN(const bool is_file, fs::will_be_file(options.out));
    if (!is_file)
      return make_error(Errc::usage, "--eval reads the new weights again, and '" + sanitize(options.out.string()) + "' is no file",
                        "write them to a file first");
    NANO_TRY_ASSIGN(r.before, evaluate_model(ctx, path_of(options.in), options.eval_file));
  }
  std::error_code unknown;
  const uint64_t size = std::filesystem::file_size(options.in, unknown);
  ctx.progress->start("quantizing", unknown ? 0 : size);
  auto result = quant::quantize_file(options.in, options.out, type,
                                     {.uniform = options.uniform,
                                      .keep_f32 = {},
                                      .replace = options.force,
                                      .done = [&](uint64_t bytes) { ctx.progress->advance(bytes); }});
  ctx.progress->finish();
  NANO_TRY_ASSIGN(const quant::QuantizeReport done, std::move(result));
  r.type = std::string(quant::info(type).name);
  r.warnings = quantize_warnings(done, type);
  r.in_bytes = done.bytes_before;
  r.out_bytes = done.bytes_after;
  for (const auto& t : done.tensors)
    r.tensors.push_back({.name = t.name,
                         .from = std::string(quant::find_type(static_cast<uint32_t>(t.from))->name),
                         .to = std::string(quant::info(t.to).name),
                         .rmse = t.rms_error,
                         .max_error = t.max_error,
                         .relative = t.rms_value > 0 ? t.rms_error / t.rms_value : 0.0,
                         .note = t.note});
  if (!options.eval_file.empty()) {
    NANO_TRY_ASSIGN(r.after, evaluate_model(ctx, path_of(options.out), options.eval_file));
  }
  return r;
}

}  // namespace nano::app
