// schemas/requirement.h: what a person asks for: `name[@range][:variant]`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schemas/name.h"
#include "schemas/range.h"

namespace nano::schemas {

/// `sentiment-50m@^1.2:q4`. `@1.2.3` is exactly that, `@1.2` is 1.2.x; without `@` any version.
struct Requirement {
  PackageName name{};
  Range range{};
  std::string variant{};  ///< "" = none asked for

  /// errors  usage: the fault is named
  [[nodiscard]] static Result<Requirement> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

}  // namespace nano::schemas
