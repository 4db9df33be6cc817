// resolver/choose.h: from wishes, filters and a machine to exact versions and variants, or sentences that say why not.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "resolver/filter.h"
#include "resolver/resolver.h"
#include "resolver/variants.h"
#include "schemas/requirement.h"

namespace nano::resolver {

/// A version and a variant that are there already.
struct Kept {
  Version version{};
  std::string variant{};
  bool variant_only = false;  ///< the version is free to change, the variant stays where it can
};

struct ChooseRequest {
  std::vector<Requirement> requirements{};
  std::vector<PackageName>
      asked{};  ///< named by the person: `--kind` and limits on claims are meant for these
  std::map<PackageName, Override> overrides{};
  std::map<PackageName, Kept> locked{};
  std::map<PackageName, Kept> installed{};
  Filters filters{};
  Machine machine{};
  UnixTime now = 0;
  std::optional<Objective> objective{};  ///< nullopt = balanced, and variants that are there stay
  /// An upgrade's: versions below these are not taken. Their refusals have the filter kFloorFilter.
  std::map<PackageName, Version> floors{};
  bool lowest = false;
  uint64_t max_steps = kMaxResolveSteps;
};
inline constexpr std::string_view kFloorFilter = "upgrade";

/// A range as the solver takes it: its set, its text and the pre-releases that it names.
[[nodiscard]] Requirement requirement_of(const schemas::Requirement& want);

struct Choice {
  Version version{};
  VariantChoice variant{};
  Offer offer{};
};
using Choices = std::map<PackageName, Choice>;

/// One change of the request that was tried and solves it.
struct Suggestion {
  std::string change{};  ///< what to do: "`--min-age 0`", "`nano unpin trunk`", "another policy rule …"
  std::string text{};    ///< the sentence: "`--min-age 0` would allow sentiment-50m 1.3.0"
};

struct Refusal {
  NoSolution proof{};
  std::vector<Suggestion> suggestions{};
  bool by_trust = false;  ///< without what trust refuses (Offer::refused) there would be a solution: tried
};

using ChooseOutcome = std::variant<Choices, Refusal>;

/// A catalog that is asked once for each package, whatever is tried with it. Not thread-safe.
class Memory final : public Catalog {
 public:
  explicit Memory(Catalog& from) : from_(from) {}
  [[nodiscard]] Result<std::vector<Offer>> offers(const PackageName& name) override;
  [[nodiscard]] Status prefetch(const std::vector<PackageName>& names) override;
  [[nodiscard]] std::optional<PackageName> nearest(const PackageName& name) override {
    return from_.nearest(name);
  }
  /// The same without a copy; the pointer is good as long as this object. nullptr = there is none.
  [[nodiscard]] Result<const std::vector<Offer>*> look(const PackageName& name);

 private:
  Catalog& from_;
  std::map<PackageName, std::vector<Offer>> known_{};
};

/// resolve(), with every filter as a fact of its own, then a variant for each package.
///   errors  as resolve()
[[nodiscard]] Result<ChooseOutcome> choose(const ChooseRequest& request, Memory& catalog);

/// The same without suggestions: for trying.
[[nodiscard]] Result<ChooseOutcome> choose_plainly(const ChooseRequest& request, Memory& catalog);

inline constexpr std::size_t kMaxTries = 12;       ///< changes tried for one refusal
inline constexpr std::size_t kMaxSuggestions = 3;  ///< of those that work, the most wanted ones
inline constexpr uint64_t kMaxTrySteps = 20'000;   ///< of each try

/// Changes of `request` that make it solvable, each checked by solving it.
[[nodiscard]] std::vector<Suggestion> suggest(const ChooseRequest& request, const NoSolution& proof,
                                              Memory& catalog);

/// The explanation and its suggestions as lines.
[[nodiscard]] std::vector<std::string> lines_of(const Refusal& refusal);

}  // namespace nano::resolver
