// resolver/license.h: does a licence expression allow what the user allows?
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nano::resolver {

/// Licences by which a model may be used, changed and passed on, commercially too, for naming the author at most.
[[nodiscard]] const std::vector<std::string>& permissive_licenses();

/// Is some way of reading `expression` (SPDX) covered by `allowed`? Each allowed word is an SPDX id, "id WITH exception", or
/// `permissive`. AND needs both sides, OR one. An empty or faulty expression is covered by nothing. Ids compare without case.
[[nodiscard]] bool license_allowed(std::string_view expression, const std::vector<std::string>& allowed);

/// The words of --license that are neither an SPDX expression's id nor `permissive`: the first one, or "".
[[nodiscard]] std::string faulty_license_word(const std::vector<std::string>& allowed);

}  // namespace nano::resolver
