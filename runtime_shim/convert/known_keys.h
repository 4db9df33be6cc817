// runtime_shim/convert/known_keys.h: what becomes of each key of a Hugging Face folder's files: one table, for the code and the page.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nano::convert {

class Folder;

enum class Use {
  honoured,  ///< read, and done as it says or refused where this build cannot
  neutral,   ///< changes no answer, whatever it says
  only,      ///< refused with a value that is none of these (null counts as absent)
};

/// One key of an object. `where` names the object: a file, or a part of one by its type ("BertNormalizer").
struct KeyRule {
  std::string_view where{};
  std::string_view key{};
  Use use = Use::honoured;
  std::string_view values{};  ///< of `only`: as JSON, strings bare, with '|' between; "": no value at all
};
/// In the order of the page.
[[nodiscard]] std::span<const KeyRule> known_keys();
/// Is a key of such an object that no rule names refused? (Else no class of transformers reads it.)
[[nodiscard]] bool refuses_unknown(std::string_view where);

/// Every key of `object` against the table.
///
///   file    for messages
///   errors  unsupported: a key with a value that is not neutral, or one that nobody knows in an object where those are
///           refused (both are named)
[[nodiscard]] Status check_keys(const Folder& folder, const std::string& file, std::string_view where, const Json& object);

/// The keys of `object` that no rule names, in their order.
[[nodiscard]] std::vector<std::string> unread_keys(std::string_view where, const Json& object);

/// The table as Markdown, as docs/MODELS.md has it.
[[nodiscard]] std::string known_keys_page();

}  // namespace nano::convert
