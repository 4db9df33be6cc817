// runtime_shim/models/crew.h: who does a step of a pass: all of the team, or one of its workers for rows of its own.
#pragma once

#include "runtime_shim/session_team.h"

namespace nano::models {

/// Handed down by value, so that the steps of a layer are written once for both.
class Crew {
 public:
  explicit Crew(Team& team) : team_(&team) {}
  explicit Crew(unsigned worker) : worker_(worker) {}

  [[nodiscard]] unsigned size() const { return team_ != nullptr ? team_->size() : 1; }

  /// As Team::run. Alone: one call for all items, by the worker itself.
  template <class F>
  void run(std::size_t items, F&& f) const {
    if (team_ != nullptr) return team_->run(items, f);
    if (items != 0) f(std::size_t{0}, items, worker_);
  }

 private:
  Team* team_ = nullptr;
  unsigned worker_ = 0;
};

}  // namespace nano::models
