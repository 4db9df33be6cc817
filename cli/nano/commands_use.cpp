// cli/nano/commands_use.cpp: run, embed, path.
#include <functional>

#include "app/list.h"
#include "app/run.h"
#include "base/text.h"
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

/// The shortest decimal that reads back as the same float.
OrderedJson floats(const std::vector<float>& v) {
  OrderedJson out = OrderedJson::array();
  for (const float f : v) out.push_back(rounded(static_cast<double>(f), 8));
  return out;
}

/// Labels come with the model: they are foreign.
void head_json(OrderedJson& j, const app::HeadAnswer& a, std::size_t top) {
  switch (a.kind) {
    case app::HeadAnswer::Kind::embed: j["vector"] = floats(a.vector); return;
    case app::HeadAnswer::Kind::tag: {
      j["entities"] = OrderedJson::array();
      for (const app::Entity& e : a.entities) {
        OrderedJson one;
        one["text"] = sanitize_utf8(e.text);
        one["label"] = e.label;
        one["score"] = rounded(e.score);
        one["begin"] = e.begin;
        one["end"] = e.end;
        one["char_begin"] = e.char_begin;
        one["char_end"] = e.char_end;
        j["entities"].push_back(std::move(one));
      }
      return;
    }
    case app::HeadAnswer::Kind::classify: break;
  }
  j["label"] = a.label;
  j["scores"] = OrderedJson::object();
  for (std::size_t i = 0; i < a.scores.size() && i < top; ++i)
    j["scores"][a.scores[i].first] = rounded(a.scores[i].second);
}

OrderedJson answer_json(const TextInput& input, const app::Answer& a, std::size_t top) {
  OrderedJson j;
  j["input"] = sanitize_utf8(input.text);
  if (input.pair) j["text_pair"] = sanitize_utf8(*input.pair);
  if (a.heads.size() == 1) {
    head_json(j, a.heads.front(), top);
  } else {
    j["heads"] = OrderedJson::object();
    for (const app::HeadAnswer& head : a.heads) {
      OrderedJson one = OrderedJson::object();
      head_json(one, head, top);
      j["heads"][head.head] = std::move(one);
    }
  }
  j["ms"] = rounded(a.ms, 4);
  if (a.truncated) j["truncated"] = true;
  return j;
}

std::string score_text(double p) {
  char text[24];
  std::snprintf(text, sizeof text, "%.4f", p);
  return text;
}

std::string shown_input(const TextInput& input) {
  return sanitize(input.text) + (input.pair ? " | " + sanitize(*input.pair) : "");
}

/// In a pipe: label, score (and with --top-k the following ones), text, separated by tabs. On a terminal: in columns.
std::string label_line(const Terminal& t, const TextInput& input, const app::HeadAnswer& a, std::size_t top,
                       std::size_t label_width) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < a.scores.size() && i < std::max<std::size_t>(top, 1); ++i) {
    parts.push_back(sanitize(a.scores[i].first));
    parts.push_back(score_text(a.scores[i].second));
  }
  if (parts.empty()) parts = {sanitize(a.label)};
  const std::string text = shown_input(input);
  std::string out;
  if (!t.tty) {
    for (const auto& p : parts) out += p + "\t";
    return out + text;
  }
  std::size_t used = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string cell = i % 2 == 0 ? pad(parts[i], label_width) : parts[i];
    used += display_width(cell) + 2;
    out += (i == 0 ? styled(t, Style::bold, cell) : cell) + "  ";
  }
  return out + fit(text, t.width > used ? t.width - used : 1);
}

/// One line an entity: the text's number, label, score, where it is, what it is.
std::vector<std::string> entity_lines(const Terminal& t, uint64_t number, const app::HeadAnswer& a) {
  const std::string gap = t.tty ? "  " : "\t", first = std::to_string(number) + gap;
  std::vector<std::string> lines;
  for (const app::Entity& e : a.entities) {
    const auto range = [](const char* what, std::size_t begin, std::size_t end) {
      return std::string(what) + " " + std::to_string(begin) + "-" + std::to_string(end);
    };
    const std::string label = sanitize(e.label);
    lines.push_back(first + (t.tty ? styled(t, Style::bold, label) : label) + gap + score_text(e.score) + gap +
                    range("bytes", e.begin, e.end) + gap + range("chars", e.char_begin, e.char_end) + gap +
                    sanitize(e.text));
  }
  if (lines.empty()) lines.push_back(first + "none");
  return lines;
}

/// The lines for a text: of several heads each begins with the head's name.
std::vector<std::string> answer_lines(const Terminal& t, const TextInput& input, uint64_t number, const app::Answer& a,
                                      std::size_t top, std::size_t label_width) {
  std::vector<std::string> all;
  for (const app::HeadAnswer& head : a.heads) {
    std::vector<std::string> lines;
    if (head.kind == app::HeadAnswer::Kind::tag) lines = entity_lines(t, number, head);
    if (head.kind == app::HeadAnswer::Kind::embed) lines = {dump_safe(floats(head.vector))};
    if (head.kind == app::HeadAnswer::Kind::classify) lines = {label_line(t, input, head, top, label_width)};
    for (auto& line : lines)
      all.push_back((a.heads.size() > 1 ? sanitize(head.head) + (t.tty ? "  " : "\t") : std::string()) + line);
  }
  return all;
}

Result<int> run_run(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY(check_texts(in));
  NANO_TRY_ASSIGN(app::OpenModel model, open_model(in, ctx));
  const bool lines = in.has("jsonl");
  const bool document = in.json() && !lines;
  const auto top = static_cast<std::size_t>(in.number("top-k", lines || document ? UINT32_MAX : 1));
  std::size_t label_width = 0;
  for (const auto& l : model.labels()) label_width = std::max(label_width, display_width(sanitize(l)));
  OrderedJson results = OrderedJson::array();
  uint64_t n = 0;
  const auto one = [&](const TextInput& input) -> Status {
    ++n;
    NANO_TRY_ASSIGN(const app::Answer answer, model.answer(input.text, input.pair));
    if (answer.truncated)
      in.session().log.warn("text " + std::to_string(n) +
                            " is longer than the model's context; its end was not read");
    if (document) {
      results.push_back(answer_json(input, answer, top));
      return Unit{};
    }
    if (lines) {
      in.out().line(dump_safe(answer_json(input, answer, top)));
    } else {
      for (const auto& line : answer_lines(in.session().out_terminal, input, n, answer, top, label_width))
        in.out().line(line);
    }
    return in.out().flush();
  };
  NANO_TRY(for_each_input(in, one));
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
  NANO_TRY(check_texts(in));
  NANO_TRY_ASSIGN(app::OpenModel model, open_model(in, ctx));
  const bool lines = in.has("jsonl");
  const bool document = in.json() && !lines;
  OrderedJson results = OrderedJson::array();
  std::size_t dimensions = 0;
  uint64_t n = 0;
  const auto one = [&](std::string_view text) -> Status {
    ++n;
    NANO_TRY_ASSIGN(const app::EmbedAnswer answer, model.embed(text));
    if (answer.truncated)
      in.session().log.warn("text " + std::to_string(n) +
                            " is longer than the model's context; its end was not read");
    dimensions = answer.vector.size();
    OrderedJson vector = floats(answer.vector);
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
      .help = "texts; `-` stands for the lines of standard input, as does leaving them out in a pipe",
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
                       "standard input is then {\"text\", \"text_pair\"}.\n\n"
                       "With --json one document: {\"schema\": \"nano.run/1\", \"data\": "
                       "{\"model\", \"version\", \"variant\", \"results\": [{\"input\", "
                       "\"label\", \"scores\": {label: probability}, \"ms\"}]}, \"warnings\": "
                       "[]}; of a tagger \"entities\": [{\"text\", \"label\", \"score\", \"begin\", \"end\" "
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
                                 .what = "one pair of sentences"}},
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
