// resolver/task.cpp: candidates judged one by one, then compared.
#include "resolver/task.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "base/text.h"
#include "schemas/first_choice.h"

namespace nano::resolver {
namespace {

/// What concerns the whole version (licence, age, trust, kind): judged as if it had no variants.
std::optional<Refused> refuse_whole(const Offer& offer, const TaskRequest& request) {
  Offer whole = offer;
  whole.variants.clear();
  return refuse(whole, {request.filters, request.machine, request.now}, true);
}

/// The newest version that may be used, releases first, or the newest of all when none may; yanked ones never.
const Offer* newest(const std::vector<Offer>& offers, const TaskRequest& request) {
  const Offer* best = nullptr;
  const auto key = [&](const Offer& o) {
    return std::tuple(!refuse_whole(o, request), schemas::is_first_choice(o.version));
  };
  for (const Offer& o : offers) {
    if (o.yanked) continue;
    if (best == nullptr || key(*best) < key(o) || (key(*best) == key(o) && best->version < o.version))
      best = &o;
  }
  return best;
}

/// Every limit that does not hold: one rejection may have several reasons.
std::vector<std::string> failures(const Offer& offer, const schemas::IndexVariant& variant,
                                  const TaskRequest& request) {
  std::vector<std::string> out;
  Filters none = request.filters;
  none.limits.clear();
  const auto look = [&](const Filters& filters) {
    const Circumstances at{filters, request.machine, request.now};
    if (const auto r = refuse_variant(offer, variant, at, true)) out.push_back(r->reason);
  };
  look(none);
  for (const Limit& l : request.filters.limits) {
    Filters one;
    one.any_machine = true;
    one.limits = {l};
    look(one);
  }
  if (const auto r = refuse_whole(offer, request)) out.push_back(r->reason);
  return out;
}

/// Higher is better, whatever the metric; nothing claimed is the worst.
double goodness(const Candidate& c) {
  if (!c.quality) return -HUGE_VAL;
  return is_better(c.metric, 0, 1) ? -*c.quality : *c.quality;
}

bool at_least_as_good(const Candidate& a, const Candidate& b) {
  // Figures on different data say nothing of each other; none at all is worse than any.
  if (a.quality && b.quality && (a.metric != b.metric || a.dataset != b.dataset)) return false;
  return goodness(a) >= goodness(b) && a.p50_ms.value_or(HUGE_VAL) <= b.p50_ms.value_or(HUGE_VAL) &&
         a.size <= b.size;
}

void mark_front(std::vector<Candidate>& all) {
  for (Candidate& c : all)
    c.on_front = std::none_of(all.begin(), all.end(), [&](const Candidate& o) {
      return &o != &c && at_least_as_good(o, c) && !at_least_as_good(c, o);
    });
}

/// Better first. Candidates without a figure come after those with one.
bool before(const Candidate& a, const Candidate& b, Objective objective, double good_enough) {
  const auto rising = [](double x, double y) { return x == y ? 0 : x < y ? -1 : 1; };
  const int quality = rising(goodness(b), goodness(a));
  const int speed = rising(a.p50_ms.value_or(HUGE_VAL), b.p50_ms.value_or(HUGE_VAL));
  const int size = rising(static_cast<double>(a.size), static_cast<double>(b.size));
  std::vector<int> order;
  switch (objective) {
    case Objective::speed: order = {speed, quality, size}; break;
    case Objective::accuracy: order = {quality, speed, size}; break;
    case Objective::size: order = {size, quality, speed}; break;
    case Objective::balanced: {
      const auto good = [&](const Candidate& c) {
        return c.quality && good_enough - goodness(c) <= kQualityMargin + 1e-9;
      };
      order = {good(a) == good(b) ? 0 : good(a) ? -1 : 1, good(a) ? speed : quality, quality, speed, size};
      break;
    }
  }
  for (const int o : order)
    if (o != 0) return o < 0;
  if (a.name != b.name) return a.name < b.name;
  return a.variant < b.variant;
}

bool holds_word(const std::vector<std::string>& words, const std::string& word) {
  return word.empty() || std::any_of(words.begin(), words.end(),
                                     [&](const std::string& w) { return w.find(word) != std::string::npos; });
}

}  // namespace

Result<TaskWord> task_of(std::string_view word) {
  // Words people use, and the pipeline names of docs/FORMATS.md.
  static const std::vector<std::pair<std::string_view, TaskWord>> table{
      {"sentiment", {"text-classification", "sentiment"}},
      {"classification", {"text-classification", ""}},
      {"topic", {"text-classification", "topic"}},
      {"language-identification", {"text-classification", "language"}},
      {"ner", {"token-classification", ""}},
      {"entities", {"token-classification", ""}},
      {"embedding", {"feature-extraction", ""}},
      {"embeddings", {"feature-extraction", ""}},
      {"similarity", {"sentence-similarity", ""}},
      {"reranking", {"text-ranking", ""}},
      {"generation", {"text-generation", ""}}};
  for (const auto& row : table)
    if (row.first == word) return row.second;
  const auto tasks = schemas::task_words();
  std::vector<std::string> known(tasks.begin(), tasks.end());
  for (const std::string& t : known)
    if (t == word) return TaskWord{t, ""};
  for (const auto& row : table) known.emplace_back(row.first);
  const auto near = nano::nearest(word, known);
  return make_error(
      Errc::usage, "'" + sanitize(word) + "' is not a task",
      near ? "did you mean '" + *near + "'?" : "as in sentiment, ner, embedding, text-classification");
}

TaskRanking rank(const TaskRequest& request, const std::vector<TaskPackage>& packages) {
  TaskRanking out;
  std::set<std::pair<std::string, std::string>> scales;
  // A bound on a metric says by which metric people want to compare.
  std::string metric;
  std::string dataset;
  for (const Limit& l : request.filters.limits)
    if (metric.empty() && l.figure != "p50" && l.figure != "p95" && l.figure != "size" &&
        l.figure != "memory") {
      metric = l.figure;
      dataset = l.dataset;
    }
  for (const TaskPackage& p : packages) {
    const Offer* offer = newest(p.offers, request);
    if (offer == nullptr || offer->task != request.task || !holds_word(p.keywords, request.keyword)) continue;
    if (offer->kind != schemas::Kind::model && offer->kind != schemas::Kind::head &&
        offer->kind != schemas::Kind::grid)
      continue;
    if (!request.language.empty() && std::find(offer->languages.begin(), offer->languages.end(),
                                               request.language) == offer->languages.end())
      continue;
    for (const schemas::IndexVariant& v : offer->variants) {
      Candidate c{.name = p.name,
                  .version = offer->version,
                  .variant = v.name,
                  .license = offer->license,
                  .size = v.size};
      c.dataset = dataset;
      c.metric = metric.empty() ? headline_metric(*offer, &c.dataset) : metric;
      if (!c.metric.empty()) c.quality = claimed(*offer, v, c.metric, c.dataset, request.machine, &c.dataset);
      c.p50_ms = claimed(*offer, v, "p50", "", request.machine);
      c.memory_bytes = claimed(*offer, v, "memory", "", request.machine);
      c.rejected = failures(*offer, v, request);
      if (c.rejected.empty() && c.quality) scales.emplace(c.metric, c.dataset);
      (c.rejected.empty() ? out.candidates : out.rejected).push_back(std::move(c));
    }
  }
  if (scales.size() > 1)
    out.notes.emplace_back("the claims are of different metrics or data sets: compare them with care");
  mark_front(out.candidates);
  double good_enough = -HUGE_VAL;
  for (const Candidate& c : out.candidates) good_enough = std::max(good_enough, goodness(c));
  std::sort(out.candidates.begin(), out.candidates.end(), [&](const Candidate& a, const Candidate& b) {
    return before(a, b, request.objective, good_enough);
  });
  std::sort(out.rejected.begin(), out.rejected.end(), [](const Candidate& a, const Candidate& b) {
    return a.name != b.name ? a.name < b.name : a.variant < b.variant;
  });
  return out;
}

}  // namespace nano::resolver
