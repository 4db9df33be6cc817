// resolver/license.cpp: SPDX expressions evaluated over a set of allowed ids.
#include "resolver/license.h"

#include <algorithm>

#include "schemas/vocabulary.h"

namespace nano::resolver {
namespace {

constexpr std::size_t kMaxDepth = 16;  // as is_spdx_expression

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_permissive(std::string_view id) {
  const auto& all = permissive_licenses();
  return std::any_of(all.begin(), all.end(), [&](const std::string& p) { return lower(p) == lower(id); });
}

/// Precedence as SPDX has it: WITH, then AND, then OR. The text is known to be an expression.
class Evaluator {
 public:
  Evaluator(std::string_view text, const std::vector<std::string>& allowed) : allowed_(allowed) {
    std::string word;
    for (const char c : text) {
      if (c == ' ' || c == '(' || c == ')') {
        if (!word.empty()) words_.push_back(std::move(word));
        word.clear();
        if (c != ' ') words_.emplace_back(1, c);
      } else {
        word += c;
      }
    }
    if (!word.empty()) words_.push_back(std::move(word));
  }
  bool value() { return either(0); }

 private:
  bool next_is(std::string_view word) const { return at_ < words_.size() && words_[at_] == word; }
  bool either(std::size_t depth) {
    bool out = both(depth);
    while (next_is("OR")) {
      ++at_;
      const bool right = both(depth);  // always read on
      out = out || right;
    }
    return out;
  }
  bool both(std::size_t depth) {
    bool out = one(depth);
    while (next_is("AND")) {
      ++at_;
      const bool right = one(depth);
      out = out && right;
    }
    return out;
  }
  bool one(std::size_t depth) {
    if (at_ >= words_.size() || depth > kMaxDepth) return false;
    if (next_is("(")) {
      ++at_;
      const bool out = either(depth + 1);
      if (next_is(")")) ++at_;
      return out;
    }
    std::string id = words_[at_++];
    if (!next_is("WITH")) return covered(id);
    // An exception only ever adds rights, so the licence alone being allowed is enough.
    const std::string with = at_ + 1 < words_.size() ? id + " WITH " + words_[at_ + 1] : id;
    at_ += 2;
    return covered(id) || covered(with);
  }
  bool covered(const std::string& id) const {
    return std::any_of(allowed_.begin(), allowed_.end(), [&](const std::string& a) {
      return a == "permissive" ? is_permissive(id) : lower(a) == lower(id);
    });
  }

  const std::vector<std::string>& allowed_;
  std::vector<std::string> words_{};
  std::size_t at_ = 0;
};

}  // namespace

const std::vector<std::string>& permissive_licenses() {
  // Those of the SPDX list (3.25) that ask for attribution at most and are used for models, data or code.
  static const std::vector<std::string> list{"0BSD",
                                             "AFL-3.0",
                                             "Apache-2.0",
                                             "BlueOak-1.0.0",
                                             "BSD-1-Clause",
                                             "BSD-2-Clause",
                                             "BSD-3-Clause",
                                             "BSL-1.0",
                                             "CC-BY-3.0",
                                             "CC-BY-4.0",
                                             "CC0-1.0",
                                             "CDLA-Permissive-1.0",
                                             "CDLA-Permissive-2.0",
                                             "ISC",
                                             "MIT",
                                             "MIT-0",
                                             "NCSA",
                                             "ODC-By-1.0",
                                             "PDDL-1.0",
                                             "PostgreSQL",
                                             "Python-2.0",
                                             "PSF-2.0",
                                             "Unicode-3.0",
                                             "Unicode-DFS-2016",
                                             "Unlicense",
                                             "UPL-1.0",
                                             "WTFPL",
                                             "X11",
                                             "Zlib"};
  return list;
}

bool license_allowed(std::string_view expression, const std::vector<std::string>& allowed) {
  return schemas::is_spdx_expression(expression) && Evaluator(expression, allowed).value();
}

std::string faulty_license_word(const std::vector<std::string>& allowed) {
  for (const std::string& a : allowed)
    if (a != "permissive" && !schemas::is_spdx_expression(a)) return a;
  return {};
}

}  // namespace nano::resolver
