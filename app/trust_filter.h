// app/trust_filter.h: what the resolver may not take whoever asks for it: versions that an enforced policy rule refuses, and
// malware by its registry's advisories. Judged before a version is chosen, so that the newest allowed one is, and again
// before it is installed (policy.h, judge.h).
#pragma once

#include <optional>
#include <vector>

#include "app/policy.h"
#include "app/remote.h"
#include "resolver/offer.h"

namespace nano::app {

class TrustFilter {
 public:
  explicit TrustFilter(const Context& ctx) : ctx_(ctx) {}

  /// Dates are to be judged: those by which a registry first served each version are read too.
  void need_dates() { needs_dates_ = true; }
  /// Set `refused` and, if dates are needed, `published`, of offers made of these versions (in the same order).
  ///   errors  invalid: a policy file breaks its format; those of reading the registry
  [[nodiscard]] Status judge(Remote& remote, const schemas::IndexPackage& package, std::vector<resolver::Offer>& offers);

 private:
  const Context& ctx_;
  bool needs_dates_ = false;
  std::optional<std::vector<verify::PolicySource>> policies_{};  ///< read once
};

}  // namespace nano::app
