// tests/scenarios/scenario.h: a registry, a request and what must come of them, as one text file (docs: README.md here).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "resolver/task.h"

namespace nano::test {

/// A catalog in memory. Records nothing; answers in the order of the file.
class MemoryCatalog final : public resolver::Catalog {
 public:
  Result<std::vector<resolver::Offer>> offers(const schemas::PackageName& name) override;
  std::optional<schemas::PackageName> nearest(const schemas::PackageName& name) override;
  std::map<schemas::PackageName, std::vector<resolver::Offer>> packages{};
  std::map<schemas::PackageName, std::vector<std::string>> keywords{};
};

struct Scenario {
  std::string before{};  ///< the file up to and with the line "expect"
  std::string expect{};  ///< what follows
  MemoryCatalog catalog{};
  resolver::ChooseRequest request{};
  std::string task{};  ///< rank for this task instead of resolving
  std::string language{};
};

inline constexpr UnixTime kScenarioNow = 1'800'000'000;

/// errors  invalid: the line at fault
[[nodiscard]] Status read_scenario(const std::string& text, Scenario& out);
/// What came of it, to be compared with `expect`.
[[nodiscard]] std::string play(Scenario& scenario);

}  // namespace nano::test
