// resolver/phrases.cpp: how facts and conclusions read.
#include "resolver/phrases.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace nano::resolver {
namespace {

constexpr std::size_t kMaxPieces = 6;  // of a list in a sentence; more are counted
constexpr std::string_view kEvery = "every version of ";

struct Run {
  std::size_t from = 0;
  std::size_t to = 0;  // last one
};

std::vector<Run> runs_of(const IndexSet& versions) {
  std::vector<Run> out;
  for (std::size_t s = 1; s < versions.size(); ++s) {
    if (!versions.test(s)) continue;
    if (out.empty() || out.back().to + 1 != s - 1) out.push_back({s - 1, s - 1});
    out.back().to = s - 1;
  }
  return out;
}

std::string run_text(const Package& package, Run run) {
  const auto& all = package.versions;
  const auto text = [&](std::size_t i) { return all[i].version.text(); };
  if (run.from == run.to) return text(run.from);
  if (run.from == 0) return "<=" + text(run.to);
  if (run.to + 1 == all.size()) return ">=" + text(run.from);
  return ">=" + text(run.from) + " <=" + text(run.to);
}

/// "a, b and c"; a long list ends in "and 7 more".
std::string list_text(const std::vector<std::string>& pieces, const std::string& last_word) {
  std::string out;
  const std::size_t shown = pieces.size() > kMaxPieces ? kMaxPieces - 1 : pieces.size();
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == pieces.size() ? " " + last_word + " " : ", ";
    out += pieces[i];
  }
  if (shown < pieces.size()) out += " " + last_word + " " + std::to_string(pieces.size() - shown) + " more";
  return out;
}

std::string demand_text(const Knowledge& known, const Cause& cause) {
  const Package& to = known.universe[cause.dependency];
  std::string out = to.name.text();
  if (cause.range != "*" && cause.range != "any") out += " " + cause.range;
  if (!cause.abi.empty()) out += " with ABI " + cause.abi;
  if (!cause.variant.empty()) out += " in variant " + cause.variant;
  if (cause.overridden) out += " by your override";
  return out;
}

/// Why no version can meet the demand, in brackets, so that the clause around it stays one clause.
std::string demand_end(const Knowledge& known, const Cause& cause) {
  if (!cause.allowed.is_empty()) return {};
  const Package& to = known.universe[cause.dependency];
  if (to.versions.empty()) return " (no registry has a package named " + to.name.text() + ")";
  if (to.is_root) return " (this project is " + to.name.text() + " " + to.versions.front().version.text() + ")";
  if (!cause.variant.empty()) return " (no version of " + to.name.text() + " that it may be has that variant)";
  if (!cause.abi.empty()) return " (no version of " + to.name.text() + " in that range has it)";
  return " (no version of " + to.name.text() + " is in that range; the newest is " + to.versions.back().version.text() + ")";
}

/// "you ask for", "foo 1.0.0 depends on".
std::string demander_text(const Knowledge& known, const Cause& cause) {
  if (cause.kind == Fact::Kind::requirement) return cause.asker;
  return subject_text(known.universe[cause.package], cause.versions) + " depends on";
}

bool is_demand(const Cause& cause) { return cause.kind == Fact::Kind::requirement || cause.kind == Fact::Kind::dependency; }

/// "one 1.0.0 needs trunk in variant q8 but two 1.0.0 in variant q4".
std::string variants_clause(const Knowledge& known, const Cause& cause) {
  const std::string end = " (one variant of a package is installed at a time)";
  const std::string name = known.universe[cause.dependency].name.text();
  const auto who = [&](PackageId package, const IndexSet& versions, const std::string& asker) {
    return package == kNone ? asker : subject_text(known.universe[package], versions) + " needs";
  };
  const std::string first = who(cause.package, cause.versions, cause.asker);
  const std::string second = who(cause.other, cause.other_versions, cause.other_asker);
  const std::string one = " in variant " + cause.variant;
  const std::string other = " in variant " + cause.other_variant;
  if (first == second) return first + " " + name + " both" + one + " and" + other + end;
  return first + " " + name + one + " but " + second + " it" + other + end;
}

std::string fact_clause(const Knowledge& known, const Cause& cause) {
  if (cause.kind == Fact::Kind::variants) return variants_clause(known, cause);
  if (is_demand(cause)) return demander_text(known, cause) + " " + demand_text(known, cause) + demand_end(known, cause);
  const Package& package = known.universe[cause.package];
  if (cause.kind == Fact::Kind::root) return "this project is " + subject_text(package, cause.versions);
  const std::string subject = subject_text(package, cause.versions);
  if (cause.kind == Fact::Kind::unusable) return subject + " " + cause.reason;
  return subject + " was yanked" + (cause.reason.empty() ? "" : " (" + cause.reason + ")");
}

std::string learned_clause(const Knowledge& known, const Incompatibility& learned) {
  std::vector<std::string> with;
  std::vector<std::string> needs;
  for (const Term& t : learned.terms) {
    const Package& package = known.universe[t.package];
    if (t.is_positive())
      with.push_back(subject_text(package, t.states));
    else
      needs.push_back(package.name.text() + " " + versions_text(package, t.states.complement()));
  }
  for (std::string& n : needs)
    if (n.back() == ' ') n.pop_back();  // any version: the name alone
  if (with.empty() && needs.empty()) return "no set of versions fits";
  if (with.empty()) return list_text(needs, "or") + " is needed";
  if (with.size() == 1 && needs.empty() && with[0].rfind(kEvery, 0) == 0) return "no" + with[0].substr(kEvery.find(' ')) + " can be used";
  if (needs.empty()) return list_text(with, "and") + " cannot be used" + (with.size() > 1 ? " together" : "");
  return list_text(with, "and") + (with.size() > 1 ? " together need " : " needs ") + list_text(needs, "or");
}

/// The cause, if the incompatibility is a fact with a demand that some version can meet.
const Cause* open_demand(const Knowledge& known, IncompatibilityId id) {
  const Incompatibility& i = known.incompatibilities[id];
  if (i.cause == kNone || !is_demand(known.causes[i.cause]) || known.causes[i.cause].allowed.is_empty()) return nullptr;
  return &known.causes[i.cause];
}

/// "a depends on b which depends on c", when all versions of b that a allows are among those that depend on c.
std::optional<std::string> through(const Knowledge& known, IncompatibilityId a, IncompatibilityId b) {
  const Cause* first = open_demand(known, a);
  const uint32_t second_cause = known.incompatibilities[b].cause;
  if (first == nullptr || second_cause == kNone) return std::nullopt;
  const Cause& second = known.causes[second_cause];
  if (second.kind != Fact::Kind::dependency || second.package != first->dependency) return std::nullopt;
  if (!first->allowed.is_subset_of(second.versions)) return std::nullopt;
  return fact_clause(known, *first) + " which depends on " + demand_text(known, second) + demand_end(known, second);
}

}  // namespace

std::string versions_text(const Package& package, const IndexSet& versions) {
  const std::vector<Run> in = runs_of(versions);
  IndexSet others = versions.complement();
  const std::vector<Run> out = runs_of(others);
  if (out.empty() && package.versions.size() > 1) return "";
  const bool except = out.size() == 1 && in.size() > 1;
  std::vector<std::string> pieces;
  for (const Run& run : except ? out : in) pieces.push_back(run_text(package, run));
  return (except ? "other than " : "") + list_text(pieces, "or");
}

std::string subject_text(const Package& package, const IndexSet& versions) {
  const std::string text = versions_text(package, versions);
  return text.empty() ? std::string(kEvery) + package.name.text() : package.name.text() + " " + text;
}

std::string clause(const Knowledge& known, IncompatibilityId id) {
  const Incompatibility& i = known.incompatibilities[id];
  return i.cause == kNone ? learned_clause(known, i) : fact_clause(known, known.causes[i.cause]);
}

std::string clauses(const Knowledge& known, IncompatibilityId a, IncompatibilityId b) {
  if (const auto text = through(known, a, b)) return *text;
  if (const auto text = through(known, b, a)) return *text;
  const Cause* first = open_demand(known, a);
  const Cause* second = open_demand(known, b);
  if (first != nullptr && second != nullptr && first->kind == second->kind && demander_text(known, *first) == demander_text(known, *second)) {
    return demander_text(known, *first) + " both " + demand_text(known, *first) + " and " + demand_text(known, *second);
  }
  // What the person asked for comes first: that is where they are.
  const uint32_t last = known.incompatibilities[b].cause;
  if (last != kNone && known.causes[last].kind == Fact::Kind::requirement) std::swap(a, b);
  return clause(known, a) + " and " + clause(known, b);
}

}  // namespace nano::resolver
