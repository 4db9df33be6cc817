// app/upgrade_plan.h: the one plan that `outdated` shows and `upgrade` carries out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/offers.h"
#include "app/project.h"
#include "resolver/choose.h"
#include "schemas/requirement.h"
#include "store/store.h"

namespace nano::app {

/// A package that is there: in a project what is locked, else what is installed (and was signed).
struct There {
  schemas::PackageName name{};
  schemas::Version version{};
  std::string variant{};
  bool pinned = false;
  std::vector<schemas::PackageName> needs{};
  std::string registry_id{};   ///< it came from; "" = unknown
  bool from_starter = false;   ///< the registry that came with nano, whose id is another one in each build
};
[[nodiscard]] std::vector<There> what_is_there(const schemas::Lockfile& lock, const std::vector<schemas::PinRule>& pins);
[[nodiscard]] std::vector<There> what_is_there(const store::Store& store, const schemas::Generation& current);

struct UpgradePlan {
  resolver::ChooseRequest request{};  ///< that the outcome answers
  resolver::ChooseOutcome outcome{};
  std::vector<std::string> remarks{};  ///< "x goes down from 1.1.0 to 1.0.0: 1.1.0 was yanked (…)"
};

/// Let packages move out of what keeps them in `request` (Kept entries of `locked`): the named ones and all that they need, or
/// everything where none is named. Their variants are kept where that can be.
void let_move(const std::vector<There>& there, const std::vector<schemas::PackageName>& named, resolver::ChooseRequest& request);

/// Choose newer versions. Nothing goes down, but where what is there was yanked, is no longer listed, or is not what is asked for
/// any more, and what must follow it. A yanked version that nothing else can replace stays. With `request.lowest` there is no
/// such floor: the lowest versions are what was asked for.
///   request  asks for all that is asked for, with all that is there in `locked`
///   named    as typed for `nano upgrade`: what may move, with all that it needs; empty = everything
///   errors   those of the registries; "no solution" is an outcome
[[nodiscard]] Result<UpgradePlan> plan_upgrade(Context& ctx, const std::vector<There>& there,
                                               const std::vector<schemas::Requirement>& named,
                                               resolver::ChooseRequest request, Offers& offers, resolver::Memory& memory);

}  // namespace nano::app
