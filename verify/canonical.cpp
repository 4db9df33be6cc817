// verify/canonical.cpp: a plain recursive writer; parse_json has bounded the depth.
#include "verify/canonical.h"

#include <string_view>

#include "base/text.h"

namespace nano::verify {
namespace {

Status put_string(std::string& out, const std::string& s) {
  if (!is_utf8(s)) return make_error(Errc::invalid, "canonical JSON: a string is not valid UTF-8");
  out += '"';
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return Unit{};
}

Status put(std::string& out, const Json& v) {
  switch (v.type()) {
    case Json::value_t::null: out += "null"; return Unit{};
    case Json::value_t::boolean: out += v.get<bool>() ? "true" : "false"; return Unit{};
    case Json::value_t::number_integer: out += std::to_string(v.get<int64_t>()); return Unit{};
    case Json::value_t::number_unsigned: out += std::to_string(v.get<uint64_t>()); return Unit{};
    case Json::value_t::string: return put_string(out, v.get_ref<const std::string&>());
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const Json& e : v) {
        if (!first) out += ',';
        first = false;
        NANO_TRY(put(out, e));
      }
      out += ']';
      return Unit{};
    }
    case Json::value_t::object: {
      out += '{';
      bool first = true;
      // Json sorts keys by bytes, which for UTF-8 is the order of code points.
      for (auto it = v.begin(); it != v.end(); ++it) {
        if (!first) out += ',';
        first = false;
        NANO_TRY(put_string(out, it.key()));
        out += ':';
        NANO_TRY(put(out, it.value()));
      }
      out += '}';
      return Unit{};
    }
    default: break;
  }
  return make_error(Errc::invalid, "canonical JSON holds integers only", "write decimals as strings, as in \"0.8612\"");
}

}  // namespace

Result<std::string> canonical_json(const Json& doc) {
  std::string out;
  NANO_TRY(put(out, doc));
  return out;
}

}  // namespace nano::verify
