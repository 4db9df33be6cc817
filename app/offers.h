// app/offers.h: what the registries, the store and bundles offer, as the resolver wants to see it.
#pragma once

#include <vector>

#include "app/remote.h"
#include "app/trust_filter.h"
#include "registry/bundle.h"
#include "registry/export.h"
#include "resolver/choose.h"
#include "resolver/task.h"
#include "schemas/generation.h"
#include "store/packages.h"

namespace nano::app {

/// A release out of a file named on the command line, judged. An export gives one for each release in it.
struct BundleRequest {
  fs::Path path{};
  std::string variant{};  ///< "" = the default one
  registry::BundleHead head{};
  const Registry* registry = nullptr;       ///< that vouches for it; nullptr = unsigned (and allowed by the person)
  Digest registry_id{};
  std::vector<schemas::TrustLink> chain{};  ///< empty = unsigned
  std::vector<schemas::Advisory> advisories{};  ///< of that registry, as the file brings them
  bool requested = true;                    ///< false: in the file because another release there needs it
  std::shared_ptr<const registry::ExportHead> exported{};  ///< set for an export
  [[nodiscard]] bool is_unsigned() const { return chain.empty(); }
};

[[nodiscard]] resolver::Offer offer_of(const schemas::IndexPackage& package,
                                       const schemas::IndexVersion& version);
/// Of an installed or bundled release, which no registry dates but itself.
[[nodiscard]] resolver::Offer offer_of(const schemas::Release& release);

/// Versions out of the registries, out of the store (what is installed stays choosable when its registry is away), and out of
/// the bundles named on the command line. Each package belongs to the one registry that owns its namespace.
class Offers final : public resolver::Catalog {
 public:
  Offers(Context& ctx, Remotes& remotes, const store::Store& store, const schemas::Generation& current,
         const std::vector<BundleRequest>& bundles)
      : ctx_(ctx), remotes_(remotes), store_(store), current_(current), bundles_(bundles), trust_(ctx) {}

  Result<std::vector<resolver::Offer>> offers(const schemas::PackageName& name) override;
  std::optional<schemas::PackageName> nearest(const schemas::PackageName& name) override;

  /// The package in the registry that owns its namespace; nullptr when that has none.
  [[nodiscard]] Result<const schemas::IndexPackage*> in_registry(const schemas::PackageName& name);
  /// A minimum age is asked for: offers are dated by the day on which they were first served, or seen here.
  void need_dates() { trust_.need_dates(); }
  /// Packages whose registry was asked a moment ago: one that does not answer now is an error, never a reason to look at what is installed alone.
  void must_answer(bool on) { must_answer_ = on; }
  /// Was a latency seen that a calibration could correct?
  [[nodiscard]] bool can_be_calibrated() const { return can_be_calibrated_; }

 private:
  Context& ctx_;
  Remotes& remotes_;
  const store::Store& store_;
  const schemas::Generation& current_;
  const std::vector<BundleRequest>& bundles_;
  TrustFilter trust_;
  bool can_be_calibrated_ = false;
  bool must_answer_ = false;
};

/// The packages of every configured registry whose search index says that they do `task`: hints, which offers() confirms.
/// A registry that cannot be read is warned of and left out.
///   errors  those of reading the registries, when none could be read
[[nodiscard]] Result<std::vector<resolver::TaskPackage>> packages_for(const Context& ctx, Remotes& remotes,
                                                                      const std::string& task);

}  // namespace nano::app
