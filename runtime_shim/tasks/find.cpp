// runtime_shim/tasks/find.cpp: two softmaxes and a short walk.
#include "runtime_shim/tasks/find.h"

#include <algorithm>
#include <cmath>

#include "runtime_shim/tasks/words.h"

namespace nano::tasks {
namespace {

struct Candidate {
  double score = 0.0;
  std::size_t begin = 0, end = 0;  ///< tokens, the last included
};

}  // namespace

FoundAnswers find_answers(std::string_view context, const tokenizer::Encoding& encoding, std::span<const float> logits) {
  FoundAnswers out;
  const std::size_t first = encoding.second;
  std::size_t last = first;
  while (last < encoding.ids.size() && encoding.words[last] != tokenizer::kNoWord) ++last;
  if (first == 0 || first == last) return out;
  const std::size_t n = last - first;
  std::vector<double> p[2];
  double nothing = 1.0;
  for (std::size_t side = 0; side < 2; ++side) {
    const auto at = [&](std::size_t token) { return static_cast<double>(logits[2 * token + side]); };
    double most = at(0), total = 0.0;
    for (std::size_t t = 0; t < n; ++t) most = std::max(most, at(first + t));
    p[side].resize(n);
    for (std::size_t t = 0; t < n; ++t) total += p[side][t] = std::exp(at(first + t) - most);
    const double cls = std::exp(at(0) - most);
    total += cls;
    for (double& v : p[side]) v /= total;
    nothing *= cls / total;
  }
  out.no_answer = static_cast<float>(nothing);

  std::vector<Candidate> all;
  for (std::size_t b = 0; b < n; ++b) {
    for (std::size_t e = b; e < std::min(n, b + kMostAnswerTokens); ++e) all.push_back({p[0][b] * p[1][e], b, e});
  }
  std::stable_sort(all.begin(), all.end(), [](const Candidate& x, const Candidate& y) { return x.score > y.score; });
  const std::vector<int32_t> words = words_of(context, encoding, first, last);
  for (const Candidate& c : all) {
    std::size_t b = c.begin, e = c.end;
    while (b > 0 && words[b] != tokenizer::kNoWord && words[b - 1] == words[b]) --b;
    while (e + 1 < n && words[e] != tokenizer::kNoWord && words[e + 1] == words[e]) ++e;
    const tokenizer::Range whole{encoding.offsets[first + b].begin, encoding.offsets[first + e].end};
    const tokenizer::Range range = trimmed(context, whole);
    if (range.begin >= range.end) continue;
    const bool free = std::all_of(out.spans.begin(), out.spans.end(), [&](const Span& s) { return range.end <= s.begin || range.begin >= s.end; });
    if (!free) continue;
    Span span{.begin = range.begin, .end = range.end, .label = {}, .score = static_cast<float>(c.score)};
    span.char_begin = characters(context, 0, span.begin);
    span.char_end = span.char_begin + characters(context, span.begin, span.end);
    out.spans.push_back(std::move(span));
    if (out.spans.size() == kMostAnswers) break;
  }
  return out;
}

}  // namespace nano::tasks
