// app/card.h: the model card inside a .nano file that is not installed.
#pragma once

#include <string>

#include "app/context.h"

namespace nano::app {

/// The markdown of the card in a bundle or an export, whose bytes are what the release says. Of several packages the first that
/// was asked for speaks, as for `nano info`. Nothing is installed.
///   errors  not_found: no such file, or no card in it; integrity, invalid, untrusted: as reading the file for `nano info`
[[nodiscard]] Result<std::string> card_of_bundle(Context& ctx, const fs::Path& file);

}  // namespace nano::app
