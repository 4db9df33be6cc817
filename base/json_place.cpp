// base/json_place.cpp: walks a text that was parsed already; where it is odd, the walk ends early and the line is that far.
#include "base/json_place.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/json.h"

namespace nano {
namespace {

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t line_of(std::string_view pointer) {
    space();
    std::size_t found = at_;
    while (!pointer.empty()) {
      pointer.remove_prefix(1);  // its '/'
      const auto end = std::min(pointer.find('/'), pointer.size());
      if (!enter(unescaped(pointer.substr(0, end)), found)) break;
      pointer.remove_prefix(end);
    }
    found = std::min(found, text_.size());
    return 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(found), '\n'));
  }

 private:
  static std::string unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool escape = token[i] == '~' && i + 1 < token.size();
      out += escape ? (token[i + 1] == '1' ? '/' : '~') : token[i];
      if (escape) ++i;
    }
    return out;
  }

  [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (here() == ' ' || here() == '\n' || here() == '\r' || here() == '\t') ++at_;
  }
  std::string_view string() {
    const std::size_t from = at_;
    for (++at_; at_ < text_.size() && here() != '"'; ++at_)
      if (here() == '\\') ++at_;
    at_ = std::min(at_ + 1, text_.size());
    return text_.substr(from, at_ - from);
  }
  void value() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      if (here() == '"') {
        string();
      } else {
        if (here() == '{' || here() == '[') ++depth;
        if (depth == 0 && (here() == ',' || here() == '}' || here() == ']')) return;
        if (here() == '}' || here() == ']') --depth;
        ++at_;
      }
    }
  }

  /// From the start of a value to that of the member or element `token`; `found` is where that begins, with its key.
  bool enter(const std::string& token, std::size_t& found) {
    const bool object = here() == '{';
    std::size_t wanted = 0;
    if (!object) {
      const auto [end, ec] = std::from_chars(token.data(), token.data() + token.size(), wanted);
      if (here() != '[' || ec != std::errc() || end != token.data() + token.size()) return false;
    }
    ++at_;
    for (std::size_t i = 0;; ++i) {
      space();
      if (at_ >= text_.size() || here() == '}' || here() == ']') return false;
      const std::size_t start = at_;
      bool match = i == wanted;
      if (object) {
        const auto key = parse_json(string());
        match = key && key->is_string() && key->get_ref<const std::string&>() == token;
        space();
        if (here() == ':') ++at_;
        space();
      }
      if (match) {
        found = start;
        return true;
      }
      value();
      if (here() == ',') ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t json_line(std::string_view text, std::string_view pointer) { return Walker(text).line_of(pointer); }

}  // namespace nano
