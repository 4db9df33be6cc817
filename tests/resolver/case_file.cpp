// tests/resolver/case_file.cpp: reads the scenarios of Dart's pub and holds the resolver against them.
#include "tests/resolver/case_file.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "tests/resolver/check.h"

namespace nano::test {
namespace {

using Locked = std::map<PackageName, Version>;

Error broken(const std::string& what) { return make_error(Errc::invalid, what, "see tests/resolver/case_file.h for the format"); }

bool is_version_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

/// Builds rank above their version in pub, and nano's versions have none. Where a case has builds, every patch number is
/// multiplied to make room for them; the order stays the same.
class Spelling {
 public:
  explicit Spelling(const std::string& whole_case) {
    std::set<std::string> builds;
    for (std::size_t at = whole_case.find('+'); at != std::string::npos; at = whole_case.find('+', at + 1)) {
      std::size_t end = at + 1;
      while (end < whole_case.size() && is_version_char(whole_case[end])) ++end;
      builds.insert(whole_case.substr(at + 1, end - at - 1));
    }
    std::vector<std::string> sorted(builds.begin(), builds.end());
    std::sort(sorted.begin(), sorted.end(), [](const std::string& a, const std::string& b) {
      const auto va = Version::parse("0.0.0-" + a);
      const auto vb = Version::parse("0.0.0-" + b);
      return va && vb ? va.value() < vb.value() : a < b;
    });
    for (const std::string& b : sorted) rank_.emplace(b, rank_.size() + 1);
  }

  /// One full version; anything else is left as it is.
  std::string version_text(const std::string& text) const {
    if (rank_.empty()) return text;
    const std::size_t plus = text.find('+');
    const auto v = Version::parse(text.substr(0, plus));
    if (!v) return text;
    Version out = v.value();
    out.patch *= rank_.size() + 1;
    if (plus != std::string::npos) {
      const std::size_t rank = rank_.at(text.substr(plus + 1));
      if (out.is_prerelease())
        out.pre.insert(out.pre.end(), {"0", std::to_string(rank)});
      else
        out.patch += rank;
    }
    return out.text();
  }

  std::string range_text(const std::string& text) const {
    if (text == "any" || text.empty()) return "*";
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] < '0' || text[i] > '9') {
        out += text[i++];
        continue;
      }
      std::size_t end = i;
      while (end < text.size() && is_version_char(text[end])) ++end;
      const std::string version = text.substr(i, end - i);
      const auto plain = Version::parse(version.substr(0, version.find('+')));
      if (plain && plain.value().major == 0 && plain.value().minor == 0 && !out.empty() && out.back() == '^') {
        out.pop_back();
        out += ">=" + version_text(version) + " <0.1.0";
      } else {
        out += version_text(version);
      }
      i = end;
    }
    return out;
  }

 private:
  std::map<std::string, std::size_t> rank_{};
};

struct ParsedRange {
  VersionSet set{};
  std::vector<Version> named{};  ///< the pre-releases that it begins from
};

/// A range that nothing can satisfy (`>2.0.0 <1.0.0`) is refused by Range; here it is an empty set.
Result<ParsedRange> parse_range(const std::string& text) {
  auto whole = schemas::Range::parse(text);
  if (whole) return ParsedRange{whole.value().set(), whole.value().named()};
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t to = std::min(text.find(' ', from), text.size());
    if (to > from && !schemas::Range::parse(text.substr(from, to - from))) return std::move(whole).error();
    from = to + 1;
  }
  return ParsedRange{};
}

struct Step {
  const Json& json;
  const Spelling& spelling;
  const std::vector<Json>& registry;
};

Result<MemorySource*> fill(MemorySource& source, const Step& step, std::size_t size) {
  for (std::size_t e = 0; e < size; ++e) {
    const bool is_template = step.registry[e].dump().find('$') != std::string::npos;
    for (int i = 0; i < (is_template ? 10 : 1); ++i) {
      for (int j = 0; j < (is_template ? 10 : 1); ++j) {
        std::string entry_text = step.registry[e].dump();
        replace_all(entry_text, "$i", std::to_string(i));
        replace_all(entry_text, "$j", std::to_string(j));
        NANO_TRY_ASSIGN(const Json entry, parse_json(entry_text));
        NANO_TRY_ASSIGN(Version v, Version::parse(step.spelling.version_text(entry.at("v").get<std::string>())));
        VersionInfo info{.version = std::move(v)};
        for (const auto& [to, range] : entry.at("deps").items()) {
          const std::string text = range.get<std::string>();
          NANO_TRY_ASSIGN(ParsedRange parsed, parse_range(step.spelling.range_text(text)));
          info.dependencies.push_back({.name = name(to), .set = std::move(parsed.set), .text = text, .named = std::move(parsed.named)});
        }
        source.add(name(entry.at("n").get<std::string>()), std::move(info));
      }
    }
  }
  return &source;
}

/// "" or what is wrong; `locked` becomes the result.
Result<std::string> run_step(const Step& step, Locked& locked) {
  const std::size_t size = step.json.value("registry_size", step.registry.size());
  if (size > step.registry.size()) return broken("registry_size is larger than the registry");
  MemorySource source;
  NANO_TRY(fill(source, step, size));
  resolver::Request request;
  request.lowest = step.json.value("mode", "") == "lowest";
  if (!request.lowest) request.locked = locked;  // --minimal: the lock does not win
  request.root = resolver::Root{.name = name("myapp"), .version = version("0.0.0")};
  for (const auto& [to, range] : step.json.at("root").items()) {
    const std::string text = range.get<std::string>();
    NANO_TRY_ASSIGN(ParsedRange parsed, parse_range(step.spelling.range_text(text)));
    request.requirements.push_back(
        {.name = name(to), .set = std::move(parsed.set), .text = text, .asker = "myapp depends on", .named = std::move(parsed.named)});
  }
  const auto outcome = resolver::resolve(request, source);
  if (!outcome) return outcome.error().render();

  const bool wants_solution = step.json.contains("result");
  if (!wants_solution && !step.json.contains("error_contains")) return broken("a step without result or error_contains");
  const auto* solution = std::get_if<resolver::Solution>(&outcome.value());
  if (solution == nullptr) return wants_solution ? "expected a solution, got: " + std::get<resolver::NoSolution>(outcome.value()).lines.back() : "";
  if (!wants_solution) return "expected no solution, got " + outcome_text(outcome);
  if (std::string wrong = fault(request, source, *solution); !wrong.empty()) return "not a solution: " + wrong;
  locked = solution->versions;
  const Json& expected = step.json.at("result");
  if (expected.empty() && !request.requirements.empty()) return std::string{};
  Locked exact;
  for (const auto& [n, v] : expected.items()) {
    NANO_TRY_ASSIGN(Version parsed, Version::parse(step.spelling.version_text(v.get<std::string>())));
    exact.emplace(name(n), std::move(parsed));
  }
  if (exact == solution->versions) return std::string{};
  return "expected " + outcome_text(resolver::Outcome{resolver::Solution{.versions = exact}}) + ", got " + outcome_text(outcome);
}

Result<std::string> run_case(const Json& json) {
  const Spelling spelling(json.dump());
  const std::vector<Json> registry = json.at("registry").get<std::vector<Json>>();
  Locked locked;
  std::size_t number = 0;
  for (const Json& step : json.at("steps")) {
    ++number;
    NANO_TRY_ASSIGN(std::string wrong, run_step({step, spelling, registry}, locked));
    if (!wrong.empty()) return "step " + std::to_string(number) + ": " + wrong;
  }
  return std::string{};
}

}  // namespace

Result<CaseReport> run_cases(std::string_view bytes) {
  NANO_TRY_ASSIGN(const Json cases, parse_json(bytes, {.max_bytes = uint64_t{1} << 28}));
  if (!cases.is_array()) return broken("the file is not a list of cases");
  CaseReport report;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::string label = "case " + std::to_string(i + 1);
    std::string wrong;
    try {
      label = cases[i].value("group", "") + " | " + cases[i].value("name", label);
      const auto result = run_case(cases[i]);
      wrong = result ? result.value() : result.error().render();
    } catch (const nlohmann::json::exception& e) {
      wrong = std::string("not of the format: ") + e.what();
    }
    std::replace(wrong.begin(), wrong.end(), '\n', ' ');
    if (wrong.empty())
      ++report.passed;
    else
      report.failures.push_back(label + ", " + wrong);
  }
  return report;
}

}  // namespace nano::test
