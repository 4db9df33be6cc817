// cli/nano/commands_make.cpp: new, pack, inspect, convert, quantize.
#include <map>

#include "app/convert.h"
#include "app/inspect.h"
#include "app/pack.h"
#include "base/count.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/text_table.h"
#include "schemas/vocabulary.h"

namespace nano::cli {
namespace {

Result<int> run_new(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  const auto from = in.values("from");
  NANO_TRY_ASSIGN(
      const app::NewReport r,
      app::new_package(ctx, {.dir = in.argument("DIR"), .from = {from.begin(), from.end()}, .name = in.value("name")}));
  if (in.json()) {
    OrderedJson data;
    data["dir"] = r.dir.string();
    data["files"] = r.files;
    data["to_fill"] = r.to_fill;
    in.document(data);
    return 0;
  }
  for (const auto& f : r.files) in.out().line("wrote " + sanitize((r.dir / f).string()));
  if (!r.to_fill.empty()) in.out().line("\nstill to fill in:");
  for (const auto& f : r.to_fill) in.out().line("- " + sanitize(f));
  return 0;
}

Result<int> run_pack(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY(in.output_goes_to(in.value("output")));
  NANO_TRY_ASSIGN(const app::PackReport r,
                  app::pack(ctx, {.dir = in.argument("DIR"), .out = in.value("output"), .force = in.has("force")}));
  const int code = r.problems.empty() ? 0 : static_cast<int>(Errc::invalid);
  if (in.json()) {
    OrderedJson data;
    data["name"] = r.name;
    data["version"] = r.version;
    data["bundle"] = r.bundle.string();
    data["bundle_bytes"] = r.bundle_bytes;
    data["content_bytes"] = r.content_bytes;
    data["files"] = r.files;
    data["release_digest"] = r.release_digest;
    data["problems"] = OrderedJson::array();
    for (const auto& p : r.problems) {
      OrderedJson j;
      j["pointer"] = p.pointer;
      j["line"] = p.line == 0 ? OrderedJson(nullptr) : OrderedJson(p.line);
      j["message"] = p.message;
      j["hint"] = p.hint;
      data["problems"].push_back(std::move(j));
    }
    in.document(data);
    return code;
  }
  if (!r.problems.empty()) {
    for (const auto& p : r.problems) {
      in.out().line(sanitize("nano.json" + (p.line == 0 ? "" : ":" + std::to_string(p.line)) + ": " +
                             (p.pointer.empty() ? "" : p.pointer + ": ") + p.message));
      if (!p.hint.empty()) in.out().line("  hint: " + sanitize(p.hint));
    }
    const std::string n = std::to_string(r.problems.size());
    return make_error(Errc::invalid,
                      n + (r.problems.size() == 1 ? " problem" : " problems") + " in '" + in.argument("DIR") +
                          "'; nothing was written",
                      "mend what is listed and pack again");
  }
  if (in.session().quiet) return 0;
  in.out().line("packed " +
                styled(in.session().out_terminal, Style::bold, sanitize(r.name + " " + r.version)) + ": " +
                counted(r.files, "file") + ", " + human_bytes(r.content_bytes));
  in.out().line("release " + r.release_digest);
  in.out().line(sanitize(r.bundle.string()) + ", " + human_bytes(r.bundle_bytes));
  return 0;
}

OrderedJson inspect_json(const app::InspectReport& r) {
  OrderedJson data;
  data["path"] = r.path;
  data["file_bytes"] = r.file_bytes;
  data["gguf_version"] = r.gguf_version;
  data["parameters"] = r.parameters;
  data["metadata"] = OrderedJson::object();
  for (const auto& [k, v] : r.metadata) data["metadata"][k] = v;
  data["tensors"] = OrderedJson::array();
  for (const auto& t : r.tensors) {
    OrderedJson j;
    j["name"] = t.name;
    j["type"] = t.type;
    j["shape"] = t.shape;
    j["bytes"] = t.bytes;
    data["tensors"].push_back(std::move(j));
  }
  return data;
}

std::string shape_text(const std::vector<uint64_t>& shape) {
  std::string out;
  for (const auto d : shape) out += (out.empty() ? "" : " x ") + std::to_string(d);
  return out;
}

Result<int> run_inspect(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::InspectReport r, app::inspect(ctx, in.argument("FILE")));
  if (in.json()) {
    in.document(inspect_json(r));
    return 0;
  }
  const Terminal& t = in.session().out_terminal;
  in.out().put(render_facts(t, {{"file", r.path},
                                {"size", human_bytes(r.file_bytes)},
                                {"format", "GGUF v" + std::to_string(r.gguf_version)},
                                {"parameters", std::to_string(r.parameters)},
                                {"tensors", std::to_string(r.tensors.size())}}));
  if (!r.metadata.empty()) {
    in.out().put("\n");
    TextTable table({{.title = "METADATA"}, {.title = "VALUE", .shrink = true}});
    for (const auto& [k, v] : r.metadata) table.row({k, fit(sanitize(v), 200)});
    in.out().put(table.render(t));
  }
  in.out().put("\n");
  if (in.has("tensors")) {
    TextTable table({{.title = "TENSOR", .shrink = true},
                     {.title = "TYPE"},
                     {.title = "SHAPE", .right = true},
                     {.title = "BYTES", .right = true}});
    for (const auto& x : r.tensors) table.row({x.name, x.type, shape_text(x.shape), std::to_string(x.bytes)});
    in.out().put(table.render(t));
    return 0;
  }
  std::map<std::string, std::pair<uint64_t, uint64_t>> types;  // type: tensors, bytes
  for (const auto& x : r.tensors) {
    ++types[x.type].first;
    types[x.type].second += x.bytes;
  }
  TextTable table({{.title = "TYPE"}, {.title = "TENSORS", .right = true}, {.title = "SIZE", .right = true}});
  for (const auto& [type, n] : types) table.row({type, std::to_string(n.first), human_bytes(n.second)});
  in.out().put(table.render(t));
  return 0;
}

Result<int> run_convert(Invocation& in) {
  NANO_TRY_ASSIGN(const std::string out, in.output_path("OUT"));
  NANO_TRY(in.output_goes_to(out));
  NANO_TRY_ASSIGN(const app::ConvertReport r, app::convert({.dir = in.argument("DIR"), .out = out, .force = in.has("force")}));
  if (in.json()) {
    OrderedJson data;
    data["class"] = r.hf_class;
    data["architecture"] = r.architecture;
    data["task"] = r.task;
    data["tokenizer"] = r.tokenizer;
    data["vocabulary"] = r.vocabulary;
    data["context_length"] = r.context;
    data["labels"] = r.labels;
    data["tensors"] = r.tensors;
    data["parameters"] = r.parameters;
    data["out_bytes"] = r.out_bytes;
    data["left_out"] = r.left_out;
    data["notes"] = r.notes;
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  std::string labels;
  for (const auto& label : r.labels) labels += (labels.empty() ? ", labels " : ", ") + sanitize(label);
  in.out().line(sanitize(out) + ": " + sanitize(r.hf_class) + ", " + r.task + labels);
  in.out().line(std::to_string(r.parameters) + " parameters in " + std::to_string(r.tensors) + " tensors, " +
                std::to_string(r.vocabulary) + " pieces, " + std::to_string(r.context) + " tokens, " +
                human_bytes(r.out_bytes));
  if (!r.left_out.empty()) in.out().line("not needed and left out:");
  for (const auto& name : r.left_out) in.out().line("- " + sanitize(name));
  for (const auto& note : r.notes) in.out().line("note: " + sanitize(note));
  return 0;
}

Result<int> run_quantize(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const std::string out, in.output_path("OUT"));
  NANO_TRY(in.output_goes_to(out));
  NANO_TRY_ASSIGN(const app::QuantizeReport r, app::quantize(ctx, {.in = in.argument("IN"),
                                                                   .out = out,
                                                                   .type = in.value("type", "q4_0"),
                                                                   .force = in.has("force"),
                                                                   .uniform = in.has("uniform"),
                                                                   .eval_file = in.value("eval")}));
  for (const std::string& w : r.warnings) in.session().log.warn(w);
  const auto eval_json = [](const app::BenchEval& e) {
    OrderedJson j;
    j["texts"] = e.texts;
    j["right"] = e.right;
    j["accuracy"] = rounded(static_cast<double>(e.right) / static_cast<double>(e.texts));
    j["low"] = rounded(e.low);
    j["high"] = rounded(e.high);
    return j;
  };
  if (in.json()) {
    OrderedJson data;
    data["type"] = r.type;
    data["in_bytes"] = r.in_bytes;
    data["out_bytes"] = r.out_bytes;
    data["tensors"] = OrderedJson::array();
    for (const auto& x : r.tensors) {
      OrderedJson j;
      j["name"] = x.name;
      j["from"] = x.from;
      j["to"] = x.to;
      j["rmse"] = rounded(x.rmse);
      j["max_error"] = rounded(x.max_error);
      j["relative_error"] = rounded(x.relative);
      if (!x.note.empty()) j["note"] = x.note;
      data["tensors"].push_back(std::move(j));
    }
    if (r.before && r.after)
      data["eval"] = {{"before", eval_json(*r.before)}, {"after", eval_json(*r.after)}};
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  const auto number = [](double v) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", v);
    return std::string(text);
  };
  if (in.has("tensors")) {
    TextTable table({{.title = "TENSOR", .shrink = true},
                     {.title = "FROM"},
                     {.title = "TO"},
                     {.title = "RMSE", .right = true},
                     {.title = "RELATIVE", .right = true},
                     {.title = "MAX ERROR", .right = true}});
    for (const auto& x : r.tensors)
      table.row({x.name, x.from, x.to, number(x.rmse), number(x.relative), number(x.max_error)});
    in.out().put(table.render(in.session().out_terminal));
  }
  std::size_t changed = 0;
  for (const auto& x : r.tensors) changed += x.from != x.to ? 1 : 0;
  in.out().line(sanitize(out) + ": " + human_bytes(r.in_bytes) + " -> " +
                human_bytes(r.out_bytes) + ", " + std::to_string(changed) + " of " +
                counted(r.tensors.size(), "tensor") + " changed");
  // Weights that are of another type than was asked for, and why.
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> others;
  for (const auto& x : r.tensors)
    if (!x.note.empty()) others[{x.to, x.note}].push_back(sanitize(x.name));
  for (const auto& [what, names] : others) {
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < 3; ++i) list += (i > 0 ? ", " : "") + names[i];
    if (names.size() > 3) list += " and " + std::to_string(names.size() - 3) + " more";
    in.out().line("- " + what.first + ", not " + r.type + ": " + list + " (" + what.second + ")");
  }
  const auto line = [&](const char* when, const app::BenchEval& e) {
    char percent[16];
    std::snprintf(percent, sizeof percent, "%.1f%%",
                  100.0 * static_cast<double>(e.right) / static_cast<double>(e.texts));
    in.out().line(std::string(when) + ": " + std::to_string(e.right) + " of " + std::to_string(e.texts) +
                  " texts right, " + percent);
  };
  if (r.before) line("before", *r.before);
  if (r.after) line("after", *r.after);
  return 0;
}

/// For commands that also take OUT as their last word.
Option out_option() {
  return {.name = "output",
          .short_name = 'o',
          .kind = OptionKind::value,
          .value = "OUT",
          .help = "the same as OUT behind the others; `-` is standard output",
          .completes = Completes::files};
}

}  // namespace

void add_make_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Make packages";
  const auto types = schemas::quantize_spellings();
  table.push_back(
      {.name = "new",
       .group = kGroup,
       .summary = "start a package folder",
       .description = "Writes nano.json and a card with what can be known from the GGUF, and says what you "
                      "must still fill in.",
       .positionals = {{.name = "DIR", .help = "the folder to make", .completes = Completes::folders}},
       .options = {{.name = "from",
                    .kind = OptionKind::multi,
                    .value = "FILE",
                    .help = "take weights and facts from this GGUF; several are the variants of one model, the first the default",
                    .completes = Completes::files},
                   {.name = "name",
                    .kind = OptionKind::value,
                    .value = "NAME",
                    .help = "the package's name (else the folder's)"}},
       .examples = {{.line = "nano new my-model --from weights.gguf"},
                    {.line = "nano new my-model --from m-q8.gguf --from m-q4.gguf", .what = "two variants"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid, Errc::unsupported},
       .run = run_new});
  table.push_back(
      {.name = "pack",
       .group = kGroup,
       .summary = "check a package folder and make a .nano bundle of it",
       .description = "Checks the manifest, every file and every GGUF, and lists all problems at once; with "
                      "none it writes the bundle.",
       .positionals = {{.name = "DIR", .help = "the package folder", .completes = Completes::folders}},
       .options = {{.name = "output",
                    .short_name = 'o',
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "write the bundle here (else NAME-VERSION.nano); `-` is standard output",
                    .completes = Completes::files},
                   {.name = "force", .help = "replace the bundle if it exists"}},
       .examples = {{.line = "nano pack my-model"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid},
       .run = run_pack});
  table.push_back(
      {.name = "inspect",
       .group = kGroup,
       .summary = "look into a GGUF file",
       .description = "Format, metadata and tensors of a file, or of an installed package's weights.",
       .positionals = {{.name = "FILE",
                        .help = "a .gguf file or an installed name",
                        .completes = Completes::files}},
       .options = {{.name = "tensors", .help = "list every tensor"}},
       .examples = {{.line = "nano inspect sentiment-50m"}, {.line = "nano inspect model.gguf --tensors"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid, Errc::unsupported},
       .run = run_inspect});
  table.push_back(
      {.name = "convert",
       .group = kGroup,
       .summary = "make a GGUF of a Hugging Face model folder",
       .description =
           "Reads config.json, the vocabulary (tokenizer.json, vocab.txt, or vocab.json with merges.txt) and "
           "safetensors of a BERT, DistilBERT, RoBERTa, XLM-RoBERTa, CamemBERT, data2vec-text, ERNIE, ELECTRA or "
           "ModernBERT, of a sentence-transformers folder of those, or of static embeddings (model2vec). Pickles are never opened. What this build does not do is "
           "refused by its key or tensor.",
       .positionals = {{.name = "DIR", .help = "the model's folder", .completes = Completes::folders},
                       {.name = "OUT", .help = "the GGUF to write", .required = false, .completes = Completes::files}},
       .options = {out_option(), {.name = "force", .help = "replace OUT if it exists"}},
       .examples = {{.line = "nano convert distilbert-sst2 sst2.gguf"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid, Errc::unsupported},
       .run = run_convert});
  table.push_back(
      {.name = "quantize",
       .group = kGroup,
       .summary = "make a smaller GGUF",
       .description = "Writes the same model with smaller weights. The same input gives the same bytes on "
                      "every machine. q3 and q2 (3.25 and 2.25 bits) are nano's own types and open only "
                      "here; what is most "
                      "sensitive gets a wider type, unless --uniform.",
       .positionals = {{.name = "IN", .help = "the GGUF to read", .completes = Completes::files},
                       {.name = "OUT", .help = "the GGUF to write", .required = false, .completes = Completes::files}},
       .options = {out_option(),
                   {.name = "type",
                    .kind = OptionKind::value,
                    .value = "TYPE",
                    .help = "block type (q4_0)",
                    .choices = {types.begin(), types.end()}},
                   {.name = "eval",
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "answer these labelled texts (`label TAB text`) before and after",
                    .completes = Completes::files},
                   {.name = "uniform", .help = "q3, q2: give no weight a wider type"},
                   {.name = "force", .help = "replace OUT if it exists"},
                   {.name = "tensors", .help = "show the error of every tensor"}},
       .examples = {{.line = "nano quantize model-q8.gguf model-q4.gguf --type q4_0"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid, Errc::unsupported},
       .run = run_quantize});
}

}  // namespace nano::cli
