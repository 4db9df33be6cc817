// schemas/project_root.h: whose a file under roots/ is: the path of a project, which is bytes, in a document, which is text.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace nano::schemas {

/// The project's path: `project_hex` where there is one (hex digits, of a path that is not plain UTF-8 text), else `project`.
/// nullopt = the document has neither, or it is damaged.
[[nodiscard]] std::optional<std::string> project_of_root(const Json& doc);

}  // namespace nano::schemas
