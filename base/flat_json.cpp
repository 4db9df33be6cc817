// base/flat_json.cpp: what a document says, and the ways to write it.
#include "base/flat_json.h"

#include <charconv>

#include "base/assert.h"
#include "base/text.h"

namespace nano {
namespace {

template <class N>
void put_number(std::string& out, N n) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, n);
  out.append(digits, end.ptr);
}

/// As nlohmann::json writes it when nothing but control characters must be escaped.
void put_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
}

}  // namespace

std::optional<uint64_t> FlatJson::Value::whole() const {
  if (node_->type != Type::whole) return std::nullopt;
  return node_->number;
}

std::optional<FlatJson::Value> FlatJson::Value::find(std::string_view key) const {
  std::optional<Value> out;
  members([&](std::string_view name, Value value) {
    if (name == key) out = value;
    return !out;
  });
  return out;
}

Json FlatJson::Value::to_json() const {
  switch (node_->type) {
    case Type::null: return nullptr;
    case Type::boolean: return boolean();
    case Type::negative: return static_cast<int64_t>(node_->number);
    case Type::whole: return node_->number;
    case Type::text: return std::string(text());
    case Type::other: return *node_->other;
    case Type::array: {
      Json out = Json::array();
      elements([&](Value v) {
        out.push_back(v.to_json());
        return true;
      });
      return out;
    }
    case Type::object: break;
  }
  Json out = Json::object();
  auto& object = out.get_ref<Json::object_t&>();
  members([&](std::string_view key, Value v) {
    object.emplace_hint(object.end(), std::string(key), v.to_json());
    return true;
  });
  return out;
}

/// The forms differ in text and in what only a tree made in memory holds.
///   text(text, plain), other(json)  append it; false: it has no such form, which ends the writing
template <class Text, class Other>
bool FlatJson::Value::write(std::string& out, const Text& text, const Other& other) const {
  bool first = true;
  const auto comma = [&] {
    if (!first) out += ',';
    first = false;
  };
  const auto put = [&](const Node& n) { return text(std::string_view(n.text, n.size), n.plain); };
  switch (node_->type) {
    case Type::null: out += "null"; return true;
    case Type::boolean: out += boolean() ? "true" : "false"; return true;
    case Type::negative: put_number(out, static_cast<int64_t>(node_->number)); return true;
    case Type::whole: put_number(out, node_->number); return true;
    case Type::text: return put(*node_);
    case Type::other: return other(*node_->other);
    case Type::array: {
      out += '[';
      const bool all = elements([&](Value v) {
        comma();
        return v.write(out, text, other);
      });
      out += ']';
      return all;
    }
    case Type::object: break;
  }
  out += '{';
  const bool all = members([&](std::string_view, Value v) {
    comma();
    if (!put(*(v.node_ - 1))) return false;  // its key
    out += ':';
    return v.write(out, text, other);
  });
  out += '}';
  return all;
}

void FlatJson::Value::dump(std::string& out) const {
  const auto text = [&out](std::string_view s, bool plain) {
    if (!plain && !is_utf8(s)) {  // of a tree made in memory
      out += dump_line(std::string(s));
      return true;
    }
    out += '"';
    if (plain)
      out += s;
    else
      put_escaped(out, s);
    out += '"';
    return true;
  };
  const auto other = [&out](const Json& json) {
    out += dump_line(json);
    return true;
  };
  NANO_ASSERT(write(out, text, other));
}

Status FlatJson::Value::canonical(std::string& out) const {
  bool integers = true;
  const auto text = [&out](std::string_view s, bool plain) {
    if (!plain && !is_utf8(s)) return false;
    out += '"';
    if (plain) {
      out += s;
    } else {
      for (const char c : s) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
    }
    out += '"';
    return true;
  };
  const auto other = [&integers](const Json&) { return integers = false; };
  if (write(out, text, other)) return Unit{};
  if (integers) return make_error(Errc::invalid, "canonical JSON: a string is not valid UTF-8");
  return make_error(Errc::invalid, "canonical JSON holds integers only", "write decimals as strings, as in \"0.8612\"");
}

FlatJson FlatJson::of(const Json& doc) {
  FlatJson out;
  out.add(doc);
  return out;
}

void FlatJson::add(const Json& doc) {
  const std::size_t at = nodes_.size();
  NANO_ASSERT(at < UINT32_MAX && doc.size() < UINT32_MAX);
  Node node;
  const auto text = [](const std::string& s) {
    Node n;
    n.type = Type::text;
    n.text = s.data();
    n.size = static_cast<uint32_t>(s.size());
    return n;
  };
  switch (doc.type()) {
    case Json::value_t::null: break;
    case Json::value_t::boolean:
      node.type = Type::boolean;
      node.number = doc.get<bool>() ? 1 : 0;
      break;
    case Json::value_t::number_integer:
      node.type = doc.get<int64_t>() < 0 ? Type::negative : Type::whole;
      node.number = static_cast<uint64_t>(doc.get<int64_t>());
      break;
    case Json::value_t::number_unsigned:
      node.type = Type::whole;
      node.number = doc.get<uint64_t>();
      break;
    case Json::value_t::string: node = text(doc.get_ref<const std::string&>()); break;
    case Json::value_t::array:
    case Json::value_t::object:
      node.type = doc.is_array() ? Type::array : Type::object;
      node.size = static_cast<uint32_t>(doc.size());
      break;
    default:
      node.type = Type::other;
      node.other = &doc;
  }
  nodes_.push_back(node);
  if (doc.is_array())
    for (const Json& e : doc) add(e);
  if (doc.is_object())
    for (auto it = doc.begin(); it != doc.end(); ++it) {
      nodes_.push_back(text(it.key()));
      add(it.value());
    }
  nodes_[at].span = static_cast<uint32_t>(nodes_.size() - at);
}

}  // namespace nano
