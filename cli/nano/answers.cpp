// cli/nano/answers.cpp: scores that can still be told apart near 1, entities, answers to questions, vectors.
#include "cli/nano/answers.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace nano::cli {
namespace {

using app::HeadAnswer;

/// A probability by itself (a sigmoid's) keeps digits of what is missing to 1: 0.9999999783 is not 1.
int digits_near_one(double p) {
  const double missing = 1.0 - p;
  if (!(p > 0.999 && missing > 0.0)) return 6;
  return std::min(17, 4 - static_cast<int>(std::floor(std::log10(missing))));
}

double json_score(const HeadAnswer& a, double score) {
  return rounded(score, a.apart ? digits_near_one(score) : 6);
}

/// The words of a stretch, and where it lies.
void place_json(OrderedJson& j, const char* name, const app::Entity& e) {
  j[name] = sanitize_utf8(e.text);
  if (!e.label.empty()) j["label"] = e.label;
  j["score"] = rounded(e.score);
  j["begin"] = e.begin;
  j["end"] = e.end;
  j["char_begin"] = e.char_begin;
  j["char_end"] = e.char_end;
}

void scores_json(OrderedJson& j, const HeadAnswer& a, const AnswerForm& form) {
  j["label"] = a.label;
  j["scores"] = OrderedJson::object();
  for (std::size_t i = 0; i < a.scores.size() && i < form.top; ++i)
    j["scores"][a.scores[i].label] = json_score(a, a.scores[i].score);
  const bool one = a.scores.size() == 1;
  if (one) j["logit"] = rounded(a.scores.front().logit, 8);
  if (!one && !form.logits) return;
  j["logits"] = OrderedJson::object();
  for (std::size_t i = 0; i < a.scores.size() && i < form.top; ++i)
    j["logits"][a.scores[i].label] = rounded(a.scores[i].logit, 8);
}

void head_json(OrderedJson& j, const HeadAnswer& a, const AnswerForm& form) {
  switch (a.kind) {
    case HeadAnswer::Kind::embed: j["vector"] = floats_json(a.vector); return;
    case HeadAnswer::Kind::tag:
      j["entities"] = OrderedJson::array();
      for (const app::Entity& e : a.entities) {
        OrderedJson one;
        place_json(one, "text", e);
        j["entities"].push_back(std::move(one));
      }
      return;
    case HeadAnswer::Kind::find:
      if (a.entities.empty()) {
        j["answer"] = nullptr;
      } else {
        place_json(j, "answer", a.entities.front());
      }
      j["no_answer"] = rounded(a.no_answer);
      j["answers"] = OrderedJson::array();
      for (std::size_t i = 0; i < a.entities.size() && i < form.top; ++i) {
        OrderedJson one;
        place_json(one, "answer", a.entities[i]);
        j["answers"].push_back(std::move(one));
      }
      return;
    case HeadAnswer::Kind::classify: scores_json(j, a, form);
  }
}

std::string plain_number(const char* how, double v, int digits = 0) {
  char text[48];
  std::snprintf(text, sizeof text, how, digits, v);
  return text;
}

std::string score_text(double p) {
  return plain_number("%.*f", p, 4);
}

std::string shown_score(const HeadAnswer& a, const app::LabelScore& s, bool logits) {
  if (logits) return plain_number("%.*g", s.logit, 8);
  if (!a.apart || s.score <= 0.99995) return score_text(s.score);
  return plain_number("%.*g", s.score, digits_near_one(s.score));
}

std::string shown_input(const TextInput& input) {
  return sanitize(input.text) + (input.pair ? " | " + sanitize(*input.pair) : "");
}

/// In a pipe: label, score (and with --top-k the following ones), text, separated by tabs. On a terminal: in columns.
std::string label_line(const Terminal& t, const TextInput& input, const HeadAnswer& a, const AnswerForm& form) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < a.scores.size() && i < std::max<std::size_t>(form.top, 1); ++i) {
    parts.push_back(sanitize(a.scores[i].label));
    parts.push_back(shown_score(a, a.scores[i], form.logits));
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
    const std::string cell = i % 2 == 0 ? pad(parts[i], form.label_width) : parts[i];
    used += display_width(cell) + 2;
    out += (i == 0 ? styled(t, Style::bold, cell) : cell) + "  ";
  }
  return out + fit(text, t.width > used ? t.width - used : 1);
}

std::string entity_line(const Terminal& t, const app::Entity& e, const std::string& first) {
  const std::string gap = t.tty ? "  " : "\t";
  const auto range = [](const char* what, std::size_t begin, std::size_t end) {
    return std::string(what) + " " + std::to_string(begin) + "-" + std::to_string(end);
  };
  return first + gap + score_text(e.score) + gap + range("bytes", e.begin, e.end) + gap +
         range("chars", e.char_begin, e.char_end) + gap + sanitize(e.text);
}

/// One line an entity: the text's number, label, score, where it is, what it is. An answer to a question is such a line
/// without a label; one text has as many as are asked for.
std::vector<std::string> entity_lines(const Terminal& t, uint64_t number, const HeadAnswer& a, const AnswerForm& form) {
  const std::string gap = t.tty ? "  " : "\t", first = std::to_string(number);
  const bool finds = a.kind == HeadAnswer::Kind::find;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < a.entities.size() && (!finds || i < std::max<std::size_t>(form.top, 1)); ++i) {
    const app::Entity& e = a.entities[i];
    const std::string label = sanitize(e.label);
    lines.push_back(entity_line(t, e, finds ? first : first + gap + (t.tty ? styled(t, Style::bold, label) : label)));
  }
  if (lines.empty()) lines.push_back(first + gap + "none");
  return lines;
}

}  // namespace

OrderedJson floats_json(const std::vector<float>& v) {
  OrderedJson out = OrderedJson::array();
  for (const float f : v) out.push_back(rounded(static_cast<double>(f), 8));
  return out;
}

OrderedJson answer_json(const TextInput& input, const app::Answer& a, const AnswerForm& form) {
  OrderedJson j;
  j["input"] = sanitize_utf8(input.text);
  if (input.pair) j["text_pair"] = sanitize_utf8(*input.pair);
  if (a.heads.size() == 1) {
    head_json(j, a.heads.front(), form);
  } else {
    j["heads"] = OrderedJson::object();
    for (const HeadAnswer& head : a.heads) {
      OrderedJson one = OrderedJson::object();
      head_json(one, head, form);
      j["heads"][head.head] = std::move(one);
    }
  }
  j["ms"] = rounded(a.ms, 4);
  if (a.truncated) j["truncated"] = true;
  return j;
}

std::vector<std::string> answer_lines(const Terminal& t, const TextInput& input, uint64_t number, const app::Answer& a,
                                      const AnswerForm& form) {
  std::vector<std::string> all;
  for (const HeadAnswer& head : a.heads) {
    std::vector<std::string> lines;
    switch (head.kind) {
      case HeadAnswer::Kind::tag:
      case HeadAnswer::Kind::find: lines = entity_lines(t, number, head, form); break;
      case HeadAnswer::Kind::embed: lines = {dump_safe(floats_json(head.vector))}; break;
      case HeadAnswer::Kind::classify: lines = {label_line(t, input, head, form)};
    }
    for (auto& line : lines)
      all.push_back((a.heads.size() > 1 ? sanitize(head.head) + (t.tty ? "  " : "\t") : std::string()) + line);
  }
  return all;
}

}  // namespace nano::cli
