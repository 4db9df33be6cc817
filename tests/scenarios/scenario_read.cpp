// tests/scenarios/scenario_read.cpp: scenario files as catalogs and requests.
#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "schemas/requirement.h"
#include "tests/scenarios/scenario.h"

namespace nano::test {
namespace {

using resolver::Offer;
using schemas::PackageName;
using schemas::Version;
using Words = std::vector<std::string>;

/// Split at spaces; "…" keeps them.
Words words_of(const std::string& line) {
  Words out;
  std::string word;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (!word.empty()) out.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(word);
  return out;
}

Error bad(const std::string& line, const std::string& why) {
  return make_error(Errc::invalid, "'" + line + "': " + why);
}

/// "20MB" as --max size would read it.
Result<double> bytes(const std::string& text) {
  NANO_TRY_ASSIGN(const auto limit, resolver::Limit::parse(false, "size=" + text));
  return limit.value;
}

Status read_variant(const std::string& text, Offer& to) {
  const auto parts = split(text, ',');
  schemas::IndexVariant v{.name = parts.at(0), .quantization = "q8_0"};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string& p = parts[i];
    if (p == "default") {
      v.is_default = true;
    } else if (p.starts_with("isa:")) {
      v.needs.isa.push_back(p.substr(4));
    } else if (p.starts_with("mem:")) {
      NANO_TRY_ASSIGN(const double n, bytes(p.substr(4)));
      v.needs.memory_bytes = static_cast<uint64_t>(n);
    } else if (p.starts_with("quant:")) {
      v.quantization = p.substr(6);
    } else {
      NANO_TRY_ASSIGN(const double n, bytes(p));
      v.size = static_cast<uint64_t>(n);
    }
  }
  to.variants.push_back(std::move(v));
  return Unit{};
}

/// q8,accuracy,sst2,0.83 | q8,p50,3.4 | q8,p50,3.4,cal:40 | q8,memory,200MB
Status read_claim(const std::string& text, Offer& to) {
  const auto parts = split(text, ',');
  if (parts.size() < 3) return bad(text, "is not VARIANT,FIGURE,VALUE");
  schemas::HeadlineClaim c{.variant = parts[0], .device = "cpu", .threads = 1};
  if (parts[1] == "p50" || parts[1] == "p95") {
    NANO_TRY_ASSIGN(const auto d, schemas::Decimal::parse(parts[2]));
    (parts[1] == "p50" ? c.p50_ms : c.p95_ms) = d;
    if (parts.size() > 3) {
      NANO_TRY_ASSIGN(c.calibration_us, schemas::Decimal::parse(parts[3].substr(4)));
    }
  } else if (parts[1] == "memory") {
    NANO_TRY_ASSIGN(const double n, bytes(parts[2]));
    c.memory_bytes = static_cast<uint64_t>(n);
  } else {
    if (parts.size() < 4) return bad(text, "is not VARIANT,METRIC,DATASET,VALUE");
    c.metric = parts[1];
    c.dataset = parts[2];
    NANO_TRY_ASSIGN(c.value, schemas::Decimal::parse(parts[3]));
  }
  to.claims.push_back(std::move(c));
  return Unit{};
}

Status read_version(const std::string& line, Scenario& out, Offer*& last) {
  const Words words = words_of(line);
  if (words[0] == "->") {
    if (last == nullptr || words.size() < 2) return bad(line, "needs a version above it and a name");
    schemas::Dependency d;
    NANO_TRY_ASSIGN(d.name, PackageName::parse(words[1]));
    std::string range;
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i].starts_with("abi=")) {
        d.abi = words[i].substr(4);
      } else if (words[i].starts_with(":")) {
        d.variant = words[i].substr(1);
      } else {
        range += (range.empty() ? "" : " ") + words[i];
      }
    }
    NANO_TRY_ASSIGN(d.range, schemas::Range::parse(range.empty() ? "*" : range));
    last->dependencies.push_back(std::move(d));
    return Unit{};
  }
  if (words.size() < 2) return bad(line, "is not NAME VERSION …");
  NANO_TRY_ASSIGN(const PackageName name, PackageName::parse(words[0]));
  Offer& o = out.catalog.packages[name].emplace_back();
  last = &o;
  NANO_TRY_ASSIGN(o.version, Version::parse(words[1]));
  o.license = "MIT";
  o.published = kScenarioNow - 100 * 86400;
  o.languages = {"en"};
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto eq = words[i].find('=');
    if (eq == std::string::npos) return bad(line, "'" + words[i] + "' is not KEY=VALUE");
    const std::string key = words[i].substr(0, eq);
    const std::string value = words[i].substr(eq + 1);
    if (key == "license") {
      o.license = value;
    } else if (key == "abi") {
      o.abi = value;
    } else if (key == "task") {
      o.task = value;
    } else if (key == "lang") {
      o.languages = split(value, ',');
    } else if (key == "keywords") {
      out.catalog.keywords[name] = split(value, ',');
    } else if (key == "yanked") {
      o.yanked = value;
    } else if (key == "refused" || key == "policy" || key == "advisory") {
      o.refused = resolver::Refused{key == "refused" ? "trust" : key, value, ""};
      if (key == "policy") o.refused->remedy = "another policy rule";
    } else if (key == "age") {
      NANO_TRY_ASSIGN(const int64_t age, resolver::parse_age(value));
      o.published = kScenarioNow - age;
    } else if (key == "kind") {
      const auto kinds = schemas::kind_words();
      const auto it = std::find(kinds.begin(), kinds.end(), value);
      if (it == kinds.end()) return bad(line, "no such kind");
      o.kind = static_cast<schemas::Kind>(it - kinds.begin());
    } else if (key == "variant") {
      NANO_TRY(read_variant(value, o));
    } else if (key == "claim") {
      NANO_TRY(read_claim(value, o));
    } else {
      return bad(line, "unknown key '" + key + "'");
    }
  }
  return Unit{};
}

/// levels L versions V: l0 … of V versions each, every one of which needs any of the next; the last level needs what is not there.
void make_trap(int levels, int versions, bool solvable, Scenario& out) {
  for (int l = 0; l < levels; ++l)
    for (int v = 1; v <= versions; ++v) {
      Offer o;
      o.version.major = static_cast<uint64_t>(v);
      o.license = "MIT";
      schemas::Dependency next;
      next.name.name = l + 1 < levels ? "level-" + std::to_string(l + 1) : "end";
      // Only one version of the end is there, and only the lowest of the last level takes it.
      const bool last = l + 1 == levels;
      next.range = schemas::Range::parse(!last ? "*" : solvable && v == 1 ? "1.0.0" : "2.0.0").value();
      o.dependencies.push_back(std::move(next));
      out.catalog.packages[PackageName{.name = "level-" + std::to_string(l)}].push_back(std::move(o));
    }
  Offer end;
  end.version.major = 1;
  end.license = "MIT";
  out.catalog.packages[PackageName{.name = "end"}].push_back(std::move(end));
}

Status read_machine(const Words& words, resolver::Machine& m) {
  m.known = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto eq = words[i].find('=');
    const std::string key = words[i].substr(0, eq);
    const std::string value = eq == std::string::npos ? "" : words[i].substr(eq + 1);
    if (key == "isa") {
      m.isa = split(value, ',');
    } else if (key == "memory" || key == "disk") {
      NANO_TRY_ASSIGN(const double n, bytes(value));
      (key == "memory" ? m.memory_bytes : m.disk_bytes) = static_cast<uint64_t>(n);
    } else if (key.starts_with("cal:")) {
      NANO_TRY_ASSIGN(const auto d, schemas::Decimal::parse(value));
      m.calibration_us[key.substr(4)] = d.value();
    } else {
      return bad(words[i], "unknown");
    }
  }
  return Unit{};
}

Status read_request(const std::string& line, Scenario& out) {
  const Words words = words_of(line);
  auto& r = out.request;
  const std::string& first = words[0];
  const std::string second = words.size() > 1 ? words[1] : "";
  if (first == "machine") return read_machine(words, r.machine);
  if (first == "locked" || first == "installed") {
    NANO_TRY_ASSIGN(const PackageName name, PackageName::parse(second));
    NANO_TRY_ASSIGN(const Version v, Version::parse(words.at(2)));
    (first == "locked" ? r.locked : r.installed)[name] = {v, words.size() > 3 ? words[3] : ""};
    return Unit{};
  }
  if (first == "keep" || first == "pin") {
    NANO_TRY_ASSIGN(auto want, schemas::Requirement::parse(second));
    r.requirements.push_back(
        {.name = want.name,
         .set = want.range.set(),
         .text = want.range.is_any() ? "" : want.range.text(),
         .asker = first == "keep" ? "you have installed" : "you pinned",
         .remedy = (first == "keep" ? "`nano uninstall " : "`nano unpin ") + want.name.text() + "`"});
    return Unit{};
  }
  if (first == "override") {
    NANO_TRY_ASSIGN(auto want, schemas::Requirement::parse(second));
    r.overrides[want.name] = {.set = want.range.set(), .text = want.range.text()};
    return Unit{};
  }
  if (first == "lowest") {
    r.lowest = true;
  } else if (first == "--prefer") {
    NANO_TRY_ASSIGN(r.objective, resolver::parse_objective(second));
  } else if (first == "--task") {
    out.task = second;
  } else if (first == "--language") {
    out.language = second;
  } else if (first == "--license") {
    r.filters.licenses = split(second, ',');
  } else if (first == "--min-age") {
    NANO_TRY_ASSIGN(r.filters.min_age_seconds, resolver::parse_age(second));
    r.filters.min_age_text = second;
  } else if (first == "--any-machine") {
    r.filters.any_machine = true;
  } else if (first == "--min" || first == "--max") {
    NANO_TRY_ASSIGN(auto limit, resolver::Limit::parse(first == "--min", second));
    r.filters.limits.push_back(std::move(limit));
  } else if (first == "--kind") {
    const auto kinds = schemas::kind_words();
    r.filters.kinds.push_back(
        static_cast<schemas::Kind>(std::find(kinds.begin(), kinds.end(), second) - kinds.begin()));
  } else if (first.starts_with("-")) {
    return bad(line, "unknown option");
  } else {
    NANO_TRY_ASSIGN(auto want, schemas::Requirement::parse(line));
    r.requirements.push_back({.name = want.name,
                              .set = want.range.set(),
                              .text = want.range.is_any() ? "" : want.range.text(),
                              .variant = want.variant});
    r.asked.push_back(want.name);
  }
  return Unit{};
}

}  // namespace

Status read_scenario(const std::string& text, Scenario& out) {
  std::istringstream in(text);
  std::string line;
  std::string part;
  Offer* last = nullptr;
  out.request.now = kScenarioNow;
  while (std::getline(in, line)) {
    if (part == "expect") {
      out.expect += line + "\n";
      continue;
    }
    out.before += line + "\n";
    const std::string trimmed(trim(line));
    if (trimmed.empty() || trimmed[0] == '#') continue;
    if (line[0] != ' ') {
      part = trimmed;
      if (part != "registry" && part != "request" && part != "expect")
        return bad(line, "is no part of a scenario");
      continue;
    }
    if (part == "registry" && trimmed.starts_with("trap ")) {
      const Words w = words_of(trimmed);
      make_trap(std::stoi(w.at(1)), std::stoi(w.at(2)), w.size() > 3 && w[3] == "solvable", out);
      last = nullptr;
    } else if (part == "registry") {
      NANO_TRY(read_version(trimmed, out, last));
    } else {
      NANO_TRY(read_request(trimmed, out));
    }
  }
  return Unit{};
}

}  // namespace nano::test
