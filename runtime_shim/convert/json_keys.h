// runtime_shim/convert/json_keys.h: looking into JSON that others wrote: a key that is null counts as absent.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "runtime_shim/gguf/reader.h"

namespace nano::convert {

/// nullptr: absent, null, or `in` is no object.
[[nodiscard]] inline const Json* member(const Json& in, std::string_view key) {
  if (!in.is_object()) return nullptr;
  const auto at = in.find(std::string(key));
  return at == in.end() || at->is_null() ? nullptr : &*at;
}
/// "" where it is no text.
[[nodiscard]] inline std::string text_of(const Json& in, std::string_view key) {
  const Json* v = member(in, key);
  return v != nullptr && v->is_string() ? v->get<std::string>() : std::string();
}
[[nodiscard]] inline bool flag(const Json& in, std::string_view key, bool absent) {
  const Json* v = member(in, key);
  return v != nullptr && v->is_boolean() ? v->get<bool>() : absent;
}
/// A value for a message: 'gelu', '[1,2]'; foreign text made safe and short.
[[nodiscard]] inline std::string shown_value(const Json& v) {
  std::string text = v.is_string() ? v.get<std::string>() : dump_line(v);
  while (text.ends_with('\n')) text.pop_back();
  return "'" + gguf::shown(text) + "'";
}

}  // namespace nano::convert
