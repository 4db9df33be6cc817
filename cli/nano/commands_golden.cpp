// cli/nano/commands_golden.cpp: golden: a model's answers written down as a golden file.
#include "app/golden.h"
#include "base/fs_output.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/nano/texts.h"

namespace nano::cli {
namespace {

Result<int> run_golden(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  say_what_to_type(in);
  app::GoldenOptions options{
      .model = in.argument("MODEL"), .out = in.value("output"), .force = in.has("force"), .install_missing = in.has("install"), .record = in.has("record")};
  if (fs::is_standard_output(options.out)) {
    if (options.record) return make_error(Errc::usage, "--record names a file in nano.json, and standard output is none", "leave out -o, or name a file of the package");
    options.out.clear();  // where it goes anyway
  }
  NANO_TRY(for_each_input(in, [&](const TextInput& input) -> Status {
    if (options.texts.size() >= schemas::kMaxGoldenInputs)
      return make_error(Errc::usage, "more than " + std::to_string(schemas::kMaxGoldenInputs) + " texts: a golden file holds no more",
                        "a few texts of each kind tell whether a model behaves; `nano bench` measures how often it is right");
    app::GoldenText& text = options.texts.emplace_back();
    text.text = input.text;
    if (input.pair) text.pair = *input.pair;
    return Unit{};
  }));
  NANO_TRY_ASSIGN(const app::GoldenWritten r, app::write_golden_file(ctx, options));
  for (const std::string& d : r.doubts) in.session().log.warn(sanitize(d));
  if (in.json()) {
    OrderedJson data;
    data["model"] = r.name;
    data["version"] = r.version;
    data["variant"] = r.variant;
    data["output"] = r.out.string();
    data["inputs"] = r.inputs;
    data["digest"] = r.digest.text();
    if (!r.recorded.empty()) data["recorded"] = r.recorded.string();
    NANO_TRY_ASSIGN(data["golden"], parse_json(r.text, {.max_bytes = schemas::kMaxGoldenBytes}));
    in.document(data);
    return 0;
  }
  if (r.out.empty()) {
    in.out().put(r.text);
    return 0;
  }
  if (in.session().quiet) return 0;
  in.out().line(sanitize(r.out.string()) + ": " + std::to_string(r.inputs) + (r.inputs == 1 ? " input, " : " inputs, ") + r.digest.text());
  if (!r.recorded.empty())
    in.out().line(sanitize(r.recorded.string()) + " names it: it will be packed");
  else
    in.session().log.note("to pack it, name it in `files` of nano.json: {\"path\": \"" + sanitize(r.out.filename().string()) +
                          "\", \"role\": \"golden\"}; --record does that");
  return 0;
}

}  // namespace

void add_golden_commands(std::vector<Command>& table) {
  table.push_back(
      {.name = "golden",
       .group = "Make packages",
       .summary = "write down a model's answers, for others to see that it behaves alike there",
       .description =
           "Runs up to 32 texts and writes a golden file: each text with its label and probabilities, its entities or its "
           "vector. In a package, under the role `golden`, `nano pack`, `nano sync` and `nano verify --behaviour` run "
           "the texts again and fail where the answers are others (labels and entities equal, probabilities within 0.01, the "
           "cosine of vectors 0.99 or more). Builds differ in their weights: each variant gets a file of its own, made from "
           "its weights.\n\n"
           "MODEL is as for `nano run`; a head's file is made of `base+head`. Texts come as for `nano run`, pairs with --pair. "
           "A text whose two most probable labels lie close together is warned of: another machine may answer with the other.\n\n"
           "With --json one document: {\"schema\": \"nano.golden/1\", \"data\": {\"model\", \"version\", \"variant\", "
           "\"output\", \"inputs\", \"digest\", \"golden\": the file}, \"warnings\": []}.",
       .positionals = {{.name = "MODEL",
                        .help = "an installed name, `NAME:VARIANT`, a .gguf file or a package folder `DIR/`",
                        .completes = Completes::installed},
                       {.name = "TEXT",
                        .help = "texts; `-` stands for the lines of standard input, as does leaving them out in a pipe",
                        .required = false,
                        .many = true}},
       .options = {{.name = "output",
                    .short_name = 'o',
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "write the file here (else to standard output)",
                    .completes = Completes::files},
                   {.name = "record", .help = "name FILE in the nano.json of the package folder MODEL (without -o: DIR/golden.json)"},
                   {.name = "pair", .help = "texts come two by two: first and second sentence"},
                   {.name = "force", .help = "replace FILE if it exists"},
                   {.name = "install", .help = "install the package first if it is not installed, without asking"}},
       .examples = {{.line = "nano golden my-model/ --record < texts.txt", .what = "writes my-model/golden.json and names it in nano.json"},
                    {.line = "nano golden base+my-head \"A joy from Paris.\"", .what = "a head's, shown only"}},
       .exits = {Errc::not_found, Errc::network, Errc::integrity, Errc::untrusted, Errc::store, Errc::refused, Errc::invalid, Errc::unsupported},
       .run = run_golden});
}

}  // namespace nano::cli
