// resolver/filter.h: which versions and variants may be used here at all, each refusal with its reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/offer.h"

namespace nano::resolver {

/// A bound on a figure: `--min accuracy=0.8`, `--max p95=8ms`, `--max memory=200MB`, `--min accuracy@sst2=0.8`.
struct Limit {
  bool at_least = true;   ///< --min; else --max
  std::string figure{};   ///< `p50`, `p95` (ms), `memory`, `size` (bytes), or a metric's id
  std::string dataset{};  ///< of a metric; "" = the first the publisher lists
  double value = 0;
  std::string text{};  ///< as written: "accuracy=0.8"

  /// errors  usage: the faulty piece is named; an unknown metric (with the nearest)
  [[nodiscard]] static Result<Limit> parse(bool at_least, std::string_view text);
  [[nodiscard]] std::string option() const { return (at_least ? "--min " : "--max ") + text; }
  friend bool operator==(const Limit&, const Limit&) = default;
};

/// `7d`, `12h`, `30m`, `45s`, `0`, in seconds. errors  usage
[[nodiscard]] Result<int64_t> parse_age(std::string_view text);

struct Filters {
  std::vector<std::string> licenses{};  ///< resolver/license.h; empty = any
  int64_t min_age_seconds = 0;
  std::string min_age_text = "0";      ///< as written
  std::vector<schemas::Kind> kinds{};  ///< of what is asked for by name; empty = any
  std::vector<Limit>
      limits{};              ///< `size` and `memory` for every package, others for what is asked for by name
  bool any_machine = false;  ///< do not look at this machine: what is chosen is for another one
  /// For trying only: take no notice of what trust refuses with this remedy, or of all of it ("").
  std::optional<std::string> ignore_trust{};
};

/// What is looked at beside the offer itself.
struct Circumstances {
  const Filters& filters;
  const Machine& machine;
  UnixTime now = 0;
};

/// May this variant be used? `is_asked`: the package was asked for by name.
[[nodiscard]] std::optional<Refused> refuse_variant(const Offer& offer, const schemas::IndexVariant& variant,
                                                    const Circumstances& at, bool is_asked);

/// May this version be used in at least one variant? Of several reasons the first of: trust, kind, licence, age, variants.
[[nodiscard]] std::optional<Refused> refuse(const Offer& offer, const Circumstances& at, bool is_asked);

/// A figure of a variant by the publisher's claims, `latency_factor` applied to p50 and p95. nullopt = not claimed.
///   dataset_used  if given, receives the data set the figure is of
[[nodiscard]] std::optional<double> claimed(const Offer& offer, const schemas::IndexVariant& variant,
                                            std::string_view figure, std::string_view dataset,
                                            const Machine& machine, std::string* dataset_used = nullptr);

/// "0.8314", "3.4 ms", "53.1 MB"
[[nodiscard]] std::string figure_text(std::string_view figure, double value);

}  // namespace nano::resolver
