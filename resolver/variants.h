// resolver/variants.h: of a chosen version, which build is the best for this machine and this person, and why.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/filter.h"

namespace nano::resolver {

/// balanced: the smallest p50 latency within one percentage point of the best quality (DESIGN section 6).
enum class Objective { balanced, speed, accuracy, size };
/// "speed", "accuracy", "size", "balanced". errors  usage
[[nodiscard]] Result<Objective> parse_objective(std::string_view text);
[[nodiscard]] std::string_view to_text(Objective o);

inline constexpr double kQualityMargin = 0.01;  ///< of a fraction; of other metrics: relative

/// One line of `nano why-variant`.
struct VariantVerdict {
  std::string name{};
  bool is_default = false;
  uint64_t size = 0;                 ///< bytes
  std::optional<Refused> refused{};  ///< cannot be taken here
  std::string metric{};              ///< what quality is
  std::string dataset{};
  std::optional<double> quality{};
  std::optional<double> p50_ms{};  ///< on this machine, as far as claims and calibration say
  std::optional<double> p50_claimed_ms{};
  std::optional<double> memory_bytes{};
  bool chosen = false;
  std::string why{};  ///< why it was taken or not, a clause
};

struct VariantChoice {
  std::string name{};                      ///< "" = the package has no variants
  uint64_t size = 0;                       ///< bytes
  std::vector<VariantVerdict> verdicts{};  ///< as the release lists them
};

/// What the person or another package has said about the variant.
struct VariantWish {
  std::string demanded{};  ///< by the request or a dependent: this or none
  std::string kept{};      ///< installed or locked: taken where it may be, unless an objective is given
  std::optional<Objective> objective{};  ///< nullopt = balanced, and `kept` counts
};

/// Ties go to the publisher's default, then to the first by name. Without a claim that decides, the publisher's default
/// is taken, or the smallest where that may not be used.
///   errors  no_solution: no variant may be used; not_found: `demanded` is not among them
[[nodiscard]] Result<VariantChoice> choose_variant(const Offer& offer, const VariantWish& wish,
                                                   const Circumstances& at, bool is_asked);

/// Of a variant that there is not: the nearest that there is, and all of them. "it has no variants" when there are none.
[[nodiscard]] std::string variants_hint(const std::string& wanted, const std::vector<std::string>& names);

/// The metric by which the variants of an offer are compared: the first that the publisher claims; "" = none.
[[nodiscard]] std::string headline_metric(const Offer& offer, std::string* dataset = nullptr);
/// Is `a` better than `b` for that metric?
[[nodiscard]] bool is_better(std::string_view metric, double a, double b);

}  // namespace nano::resolver
