// resolver/offer.h: what a registry offers: one version of a package with all that is needed to choose it or not.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schemas/index.h"
#include "schemas/name.h"
#include "schemas/version.h"
#include "schemas/vocabulary.h"

namespace nano::resolver {

/// Why something may not be used here: `filter` is a stable word, `reason` ends the sentence "NAME VERSION ...".
struct Refused {
  std::string filter{};  ///< "license", "min-age", "isa", "memory", "size", "policy", "advisory", "trust", "claim" ...
  std::string reason{};  ///< "is licensed GPL-3.0-only (--license permissive)"
  std::string remedy{};  ///< of trust: what a person could change, "another policy rule 'ours' in /etc/…"; "" = nothing
  friend bool operator==(const Refused&, const Refused&) = default;
};

/// Is this a filter that judges who may be believed, and not what is wanted? Its refusals stand in Offer::refused.
[[nodiscard]] inline bool is_trust_filter(const std::string& filter) {
  return filter == "trust" || filter == "policy" || filter == "advisory";
}

/// Of a file that nobody dates: no age that is asked for is reached.
inline constexpr UnixTime kUndated = std::numeric_limits<UnixTime>::max();

struct Offer {
  schemas::Version version{};
  schemas::Kind kind = schemas::Kind::model;
  std::string task{};
  std::vector<std::string> languages{};
  std::string license{};   ///< SPDX; "" = none stated
  std::string abi{};       ///< schemas::ModelInfo::abi
  UnixTime published = 0;  ///< kUndated, or the later of the publisher's date and the registry's first day of serving it
  std::optional<std::string> yanked{};  ///< the reason
  std::optional<Refused> refused{};     ///< by whoever judges trust: signers, policy, advisories
  std::vector<schemas::IndexVariant> variants{};
  std::vector<schemas::Dependency> dependencies{};
  std::vector<schemas::HeadlineClaim> claims{};
};

/// Where offers come from. One thread.
class Catalog {
 public:
  Catalog() = default;
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  virtual ~Catalog() = default;

  /// Every version of a package; none = its registry has no such package (so does not_found).
  [[nodiscard]] virtual Result<std::vector<Offer>> offers(const schemas::PackageName& name) = 0;
  /// These are going to be asked for next.
  [[nodiscard]] virtual Status prefetch(const std::vector<schemas::PackageName>& names) {
    (void)names;
    return Unit{};
  }
  /// The nearest name that exists, for a slip of the pen.
  [[nodiscard]] virtual std::optional<schemas::PackageName> nearest(const schemas::PackageName& name) {
    (void)name;
    return std::nullopt;
  }
};

/// This machine as a model sees it. An empty Machine (known = false) refuses nothing.
struct Machine {
  bool known = false;
  std::vector<std::string> isa{};  ///< of schemas::isa_words()
  unsigned cores = 0;
  uint64_t memory_bytes = 0;  ///< all of it
  uint64_t disk_bytes = 0;    ///< free where the store is
  /// What the micro-benchmark took here, in microseconds, by quantization. Empty = not measured.
  std::map<std::string, double> calibration_us{};
};

}  // namespace nano::resolver
