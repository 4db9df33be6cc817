// runtime_shim/tasks/spans.cpp: one walk over the tokens, one over the text for the characters.
#include "runtime_shim/tasks/spans.h"

#include <algorithm>
#include <set>

#include "runtime_shim/tasks/words.h"

namespace nano::tasks {
namespace {

enum class Mark { none, begin, inside, end, single };

struct Tag {
  Mark mark = Mark::none;
  std::string_view label{};
};

// What a label is once it stands behind a prefix; none: it has none.
struct Prefixed {
  char prefix = '\0';
  char joint = '\0';
  std::string_view rest{};
};
Prefixed prefixed(std::string_view label) {
  if (label.size() <= 2 || (label[1] != '-' && label[1] != '_')) return {};
  return {label[0], label[1], label.substr(2)};
}

// "B-X" and "I-X" say what they are; "E-X", "S-X" and such, and all with "_", only in company: "E-mail" is a word.
std::vector<Tag> tags_of(std::span<const std::string> labels) {
  std::set<std::string, std::less<>> all(labels.begin(), labels.end());
  const auto has = [&](char prefix, const Prefixed& p) {
    return all.contains(std::string{prefix, p.joint} + std::string(p.rest));
  };
  std::vector<Tag> tags;
  for (const std::string& label : labels) {
    Tag& tag = tags.emplace_back(Tag{Mark::inside, label});
    if (label.empty() || label == "O") tag = {};
    const Prefixed p = prefixed(label);
    if (p.joint == '\0') continue;
    const bool begins = has('B', p), goes_on = has('I', p) || has('M', p);
    const bool scheme = p.joint == '-' ? p.prefix == 'B' || p.prefix == 'I' || begins || goes_on
                                       : begins && (goes_on || has('E', p) || has('L', p));
    if (!scheme) continue;
    switch (p.prefix) {
      case 'B': tag = {Mark::begin, p.rest}; break;
      case 'I':
      case 'M': tag = {Mark::inside, p.rest}; break;
      case 'E':
      case 'L': tag = {Mark::end, p.rest}; break;
      case 'S':
      case 'U':
      case 'W': tag = {Mark::single, p.rest}; break;
      default: break;
    }
  }
  return tags;
}

}  // namespace

std::vector<Span> decode_spans(std::string_view text, const tokenizer::Encoding& encoding,
                               std::span<const std::string> labels, std::span<const float> scores) {
  std::vector<Span> spans;
  std::size_t words = 0;  // of the open span
  bool open = false;
  const auto close = [&] {
    if (open) spans.back().score /= static_cast<float>(words);
    open = false;
  };
  const std::vector<Tag> tags = tags_of(labels);
  const std::vector<int32_t> word_of = words_of(text, encoding, 0, encoding.ids.size());
  for (std::size_t t = 0; t < encoding.ids.size();) {
    const int32_t word = word_of[t];
    if (word == tokenizer::kNoWord) {
      ++t;
      continue;
    }
    const auto row = scores.subspan(t * labels.size(), labels.size());
    const auto best = std::max_element(row.begin(), row.end());
    tokenizer::Range range = encoding.offsets[t];
    for (; t < encoding.ids.size() && word_of[t] == word; ++t) range.end = std::max(range.end, encoding.offsets[t].end);
    range = trimmed(text, range);
    const Tag& tag = tags[static_cast<std::size_t>(best - row.begin())];
    if (tag.mark == Mark::none) {
      close();
      continue;
    }
    const bool joins =
        open && spans.back().label == tag.label && tag.mark != Mark::begin && tag.mark != Mark::single;
    if (!joins) {
      close();
      spans.push_back({range.begin, range.end, 0, 0, std::string(tag.label), 0.0f});
      words = 0;
      open = true;
    }
    spans.back().end = std::max(spans.back().end, range.end);
    spans.back().score += *best;
    ++words;
    if (tag.mark == Mark::end || tag.mark == Mark::single) close();
  }
  close();
  std::size_t at = 0, n = 0;
  for (Span& span : spans) {
    span.char_begin = n += characters(text, at, span.begin);
    span.char_end = n += characters(text, span.begin, span.end);
    at = span.end;
  }
  return spans;
}

}  // namespace nano::tasks
