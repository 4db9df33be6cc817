// app/choose_options.h: the options by which people narrow what may be chosen, shared by all commands that resolve.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "resolver/choose.h"

namespace nano::app {

/// As typed; "" and empty = not given.
struct ChooseOptions {
  std::vector<std::string> min{};       ///< "accuracy=0.8"
  std::vector<std::string> max{};       ///< "p95=8ms", "memory=200MB", "size=30MB"
  std::vector<std::string> licenses{};  ///< SPDX ids, "permissive"
  std::vector<std::string> kinds{};
  std::string min_age{};     ///< "7d"
  std::string prefer{};      ///< speed, accuracy, size, balanced
  bool any_machine = false;  ///< choose for another machine than this one
  bool minimal = false;      ///< the lowest versions that fit
  /// Nothing given: what is installed and fits need not be looked at again.
  [[nodiscard]] bool is_default() const {
    return min.empty() && max.empty() && licenses.empty() && kinds.empty() && min_age.empty() &&
           prefer.empty() && !any_machine && !minimal;
  }
};

/// Filters, objective, mode, machine and time of a request.
///   errors  usage: the faulty option is named
[[nodiscard]] Status apply(const Context& ctx, const ChooseOptions& options,
                           resolver::ChooseRequest& request);

}  // namespace nano::app
