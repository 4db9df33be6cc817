// schemas/golden.cpp: golden files in and out of JSON.
#include "schemas/golden.h"

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

using internal::join;
using internal::Need;
using internal::Object;
using internal::Report;
using Answer = GoldenInput::Answer;

/// Any text, the empty one too: what a model reads need not be fit to print.
std::string input_text(Object& o, const char* key, Need need) {
  const auto node = o.take(key, need);
  if (!node) return {};
  if (!node->is_text()) {
    o.fault(key, "must be a string");
    return {};
  }
  const std::string_view text = node->text();
  if (text.size() <= kMaxGoldenTextBytes) return std::string(text);
  o.fault(key, "has " + std::to_string(text.size()) + " bytes, more than " + std::to_string(kMaxGoldenTextBytes));
  return {};
}

std::map<std::string, Decimal> scores_of(Object& o) {
  std::map<std::string, Decimal> out;
  const auto node = o.take("scores", Need::optional);
  if (!node) return out;
  Object scores(*node, join(o.pointer(), "scores"), o.report());
  if (!scores.valid()) return out;
  if (node->size() > kMaxLabels) {
    o.fault("scores", "holds more than " + std::to_string(kMaxLabels) + " labels");
    return out;
  }
  node->members([&](std::string_view label, internal::Node value) {
    if (const std::string fault = internal::line_fault(label, kMaxLineBytes); !fault.empty())
      scores.fault(label, "the label " + fault);
    if (auto d = scores.as_decimal(label, value)) out.emplace(label, std::move(*d));
    return true;
  });
  return out;
}

GoldenEntity entity_of(const internal::Node& node, const std::string& pointer, std::size_t text_bytes, Report& report) {
  GoldenEntity out;
  Object o(node, pointer, report);
  out.begin = o.integer("begin", Need::required, 0, kMaxGoldenTextBytes).value_or(0);
  const auto end = o.integer("end", Need::required, 1, kMaxGoldenTextBytes);
  out.label = o.line("label", Need::required, kMaxLineBytes);
  out.score = o.decimal("score", Need::optional);
  o.finish();
  if (!end) return out;
  out.end = *end;
  if (out.end <= out.begin) o.fault("end", "is not behind 'begin'");
  if (out.end > text_bytes) o.fault("end", "lies behind the text's " + std::to_string(text_bytes) + " bytes");
  return out;
}

std::vector<Decimal> vector_of(Object& o) {
  std::vector<Decimal> out;
  o.list("vector", Need::optional, kMaxGoldenVector, [&](const internal::Node& item, const std::string& at) {
    auto d = item.is_text() ? Decimal::parse(item.text())
                              : Result<Decimal>(make_error(Errc::invalid, "must be a decimal number in quotes", "as in \"0.8612\""));
    if (d)
      out.push_back(std::move(*d));
    else
      o.report().add(at, d.error().message, d.error().hint);
  });
  return out;
}

void decode(const internal::Node& node, const std::string& pointer, GoldenInput& out, Report& report) {
  Object o(node, pointer, report);
  out.text = input_text(o, "text", Need::required);
  if (o.take("text_pair", Need::optional)) out.pair = input_text(o, "text_pair", Need::optional);
  std::size_t forms = 0;
  const auto has = [&](const char* key, Answer answer) {
    if (!o.take(key, Need::optional)) return false;
    out.answer = answer;
    ++forms;
    return true;
  };
  if (has("label", Answer::label)) out.labels = {o.line("label", Need::optional, kMaxLineBytes)};
  if (has("labels", Answer::labels)) out.labels = o.lines("labels", Need::optional, kMaxLabels, kMaxLineBytes);
  if (has("entities", Answer::entities)) {
    o.list("entities", Need::optional, kMaxGoldenEntities, [&](const internal::Node& item, const std::string& at) {
      out.entities.push_back(entity_of(item, at, out.text.size(), report));
      const std::size_t n = out.entities.size();
      if (n > 1 && out.entities[n - 1].begin < out.entities[n - 2].end)
        report.add(join(at, "begin"), "lies before the end of the entity in front of it", "entities stand in the order of the text");
    });
  }
  if (has("vector", Answer::vector)) out.vector = vector_of(o);
  const bool has_scores = o.take("scores", Need::optional).has_value();
  out.scores = scores_of(o);
  o.finish();
  if (!o.valid()) return;
  if (forms != 1)
    report.add(pointer, forms == 0 ? "has no answer" : "has more than one answer",
               "one of label, labels, entities and vector: `nano golden` writes them");
  if (forms != 1) return;
  if (has_scores && out.answer != Answer::label && out.answer != Answer::labels)
    o.fault("scores", "stand beside a label or labels only");
  const auto vector = node.find("vector");
  if (vector && vector->is_array() && vector->size() == 0) o.fault("vector", "is empty");
  if (out.answer == Answer::vector && out.pair) o.fault("text_pair", "has no place beside a vector: one text is embedded");
}

void decode_document(const internal::Node& doc, GoldenFile& out, Report& report) {
  Object o(doc, "", report);
  o.list("inputs", Need::required, kMaxGoldenInputs, [&](const internal::Node& item, const std::string& at) { decode(item, at, out.inputs.emplace_back(), report); });
  o.finish();
  if (o.valid() && report.problems.empty() && out.inputs.empty()) o.fault("inputs", "is empty");
}

Json to_json(const GoldenInput& in) {
  Json doc = {{"text", in.text}};
  if (in.pair) doc["text_pair"] = *in.pair;
  for (const auto& [label, score] : in.scores) doc["scores"][label] = score.text();
  switch (in.answer) {
    case Answer::label: doc["label"] = in.labels.empty() ? std::string() : in.labels.front(); break;
    case Answer::labels: doc["labels"] = in.labels; break;
    case Answer::entities:
      doc["entities"] = Json::array();
      for (const GoldenEntity& e : in.entities) {
        Json one = {{"begin", e.begin}, {"end", e.end}, {"label", e.label}};
        internal::put(one, "score", e.score);
        doc["entities"].push_back(std::move(one));
      }
      break;
    case Answer::vector:
      doc["vector"] = Json::array();
      for (const Decimal& x : in.vector) doc["vector"].push_back(x.text());
  }
  return doc;
}

}  // namespace

Result<GoldenFile> parse_golden(std::string_view bytes) {
  return internal::parse_document<GoldenFile>(bytes, kMaxGoldenBytes, "golden file", decode_document);
}

Problems check_golden(std::string_view bytes) {
  return internal::check_document<GoldenFile>(bytes, kMaxGoldenBytes, decode_document);
}

Json to_json(const GoldenFile& golden) {
  Json list = Json::array();
  for (const GoldenInput& i : golden.inputs) list.push_back(to_json(i));
  return {{"inputs", std::move(list)}};
}

std::string write_golden(const GoldenFile& golden) {
  return dump_pretty(to_json(golden));
}

}  // namespace nano::schemas
