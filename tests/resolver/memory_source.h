// tests/resolver/memory_source.h: a PackageSource in memory, and short ways to write graphs.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "resolver/resolver.h"
#include "schemas/range.h"

namespace nano::test {

using resolver::Dependency;
using resolver::PackageName;
using resolver::Version;
using resolver::VersionInfo;
using resolver::VersionSet;

inline PackageName name(const std::string& text) { return PackageName{.name = text}; }
inline Version version(const std::string& text) { return Version::parse(text).value(); }
inline VersionSet range(const std::string& text) { return schemas::Range::parse(text).value().set(); }

/// Records what was asked.
class MemorySource final : public resolver::PackageSource {
 public:
  /// `add("a", "1.0.0", {{"b", "^1"}})`. The reference is good until the next add of the same package.
  VersionInfo& add(const std::string& package, const std::string& v, const std::vector<std::pair<std::string, std::string>>& needs = {}) {
    VersionInfo info{.version = version(v)};
    for (const auto& [to, text] : needs) info.dependencies.push_back({.name = name(to), .set = range(text), .text = text});
    return add(name(package), std::move(info));
  }
  VersionInfo& add(const PackageName& package, VersionInfo info) {
    packages_[package].push_back(std::move(info));
    return packages_[package].back();
  }

  Result<std::vector<VersionInfo>> versions(const PackageName& package) override {
    asked.push_back(package);
    if (const auto it = failures.find(package); it != failures.end()) return it->second;
    const auto it = packages_.find(package);
    return it == packages_.end() ? std::vector<VersionInfo>{} : it->second;
  }
  Status prefetch(const std::vector<PackageName>& names) override {
    prefetched.push_back(names);
    return Unit{};
  }

  [[nodiscard]] const std::map<PackageName, std::vector<VersionInfo>>& packages() const { return packages_; }
  std::map<PackageName, std::vector<VersionInfo>>& packages() { return packages_; }

  std::vector<PackageName> asked{};
  std::vector<std::vector<PackageName>> prefetched{};
  std::map<PackageName, Error> failures{};

 private:
  std::map<PackageName, std::vector<VersionInfo>> packages_{};
};

/// A request for `name range` pairs.
inline resolver::Request ask(const std::vector<std::pair<std::string, std::string>>& wanted) {
  resolver::Request request;
  for (const auto& [n, text] : wanted) request.requirements.push_back({.name = name(n), .set = range(text), .text = text});
  return request;
}

/// "a 1.0.0, b 2.0.0", or the explanation, one line each.
inline std::string outcome_text(const Result<resolver::Outcome>& outcome) {
  if (!outcome) return "error: " + outcome.error().message;
  std::string out;
  if (const auto* none = std::get_if<resolver::NoSolution>(&outcome.value())) {
    for (const std::string& line : none->lines) out += (out.empty() ? "" : "\n") + line;
    return out;
  }
  for (const auto& [n, v] : std::get<resolver::Solution>(outcome.value()).versions)
    out += (out.empty() ? "" : ", ") + n.text() + " " + v.text();
  return out;
}

}  // namespace nano::test
