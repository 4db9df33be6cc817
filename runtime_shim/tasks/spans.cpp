// runtime_shim/tasks/spans.cpp: one walk over the tokens, one over the text for the characters.
#include "runtime_shim/tasks/spans.h"

#include <algorithm>

namespace nano::tasks {
namespace {

enum class Mark { none, begin, inside, end, single };

struct Tag {
  Mark mark = Mark::none;
  std::string_view label{};
};

Tag tag_of(std::string_view label) {
  if (label == "O" || label.empty()) return {};
  if (label.size() > 2 && (label[1] == '-' || label[1] == '_')) {
    const std::string_view rest = label.substr(2);
    switch (label[0]) {
      case 'B': return {Mark::begin, rest};
      case 'I':
      case 'M': return {Mark::inside, rest};
      case 'E':
      case 'L': return {Mark::end, rest};
      case 'S':
      case 'U': return {Mark::single, rest};
      default: break;
    }
  }
  return {Mark::inside, label};
}

// Characters of a text from byte to byte. Bytes of a broken sequence are one each.
std::size_t characters(std::string_view text, std::size_t from, std::size_t to) {
  std::size_t n = 0;
  while (from < to) {
    const auto lead = static_cast<unsigned char>(text[from]);
    std::size_t length = lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
    if (lead >= 0xF8 || from + length > text.size()) length = 1;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[from + i]) & 0xC0) != 0x80) length = 1;
    }
    from += length;
    ++n;
  }
  return n;
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
  for (std::size_t t = 0; t < encoding.ids.size();) {
    const int32_t word = encoding.words[t];
    if (word == tokenizer::kNoWord) {
      ++t;
      continue;
    }
    const auto row = scores.subspan(t * labels.size(), labels.size());
    const auto best = std::max_element(row.begin(), row.end());
    const std::size_t begin = encoding.offsets[t].begin;
    std::size_t end = encoding.offsets[t].end;
    for (; t < encoding.ids.size() && encoding.words[t] == word; ++t)
      end = std::max(end, encoding.offsets[t].end);
    const Tag tag = tag_of(labels[static_cast<std::size_t>(best - row.begin())]);
    if (tag.mark == Mark::none) {
      close();
      continue;
    }
    const bool joins =
        open && spans.back().label == tag.label && tag.mark != Mark::begin && tag.mark != Mark::single;
    if (!joins) {
      close();
      spans.push_back({begin, end, 0, 0, std::string(tag.label), 0.0f});
      words = 0;
      open = true;
    }
    spans.back().end = end;
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
