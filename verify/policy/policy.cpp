// verify/policy/policy.cpp: a table of demands, each one function.
#include "verify/policy/policy.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace nano::verify {
namespace {

using schemas::PolicyRule;

struct Verdict {
  bool asked = false;
  bool holds = false;
  std::string reason{};
};

struct Case {
  const PolicyRule& rule;
  const ReleaseFacts& facts;
  UnixTime now = 0;
  const LicenseAllowed& license_allowed;
};

std::string list(const std::vector<std::string>& words, std::size_t cut = std::string::npos) {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : ", ") + sanitize(w.substr(0, cut));
  return out.empty() ? "nobody" : out;
}

Verdict signers(const Case& c) {
  const auto& want = c.rule.signers;
  if (want.keys.empty()) return {};
  // Distinct keys: one that is listed twice signs once.
  const std::set<std::string> have(c.facts.signers.begin(), c.facts.signers.end());
  const auto good = static_cast<uint64_t>(
      std::count_if(want.keys.begin(), want.keys.end(), [&](const auto& k) { return have.contains(k); }));
  return {true, want.threshold > 0 && good >= want.threshold,
          "signed by " + std::to_string(good) + " of the " + std::to_string(want.threshold) +
              " keys needed (" + list(want.keys, 12) + "); its signers: " + list(c.facts.signers, 12)};
}

Verdict age(const Case& c) {
  const int64_t least = schemas::age_seconds(c.rule.min_release_age);
  if (least == 0) return {};
  if (!c.facts.public_since)
    return {true, false,
            "it is not known since when it is public, and it must be for " + c.rule.min_release_age};
  const int64_t old = c.now - *c.facts.public_since;
  return {
      true, old >= least,
      "public since " + format_time(*c.facts.public_since) + ", and must be for " + c.rule.min_release_age};
}

Verdict licence(const Case& c) {
  if (c.rule.licenses.empty()) return {};
  return {true, c.license_allowed(c.facts.license, c.rule.licenses),
          "licensed " + (c.facts.license.empty() ? "in no stated way" : sanitize(c.facts.license)) +
              "; allowed: " + list(c.rule.licenses)};
}

Verdict kind(const Case& c) {
  if (c.rule.kinds.empty()) return {};
  std::vector<std::string> words;
  for (const auto k : c.rule.kinds) words.emplace_back(schemas::to_text(k));
  return {true, std::find(c.rule.kinds.begin(), c.rule.kinds.end(), c.facts.kind) != c.rule.kinds.end(),
          "of the kind " + std::string(schemas::to_text(c.facts.kind)) + "; allowed: " + list(words)};
}

struct Demand {
  const char* word;
  Verdict (*check)(const Case&);
};
constexpr std::array<Demand, 4> kDemands{
    {{"signers", signers}, {"min_release_age", age}, {"licenses", licence}, {"kinds", kind}}};

bool speaks_of(const PolicyRule& rule, const schemas::PackageName& name) {
  const auto one = [&](const std::string& glob) { return schemas::glob_matches(glob, name); };
  return std::any_of(rule.packages.begin(), rule.packages.end(), one) &&
         std::none_of(rule.except.begin(), rule.except.end(), one);
}

}  // namespace

std::vector<PolicyDecision> judge(const std::vector<PolicySource>& sources, const ReleaseFacts& facts,
                                  UnixTime now, const LicenseAllowed& license_allowed) {
  std::vector<PolicyDecision> out;
  for (const PolicySource& source : sources)
    for (const PolicyRule& rule : source.policy.rules) {
      if (rule.mode == schemas::PolicyMode::off || !speaks_of(rule, facts.name)) continue;
      for (const Demand& demand : kDemands) {
        Verdict v = demand.check({rule, facts, now, license_allowed});
        if (v.asked)
          out.push_back({rule.name, source.where, demand.word, rule.mode, v.holds, std::move(v.reason)});
      }
    }
  return out;
}

}  // namespace nano::verify
