// schemas/vocabulary.cpp: the word lists themselves, and the grammars of licences, URLs and languages.
#include "schemas/vocabulary.h"

#include <algorithm>
#include <array>
#include <vector>

namespace nano::schemas {
namespace {

using Words = std::vector<std::string>;

const Words& kinds() {
  static const Words w{"model", "base", "head", "adapter", "grid", "dataset", "project"};
  return w;
}
const Words& roles() {
  static const Words w{"weights", "tokenizer", "card", "license", "eval", "golden", "config", "other"};
  return w;
}
const Words& data_uses() {
  static const Words w{"train", "pretrain", "eval"};
  return w;
}
const Words& accesses() {
  static const Words w{"open", "gated"};
  return w;
}
const Words& dependency_uses() {
  static const Words w{"base", "router", "expert", "dataset", "model"};
  return w;
}
const Words& directions() {
  static const Words w{"higher", "lower"};
  return w;
}

/// Reads an SPDX licence expression (SPDX 2.3, annex D). Precedence of AND over OR does not matter for whether it is one.
class SpdxReader {
 public:
  explicit SpdxReader(std::string_view text) : text_(text) {}
  bool whole() { return expression(0) && (skip(), at_ == text_.size()); }

 private:
  static bool is_id_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == ':';
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  std::string_view word() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_id_char(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  static bool is_joint(std::string_view w) { return w == "AND" || w == "OR" || w == "WITH"; }
  bool term(int depth) {
    skip();
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      if (depth >= 16 || !expression(depth + 1)) return false;
      skip();
      return at_ < text_.size() && text_[at_++] == ')';
    }
    const std::string_view id = word();
    return !id.empty() && !is_joint(id) && id.front() != '+' && id.front() != '-';
  }
  bool expression(int depth) {
    if (!term(depth)) return false;
    for (;;) {
      const std::size_t before = at_;
      const std::string_view joint = word();
      if (joint.empty()) {
        at_ = before;
        return true;
      }
      if (!is_joint(joint) || !term(depth)) return false;
    }
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view to_text(Kind k) { return kinds()[static_cast<std::size_t>(k)]; }
std::string_view to_text(Role r) { return roles()[static_cast<std::size_t>(r)]; }
std::string_view to_text(DataUse u) { return data_uses()[static_cast<std::size_t>(u)]; }
std::string_view to_text(Access a) { return accesses()[static_cast<std::size_t>(a)]; }
std::string_view to_text(DependencyUse u) { return dependency_uses()[static_cast<std::size_t>(u)]; }
std::string_view to_text(Direction d) { return directions()[static_cast<std::size_t>(d)]; }

std::span<const std::string> kind_words() { return kinds(); }
std::span<const std::string> role_words() { return roles(); }
std::span<const std::string> data_use_words() { return data_uses(); }
std::span<const std::string> access_words() { return accesses(); }
std::span<const std::string> dependency_use_words() { return dependency_uses(); }
std::span<const std::string> direction_words() { return directions(); }

// Hugging Face's pipeline_tag values that a small network can serve (huggingface.co/tasks).
std::span<const std::string> task_words() {
  static const Words w{"audio-classification",
                       "automatic-speech-recognition",
                       "feature-extraction",
                       "fill-mask",
                       "image-classification",
                       "image-feature-extraction",
                       "image-segmentation",
                       "image-to-text",
                       "keypoint-detection",
                       "mask-generation",
                       "object-detection",
                       "question-answering",
                       "sentence-similarity",
                       "summarization",
                       "table-question-answering",
                       "tabular-classification",
                       "tabular-regression",
                       "text-classification",
                       "text-generation",
                       "text-ranking",
                       "text-to-speech",
                       "time-series-forecasting",
                       "token-classification",
                       "translation",
                       "voice-activity-detection",
                       "zero-shot-classification",
                       "zero-shot-image-classification"};
  return w;
}

namespace {

/// A name, and what people say for it ("" = the same).
struct Quantization {
  std::string_view word{};
  std::string_view said{};
  bool written = false;  ///< does `nano quantize` write it?
};

// The tensor types of runtime_shim/quant/types.cpp that weights can have, in lower case (a test holds the two tables against
// each other), and files of several.
constexpr std::array kQuantizations{
    Quantization{"f32", "", true},       Quantization{"f16", "", true},       Quantization{"bf16", "", true},
    Quantization{"q8_0", "q8", true},    Quantization{"q4_0", "q4", true},    Quantization{"q4_1", "", true},
    Quantization{"q5_0", "q5", true},    Quantization{"q5_1", "", true},      Quantization{"nano_q3", "q3", true},
    Quantization{"nano_q2", "q2", true}, Quantization{"q2_k"},    Quantization{"q3_k"},   Quantization{"q4_k"},
    Quantization{"q5_k"},    Quantization{"q6_k"},    Quantization{"q8_k"},   Quantization{"iq1_s"},
    Quantization{"iq1_m"},   Quantization{"iq2_xxs"}, Quantization{"iq2_xs"}, Quantization{"iq2_s"},
    Quantization{"iq3_xxs"}, Quantization{"iq3_s"},   Quantization{"iq4_nl"}, Quantization{"iq4_xs"},
    Quantization{"tq1_0"},   Quantization{"tq2_0"},   Quantization{"mxfp4"},  Quantization{"mixed"}};

}  // namespace

std::span<const std::string> quantization_words() {
  static const Words w = [] {
    Words out;
    for (const auto& q : kQuantizations) out.emplace_back(q.word);
    return out;
  }();
  return w;
}

std::span<const std::string> quantization_spellings() {
  static const Words w = [] {
    Words out;
    for (const auto& q : kQuantizations) out.emplace_back(q.word);
    for (const auto& q : kQuantizations)
      if (!q.said.empty()) out.emplace_back(q.said);
    return out;
  }();
  return w;
}

std::span<const std::string_view> quantize_spellings() {
  static const std::vector<std::string_view> w = [] {
    std::vector<std::string_view> out;
    for (const auto& q : kQuantizations) {
      if (q.written && !q.said.empty()) out.push_back(q.said);
      if (q.written) out.push_back(q.word);
    }
    return out;
  }();
  return w;
}

std::optional<std::string> quantization_named(std::string_view spelling) {
  std::string lower(spelling);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const auto& q : kQuantizations)
    if (lower == q.word || (!q.said.empty() && lower == q.said)) return std::string(q.word);
  return std::nullopt;
}

std::string quantization_short(std::string_view word) {
  for (const auto& q : kQuantizations)
    if (word == q.word && !q.said.empty()) return std::string(q.said);
  std::string out(word);
  std::replace(out.begin(), out.end(), '_', '-');  // the grammar of variants' names
  return out;
}

std::span<const std::string> isa_words() {
  static const Words w{"avx2", "avx512", "avx512-vnni", "amx-int8", "neon", "neon-dotprod", "sve"};
  return w;
}

std::span<const std::string> value_type_words() {
  static const Words w{"text", "text-pair", "label", "labels", "spans", "tokens", "embedding", "scores", "image", "audio", "table", "number"};
  return w;
}

std::span<const Metric> metrics() {
  static const std::vector<Metric> table{
      {"accuracy", "fraction", Direction::higher},
      {"balanced-accuracy", "fraction", Direction::higher},
      {"precision", "fraction", Direction::higher},
      {"recall", "fraction", Direction::higher},
      {"f1", "fraction", Direction::higher},
      {"f1-macro", "fraction", Direction::higher},
      {"f1-micro", "fraction", Direction::higher},
      {"f1-entity", "fraction", Direction::higher},
      {"auroc", "fraction", Direction::higher},
      {"exact-match", "fraction", Direction::higher},
      {"ndcg-at-10", "fraction", Direction::higher},
      {"recall-at-10", "fraction", Direction::higher},
      {"matthews-correlation", "coefficient", Direction::higher},
      {"spearman", "coefficient", Direction::higher},
      {"pearson", "coefficient", Direction::higher},
      {"bleu", "points", Direction::higher},
      {"chrf", "points", Direction::higher},
      {"rouge-l", "points", Direction::higher},
      {"perplexity", "perplexity", Direction::lower},
      {"bits-per-byte", "bits", Direction::lower},
      {"cross-entropy", "nats", Direction::lower},
      {"wer", "fraction", Direction::lower},
      {"cer", "fraction", Direction::lower},
      {"calibration-error", "fraction", Direction::lower},
  };
  return table;
}

const Metric* find_metric(std::string_view id) {
  for (const Metric& m : metrics())
    if (m.id == id) return &m;
  return nullptr;
}

bool is_spdx_expression(std::string_view text) {
  return !text.empty() && text.size() <= 512 && text.front() != ' ' && text.back() != ' ' && SpdxReader(text).whole();
}

bool is_web_url(std::string_view text) {
  if (text.size() > 2048) return false;
  std::string_view rest = text;
  if (rest.substr(0, 8) == "https://") {
    rest.remove_prefix(8);
  } else if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
  } else {
    return false;
  }
  if (rest.empty() || rest.front() == '/' || rest.front() == ':' || rest.front() == '?' || rest.front() == '#') return false;
  for (const char c : rest)
    if (c <= ' ' || c > '~' || c == '"' || c == '<' || c == '>' || c == '\\' || c == '`') return false;
  return true;
}

bool is_language(std::string_view text) {
  if (text.size() != 2 && text.size() != 3) return false;
  for (const char c : text)
    if (c < 'a' || c > 'z') return false;
  return true;
}

}  // namespace nano::schemas
