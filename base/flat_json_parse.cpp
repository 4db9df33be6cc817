// base/flat_json_parse.cpp: text to nodes in one pass. What it does not take, parse_json refuses in words.
#include <algorithm>
#include <cstring>

#include "base/flat_json.h"
#include "base/text.h"

namespace nano {

/// RFC 8259 without floats. Only yes or no: the reasons are parse_json's, so that there is one set of them.
class FlatJsonParser {
  using Type = FlatJson::Type;
  using Node = FlatJson::Node;

 public:
  FlatJsonParser(std::string_view bytes, uint32_t max_depth, FlatJson& out)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), max_depth_(max_depth), out_(out), nodes_(out.nodes_) {
    nodes_.reserve(bytes.size() / 12 + 16);  // what metadata have; it grows where that is too little
  }

  bool run(std::size_t bytes) {
    bytes_ = bytes;
    for (;;) {
      bool opened = false;
      if (!value(opened)) return false;
      if (opened) continue;
      // After a value: what closes, or a comma.
      for (;;) {
        skip_space();
        if (stack_.empty()) return at_ == end_;
        if (at_ == end_) return false;
        const bool is_object = nodes_[stack_.back().node].type == Type::object;
        const char c = *at_++;
        if (c == ',') {
          if (is_object && !key()) return false;
          break;
        }
        if (c != (is_object ? '}' : ']') || !close()) return false;
      }
    }
  }

 private:
  struct Level {
    uint32_t node = 0;
    uint32_t last_key = 0;  ///< 0: none yet (a key is never the first node)
    bool sorted = true;
  };

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool word(std::string_view w) {
    if (static_cast<std::size_t>(end_ - at_) < w.size() || std::memcmp(at_, w.data(), w.size()) != 0) return false;
    at_ += w.size();
    return true;
  }
  Node& add(Type type) {
    nodes_.emplace_back();
    nodes_.back().type = type;
    return nodes_.back();
  }

  /// `opened`: it is a list or an object with something in it, and what comes next is its first value.
  bool value(bool& opened) {
    skip_space();
    if (at_ == end_) return false;
    if (!stack_.empty() && nodes_[stack_.back().node].type == Type::array) ++nodes_[stack_.back().node].size;
    switch (*at_) {
      case '{':
      case '[': return open(opened);
      case '"': return text();
      case 'n': add(Type::null); return word("null");
      case 't': add(Type::boolean).number = 1; return word("true");
      case 'f': add(Type::boolean).number = 0; return word("false");
      default: return number();
    }
  }

  bool open(bool& opened) {
    if (stack_.size() >= max_depth_) return false;
    const bool is_object = *at_++ == '{';
    stack_.push_back({.node = static_cast<uint32_t>(nodes_.size())});
    add(is_object ? Type::object : Type::array);
    skip_space();
    if (at_ == end_) return false;
    if (*at_ == (is_object ? '}' : ']')) {
      ++at_;
      return close();
    }
    opened = true;
    return !is_object || key();
  }

  bool close() {
    const Level level = stack_.back();
    stack_.pop_back();
    Node& node = nodes_[level.node];
    node.span = static_cast<uint32_t>(nodes_.size() - level.node);
    return level.sorted || sort_members(level.node);
  }

  bool key() {
    skip_space();
    const auto here = static_cast<uint32_t>(nodes_.size());
    if (at_ == end_ || *at_ != '"' || !text()) return false;
    skip_space();
    if (at_ == end_ || *at_++ != ':') return false;
    Level& level = stack_.back();
    ++nodes_[level.node].size;
    if (level.last_key != 0) {
      const int order = view(level.last_key).compare(view(here));
      if (order == 0) return false;  // twice
      if (order > 0) level.sorted = false;
    }
    level.last_key = here;
    return true;
  }

  [[nodiscard]] std::string_view view(uint32_t node) const { return {nodes_[node].text, nodes_[node].size}; }

  /// Puts an object's members into the order of their keys. False: two are equal.
  bool sort_members(uint32_t object) {
    std::vector<uint32_t> keys;
    keys.reserve(nodes_[object].size);
    for (uint32_t at = object + 1; at < nodes_.size(); at += 1 + nodes_[at + 1].span) keys.push_back(at);
    std::sort(keys.begin(), keys.end(), [&](uint32_t a, uint32_t b) { return view(a) < view(b); });
    for (std::size_t i = 1; i < keys.size(); ++i)
      if (view(keys[i - 1]) == view(keys[i])) return false;
    std::vector<Node> sorted;
    sorted.reserve(nodes_.size() - object - 1);
    for (const uint32_t k : keys)
      sorted.insert(sorted.end(), nodes_.begin() + k, nodes_.begin() + k + 1 + nodes_[k + 1].span);
    std::copy(sorted.begin(), sorted.end(), nodes_.begin() + object + 1);
    return true;
  }

  /// A float ends here too: what comes behind the digits closes nothing.
  bool number() {
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    const char* const first = at_;
    uint64_t n = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      const auto digit = static_cast<uint64_t>(*at_ - '0');
      if (n > (UINT64_MAX - digit) / 10) return false;
      n = n * 10 + digit;
    }
    if (at_ == first || (*first == '0' && at_ - first > 1)) return false;
    if (negative && n > uint64_t{1} << 63) return false;
    add(negative && n != 0 ? Type::negative : Type::whole).number = negative ? 0 - n : n;
    return true;
  }

  bool text() {
    const char* const first = ++at_;
    while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x20 && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_) return false;
    if (*at_ == '\\') return escaped_text(first);
    if (*at_ != '"') return false;
    Node& node = add(Type::text);
    node.text = first;
    node.size = static_cast<uint32_t>(at_++ - first);
    node.plain = true;
    return true;
  }

  bool escaped_text(const char* first) {
    std::vector<char>& out = out_.unescaped_;
    if (out.capacity() == 0) out.reserve(bytes_);  // what is unescaped is shorter than it was: it never grows
    const std::size_t begin = out.size();
    out.insert(out.end(), first, at_);
    for (;;) {
      if (at_ == end_ || static_cast<unsigned char>(*at_) < 0x20) return false;
      const char c = *at_++;
      if (c == '"') break;
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      if (at_ == end_) return false;
      switch (*at_++) {
        case '"': out.push_back('"'); break;
        case '\\': out.push_back('\\'); break;
        case '/': out.push_back('/'); break;
        case 'b': out.push_back('\b'); break;
        case 'f': out.push_back('\f'); break;
        case 'n': out.push_back('\n'); break;
        case 'r': out.push_back('\r'); break;
        case 't': out.push_back('\t'); break;
        case 'u':
          if (!code_point(out)) return false;
          break;
        default: return false;
      }
    }
    Node& node = add(Type::text);
    node.text = out.data() + begin;
    node.size = static_cast<uint32_t>(out.size() - begin);
    return true;
  }

  bool hex4(uint32_t& out) {
    out = 0;
    if (end_ - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const char c = *at_++;
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) return false;
      out = out * 16 + static_cast<uint32_t>(digit);
    }
    return true;
  }

  /// After `\u`. A surrogate must have its partner.
  bool code_point(std::vector<char>& out) {
    uint32_t c = 0;
    if (!hex4(c) || (c >= 0xDC00 && c <= 0xDFFF)) return false;
    if (c >= 0xD800 && c <= 0xDBFF) {
      uint32_t low = 0;
      if (!word("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    std::string utf8;
    append_utf8(utf8, c);
    out.insert(out.end(), utf8.begin(), utf8.end());
    return true;
  }

  const char* at_;
  const char* end_;
  uint32_t max_depth_;
  FlatJson& out_;
  std::vector<Node>& nodes_;
  std::vector<Level> stack_{};
  std::size_t bytes_ = 0;
};

Result<FlatJson> FlatJson::parse(std::string_view bytes, JsonLimits limits) {
  limits.allow_floats = false;
  FlatJson out;
  // A node takes at least a byte of text, so 32 bits number them.
  if (bytes.size() <= limits.max_bytes && bytes.size() < UINT32_MAX && is_utf8(bytes) &&
      FlatJsonParser(bytes, limits.max_depth, out).run(bytes.size()))
    return out;
  NANO_TRY(parse_json(bytes, limits));
  return make_error(Errc::internal, "two readers of JSON disagree about a document of " + std::to_string(bytes.size()) + " bytes",
                    "report it, with the document");
}

}  // namespace nano
