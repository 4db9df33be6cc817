// app/unfilled.h: what `nano new` writes where only the author knows, so that `nano pack` can tell what was left so.
#pragma once

#include <string_view>

namespace nano::app {

inline constexpr std::string_view kUnfilledDescription = "What this model does, in a sentence or two.";
inline constexpr std::string_view kUnfilledLicense = "LicenseRef-not-stated";  ///< SPDX's form for what is no known licence
inline constexpr std::string_view kUnfilledCard = "What it does, in two sentences.";
inline constexpr std::string_view kUnfilledBase = "name-of-the-base";

}  // namespace nano::app
