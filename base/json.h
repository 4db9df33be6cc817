// base/json.h: strict JSON. Duplicate keys, depth and size are refused before any DOM exists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace nano {

using Json = nlohmann::json;  ///< objects are sorted by key: dumping is deterministic

struct JsonLimits {
  uint64_t max_bytes = uint64_t{1} << 20;  ///< refuse longer documents, in bytes
  uint32_t max_depth = 64;                 ///< nested arrays and objects
  bool allow_floats = false;  ///< signed documents write decimals as strings; results may hold floats
};

/// Parse one UTF-8 JSON document (RFC 8259) under the limits.
///   errors  invalid: not JSON (with line and column), duplicate key (named), too deep, too long, a float
///   where
///           floats are refused, a lone surrogate, an invalid UTF-8 byte, anything after the document
[[nodiscard]] Result<Json> parse_json(std::string_view bytes, const JsonLimits& limits = {});

/// Two-space indented text with a final newline, keys sorted: the form of files people read.
/// Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string dump_pretty(const Json& doc);
/// One line, no spaces: the form of streams.
[[nodiscard]] std::string dump_line(const Json& doc);

}  // namespace nano
