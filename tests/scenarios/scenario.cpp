// tests/scenarios/scenario.cpp: scenarios played, and what came of them as text.
#include "tests/scenarios/scenario.h"

#include <algorithm>

#include "base/text.h"

namespace nano::test {
namespace {

using resolver::Offer;
using schemas::PackageName;

std::string candidate_line(const resolver::Candidate& c) {
  std::string out = c.name.text() + " " + c.version.text() + " " + c.variant;
  if (c.quality)
    out += ", " + c.metric + " " + resolver::figure_text(c.metric, *c.quality) +
           (c.dataset.empty() ? "" : " on " + c.dataset);
  if (c.p50_ms) out += ", p50 " + resolver::figure_text("p50", *c.p50_ms);
  out += ", " + human_bytes(c.size);
  return out;
}

std::string play_task(Scenario& s) {
  const auto word = resolver::task_of(s.task);
  if (!word) return "error: " + word.error().message + "\n";
  const resolver::TaskRequest request{
      .task = word->task,
      .keyword = word->keyword,
      .language = s.language,
      .filters = s.request.filters,
      .machine = s.request.machine,
      .now = kScenarioNow,
      .objective = s.request.objective.value_or(resolver::Objective::balanced)};
  std::vector<resolver::TaskPackage> packages;
  for (const auto& [name, offers] : s.catalog.packages)
    packages.push_back({name, s.catalog.keywords[name], offers});
  const auto ranking = resolver::rank(request, packages);
  std::string out;
  for (const auto& c : ranking.candidates) out += (c.on_front ? "* " : "  ") + candidate_line(c) + "\n";
  for (const auto& c : ranking.rejected) {
    out += "- " + candidate_line(c) + ":";
    for (std::size_t i = 0; i < c.rejected.size(); ++i) out += (i == 0 ? " " : "; ") + c.rejected[i];
    out += "\n";
  }
  for (const auto& n : ranking.notes) out += "note: " + n + "\n";
  return out.empty() ? "nothing does that\n" : out;
}

}  // namespace

Result<std::vector<Offer>> MemoryCatalog::offers(const PackageName& name) {
  const auto it = packages.find(name);
  return it == packages.end() ? std::vector<Offer>{} : it->second;
}

std::optional<PackageName> MemoryCatalog::nearest(const PackageName& name) {
  std::vector<std::string> names;
  for (const auto& [n, offers] : packages) names.push_back(n.text());
  const auto near = nano::nearest(name.text(), names);
  return near ? std::optional<PackageName>(PackageName::parse(*near).value()) : std::nullopt;
}

std::string play(Scenario& s) {
  if (!s.task.empty()) return play_task(s);
  resolver::Memory memory(s.catalog);
  auto outcome = resolver::choose(s.request, memory);
  if (!outcome) {
    std::string out = "error " + std::to_string(static_cast<int>(outcome.error().code)) + ": " +
                      outcome.error().message + "\n";
    return outcome.error().hint.empty() ? out : out + "hint: " + outcome.error().hint + "\n";
  }
  std::string out;
  if (const auto* refusal = std::get_if<resolver::Refusal>(&*outcome)) {
    for (const auto& l : resolver::lines_of(*refusal)) out += l + "\n";
    return refusal->by_trust ? out + "refused by trust alone\n" : out;
  }
  const auto& choices = std::get<resolver::Choices>(*outcome);
  if (choices.size() > 20) return std::to_string(choices.size()) + " packages\n";
  for (const auto& [name, c] : choices) {
    out += name.text() + " " + c.version.text() + (c.variant.name.empty() ? "" : " " + c.variant.name) + "\n";
    if (c.variant.verdicts.size() > 1)
      for (const auto& v : c.variant.verdicts)
        out += std::string("  ") + (v.chosen ? "+ " : "- ") + v.name + ": " + v.why + "\n";
  }
  return out.empty() ? "nothing to do\n" : out;
}

}  // namespace nano::test
