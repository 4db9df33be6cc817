// cli/nano/commands_use.cpp: run, embed, path.
#include <functional>

#include "app/list.h"
#include "app/run.h"
#include "base/text.h"
#include "cli/nano/answers.h"
#include "cli/nano/commands.h"
#include "cli/nano/texts.h"

namespace nano::cli {
namespace {

Result<app::OpenModel> open_model(Invocation& in, app::Context& ctx) {
  return app::OpenModel::open(ctx, {.model = in.argument("MODEL"),
                                    .merge = in.has("merge"),
                                    .install_missing = in.has("install"),
                                    .threads = static_cast<int>(in.number("threads", 0))});
}

/// Warnings that every text could bring: said at once for the first, counted after that.
class TextDoubts {
 public:
  explicit TextDoubts(Log& log) : log_(log) {}
  void truncated(uint64_t n) {
    if (truncated_++ == 0) log_.warn(text(n) + " is longer than the model's context; its end was not read");
  }
  void empty(uint64_t n) {
    if (empty_++ == 0) log_.warn(text(n) + " is empty: what the model answers to it means nothing");
  }
  /// What was only counted.
  void finish() {
    if (truncated_ > 1) log_.warn(more(truncated_ - 1, "is", "are") + " longer than the model's context; the ends were not read");
    if (empty_ > 1) log_.warn(more(empty_ - 1, "is", "are") + " empty");
  }

 private:
  static std::string text(uint64_t n) { return "text " + std::to_string(n); }
  static std::string more(uint64_t n, const char* one, const char* many) {
    return std::to_string(n) + " more " + (n == 1 ? "text " : "texts ") + (n == 1 ? one : many);
  }
  Log& log_;
  uint64_t truncated_ = 0, empty_ = 0;
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

Result<int> run_run(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(app::OpenModel model, open_model(in, ctx));
  say_what_to_type(in);
  const bool lines = in.has("jsonl");
  const bool document = in.json() && !lines;
  AnswerForm form{.top = static_cast<std::size_t>(in.number("top-k", lines || document ? UINT32_MAX : 1)), .logits = in.has("logits")};
  for (const auto& l : model.labels()) form.label_width = std::max(form.label_width, display_width(sanitize(l)));
  if (in.has("pair") && model.made_for_one_text())
    in.session().log.warn("'" + sanitize(model.name()) + "' is made for single texts, says its package: what it answers to pairs means little");
  TextDoubts doubts(in.session().log);
  OrderedJson results = OrderedJson::array();
  uint64_t n = 0;
  const auto one = [&](const TextInput& input) -> Status {
    ++n;
    NANO_TRY_ASSIGN(const app::Answer answer, model.answer(input.text, input.pair));
    if (answer.truncated) doubts.truncated(n);
    if (is_blank(input.text) && is_blank(input.pair.value_or(""))) doubts.empty(n);
    if (document) {
      results.push_back(answer_json(input, answer, form));
      return Unit{};
    }
    if (lines) {
      in.out().line(dump_safe(answer_json(input, answer, form)));
    } else {
      for (const auto& line : answer_lines(in.session().out_terminal, input, n, answer, form))
        in.out().line(line);
    }
    return in.out().flush();
  };
  NANO_TRY(for_each_input(in, one));
  doubts.finish();
  if (document) {
    OrderedJson data;
    data["model"] = model.name();
    data["version"] = model.version();
    data["variant"] = model.variant();
    data["results"] = std::move(results);
    in.document(data);
  }
  return 0;
}

Result<int> run_embed(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(app::OpenModel model, open_model(in, ctx));
  say_what_to_type(in);
  const bool lines = in.has("jsonl");
  const bool document = in.json() && !lines;
  OrderedJson results = OrderedJson::array();
  std::size_t dimensions = 0;
  uint64_t n = 0;
  TextDoubts doubts(in.session().log);
  const auto one = [&](std::string_view text) -> Status {
    ++n;
    NANO_TRY_ASSIGN(const app::EmbedAnswer answer, model.embed(text));
    if (answer.truncated) doubts.truncated(n);
    if (is_blank(text)) doubts.empty(n);
    dimensions = answer.vector.size();
    OrderedJson vector = floats_json(answer.vector);
    if (!document && !lines) {
      in.out().line(dump_safe(vector));
      return in.out().flush();
    }
    OrderedJson j;
    j["input"] = sanitize_utf8(text);
    j["vector"] = std::move(vector);
    j["ms"] = rounded(answer.ms, 4);
    if (answer.truncated) j["truncated"] = true;
    if (document) {
      results.push_back(std::move(j));
      return Unit{};
    }
    in.out().line(dump_safe(j));
    return in.out().flush();
  };
  NANO_TRY(for_each_text(in, one));
  doubts.finish();
  if (document) {
    OrderedJson data;
    data["model"] = model.name();
    data["version"] = model.version();
    data["variant"] = model.variant();
    data["dimensions"] = dimensions;
    data["results"] = std::move(results);
    in.document(data);
  }
  return 0;
}

Result<int> run_path(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const fs::Path path, app::weights_path(ctx, in.argument("NAME")));
  if (in.json()) {
    OrderedJson data;
    data["path"] = path.string();
    in.document(data);
  } else {
    in.out().line(path.string());
  }
  return 0;
}

}  // namespace

void add_use_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Use models";
  const Positional model{.name = "MODEL",
                         .help = "an installed name, `NAME:VARIANT`, a .gguf file or a package folder `DIR/`",
                         .completes = Completes::installed};
  const Positional texts{
      .name = "TEXT",
      .help = "texts; `-` stands for the lines of standard input, as does leaving them out",
      .required = false,
      .many = true};
  const Option install{.name = "install",
                       .help = "install the package first if it is not installed, without asking"};
  const Option threads{.name = "threads",
                       .short_name = 't',
                       .kind = OptionKind::number,
                       .value = "N",
                       .help = "use so many threads",
                       .least = 1};
  const Option jsonl{.name = "jsonl", .help = "one JSON object a line, as they come"};
  const std::vector<Errc> exits = {Errc::not_found, Errc::network, Errc::integrity, Errc::untrusted,
                                   Errc::store,     Errc::refused, Errc::invalid,   Errc::unsupported};
  table.push_back({.name = "run",
                   .group = kGroup,
                   .summary = "answer texts with a model",
                   .description =
                       "Prints one result a line: the label, its probability, the text. A model that tags words "
                       "prints a line for each entity: the text's number, label, probability, its bytes and its "
                       "characters (from-to, counted from 0, the end not included), the words; `none` where there "
                       "is none. From a pipe each line is answered as it comes. A package that "
                       "is not installed is offered for installation on a terminal.\n\n"
                       "MODEL may be `base+head1+head2`: the heads answer in one pass of the base, each line (and "
                       "with --json the answer's `heads`) named by its head. An adapter may stand among them: "
                       "`base+head+adapter`.\n\n"
                       "With --pair texts are read two by two (a question and an answer, two sentences); a line of "
                       "standard input is then {\"text\", \"text_pair\"}. A model that answers questions takes a question and the "
                       "text to find the answer in, and prints the answer and its probability.\n\n"
                       "A probability near 1 or 0 hides how sure a model is: --logits shows the outputs before softmax or sigmoid, "
                       "which order the texts of a reranker. A model trained to give a number (regression) gives that, no "
                       "probability.\n\n"
                       "With --json one document: {\"schema\": \"nano.run/1\", \"data\": "
                       "{\"model\", \"version\", \"variant\", \"results\": [{\"input\", "
                       "\"label\", \"scores\": {label: probability}, \"ms\"}]}, \"warnings\": "
                       "[]}; with --logits, and always of a model with one output, also \"logits\": {label: number} (and "
                       "\"logit\", where there is one); of a question \"answer\" (null: the second text is empty), "
                       "\"score\", \"begin\", \"end\", \"char_begin\", \"char_end\" in the second text, \"no_answer\" (the "
                       "probability that the text does not answer) and \"answers\", the best first; of a tagger \"entities\": [{\"text\", \"label\", \"score\", \"begin\", \"end\" "
                       "(bytes), \"char_begin\", \"char_end\"}] in place of label and scores. With --jsonl one such "
                       "result object a line.",
                   .positionals = {model, texts},
                   .options = {{.name = "top-k",
                                .short_name = 'k',
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "show the N most probable labels",
                                .least = 1},
                               {.name = "pair", .help = "texts come two by two: first and second sentence"},
                               {.name = "logits", .help = "show the outputs before softmax or sigmoid in place of probabilities"},
                               {.name = "merge",
                                .help = "make the adapter part of the weights: slower to open, faster to run"},
                               threads,
                               install,
                               jsonl},
                   .examples = {{.line = "nano run sentiment-50m \"A joy from start to end.\""},
                                {.line = "nano run sentiment-50m --jsonl < reviews.txt",
                                 .what = "one JSON object for each line"},
                                {.line = "nano run ./model.gguf -- \"-5 degrees, lovely\"",
                                 .what = "a file; a text that begins with a dash"},
                                {.line = "nano run base+sentiment-head+ner-head \"A joy from Paris.\"",
                                 .what = "two heads, one pass"},
                                {.line = "nano run same-meaning --pair \"It rains.\" \"It is raining.\"",
                                 .what = "one pair of sentences"},
                                {.line = "nano run reranker --logits --pair \"a query\" \"a text\"",
                                 .what = "a number that orders texts"}},
                   .exits = exits,
                   .run = run_run});
  table.push_back({.name = "embed",
                   .group = kGroup,
                   .summary = "turn texts into vectors",
                   .description = "Prints one JSON array of numbers a line: the text's embedding, of unit "
                                  "length. Texts come as for `nano run`.",
                   .positionals = {model, texts},
                   .options = {threads, install, jsonl},
                   .examples = {{.line = "nano embed sentiment-50m \"A joy from start to end.\""}},
                   .exits = exits,
                   .run = run_embed});
  table.push_back({.name = "path",
                   .group = kGroup,
                   .summary = "print where a model's file lies, for other runtimes",
                   .description = "The path of the installed weights (GGUF). Nothing else is printed, so "
                                  "that it can stand in `$(...)`.",
                   .positionals = {{.name = "NAME",
                                    .help = "an installed package, `NAME:VARIANT` or `NAME@VERSION`",
                                    .completes = Completes::installed}},
                   .examples = {{.line = "llama-embedding -m \"$(nano path sentiment-50m)\" -p \"hello\""}},
                   .exits = {Errc::not_found, Errc::store},
                   .run = run_path});
}

}  // namespace nano::cli
