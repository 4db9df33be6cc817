// app/doctor.h: is everything nano needs in order here?
#pragma once

#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

enum class Health { ok, warning, error };
struct DoctorCheck {
  std::string name{};  ///< "store", "kernels", "starter registry", …
  Health health = Health::ok;
  std::string message{};
  std::string remedy{};
};
struct DoctorReport {
  std::vector<std::pair<std::string, std::string>> facts{};  ///< cpu, cores, memory, isa, kernels, places
  std::vector<DoctorCheck> checks{};
};
/// Never fails itself; an error among the checks makes the command exit 15.
[[nodiscard]] DoctorReport doctor(Context& ctx);

}  // namespace nano::app
