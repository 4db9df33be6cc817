// app/trust_filter.cpp: decisions of policy and advisories as reasons that a resolver can tell.
#include "app/trust_filter.h"

#include <algorithm>

#include "app/sightings.h"
#include "base/text.h"

namespace nano::app {
namespace {

/// Ends the sentence "NAME VERSION ...". Versions of one reason are told together, so it holds nothing that differs by version
/// where that can be helped.
std::string reason_of(const verify::PolicyDecision& d) {
  const std::string rule = "the policy rule '" + sanitize(d.rule) + "'";
  if (d.demand == "min_release_age") return "is younger than " + rule + " allows";
  return "breaks " + rule + " (" + d.demand + "): it is " + d.reason;
}

std::optional<resolver::Refused> by_advisory(const std::vector<schemas::Advisory>& advisories, const schemas::PackageName& name,
                                             const schemas::Version& version) {
  for (const auto& a : advisories)
    if (a.severity == schemas::Severity::malware && a.hits(name, version))
      return resolver::Refused{"advisory", "is known as malware (advisory " + sanitize(a.id) + ": " + sanitize(a.title) + ")", ""};
  return std::nullopt;
}

}  // namespace

Status TrustFilter::judge(Remote& remote, const schemas::IndexPackage& package, std::vector<resolver::Offer>& offers) {
  if (!policies_) {
    NANO_TRY_ASSIGN(policies_, load_policies(ctx_));
  }
  NANO_TRY_ASSIGN(const auto* advisories, remote.advisories());
  const bool dates = needs_dates_ || asks_for_age(*policies_);
  for (std::size_t i = 0; i < offers.size(); ++i) {
    resolver::Offer& offer = offers[i];
    const schemas::IndexVersion& v = package.versions[i];
    std::optional<UnixTime> since;
    if (dates) {
      NANO_TRY_ASSIGN(since, remote.public_since(package.name, v));
      offer.published = *since;
    }
    // Nobody publishes in the future: a clock was wrong, or the date is there to outlive every later one.
    if (const auto published = parse_time(v.published); published && *published > remote.time() + kMaxAheadSeconds) {
      offer.refused = resolver::Refused{"trust", "is dated " + format_time(*published) + ", and by this machine's clock it is " + format_time(remote.time()), ""};
      continue;
    }
    if ((offer.refused = by_advisory(*advisories, package.name, v.version))) continue;
    if (policies_->empty()) continue;
    const verify::ReleaseFacts facts{.name = package.name,
                                     .version = v.version,
                                     .kind = offer.kind,
                                     .license = offer.license,
                                     .signers = remote.tree().signers(v.release),
                                     .public_since = since};
    // Every rule that refuses it stands in the remedy: changing one of two would not let it in.
    for (const auto& d : app::judge(ctx_, *policies_, facts)) {
      if (d.holds || d.mode != schemas::PolicyMode::enforce) continue;
      const std::string rule = "'" + sanitize(d.rule) + "' in " + sanitize(d.where);
      if (!offer.refused)
        offer.refused = resolver::Refused{"policy", reason_of(d), "another policy rule " + rule};
      else if (offer.refused->remedy.find(rule) == std::string::npos)
        offer.refused->remedy += ", and another rule " + rule;
    }
  }
  return Unit{};
}

}  // namespace nano::app
