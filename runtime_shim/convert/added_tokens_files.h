// runtime_shim/convert/added_tokens_files.h: the tokens that were added to a vocabulary, of all files that may name some.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nano::convert {

class Folder;

struct AddedToken {
  std::string content{};
  std::optional<uint64_t> id{};  ///< nothing: it must be a piece already
  uint8_t flags = 0;             ///< tokenizer::AddedFlag
  std::string file{};            ///< that named it first
  std::string conflict{};        ///< what another file says otherwise; "": nothing
};

/// tokenizer.json's added_tokens; what tokenizer_config.json's added_tokens_decoder, or without one added_tokens.json, adds to
/// them; and the additional (or extra) special tokens of special_tokens_map.json and tokenizer_config.json. As transformers
/// joins them (tokenization_utils_base.py, _from_pretrained).
///
///   tokenizer  null: there is no tokenizer.json
///   errors     invalid: an element without id or content, an id that is none; unsupported: a key of an element that this
///              build does not know
[[nodiscard]] Result<std::vector<AddedToken>> read_added_tokens(const Folder& folder, const Json* tokenizer,
                                                                const Json& settings, const Json& special);

}  // namespace nano::convert
