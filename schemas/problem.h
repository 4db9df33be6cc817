// schemas/problem.h: one fault of a document: where it is, what it is, what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nano::schemas {

/// A fault found while checking a document. A check collects all of them; a parse returns the first.
struct Problem {
  std::string pointer{};  ///< JSON pointer (RFC 6901) to the place, "" = the document itself
  std::string message{};  ///< lower case, no full stop; foreign text in it is sanitised
  std::string hint{};     ///< the remedy; may be empty
  std::size_t line = 0;   ///< of the file's text, from 1; 0 = not looked up
};
using Problems = std::vector<Problem>;

/// Is a problem known of this place, of something in it, or of what it stands in (but the document itself)?
[[nodiscard]] bool any_about(const Problems& problems, std::string_view pointer);

/// `invalid`, "manifest: /variants/0/name: …". `document` names the kind of document ("manifest").
[[nodiscard]] Error to_error(const Problem& problem, std::string_view document);

}  // namespace nano::schemas
