// runtime_shim/models/gguf_keys.h: what becomes of each metadata key of a model's GGUF: one table, for the code and the page.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::models {

enum class KeyUse {
  honoured,  ///< read, and done as it says or refused where this build cannot
  neutral,   ///< changes no answer, whatever it says
  only,      ///< refused with a value that is none of these
};

struct GgufKeyRule {
  std::string_view where{};  ///< an architecture, a tokenizer.ggml.model, or "all"
  std::string_view key{};    ///< without "<architecture>."; one that ends in '*' stands for all that begin so
  KeyUse use = KeyUse::honoured;
  std::string_view values{};  ///< of `only`: numbers, words, with '|' between; "": the key must be absent
};
[[nodiscard]] std::span<const GgufKeyRule> gguf_keys();

/// Every key of `file` that begins with `architecture`, "tokenizer.", "nano.", "split." or "adapter." against the table. Other
/// keys (general.*, those of tools) change nothing.
///
///   errors  unsupported: a key with a value that is not neutral, or a key that this build does not know, named
[[nodiscard]] Status check_gguf_keys(const gguf::File& file, std::string_view architecture);

/// The table as Markdown, as docs/MODELS.md has it.
[[nodiscard]] std::string gguf_keys_page();

}  // namespace nano::models
