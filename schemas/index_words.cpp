// schemas/index_words.cpp: what the search index says of a package as a whole.
#include <algorithm>

#include "schemas/first_choice.h"
#include "schemas/index.h"

namespace nano::schemas {
namespace {

constexpr std::size_t kDescriptionBytes = 300;

std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return text.substr(0, end);
}

}  // namespace

const IndexVersion& speaker(const IndexPackage& p) {
  return *std::max_element(p.versions.begin(), p.versions.end(),
                           [](const IndexVersion& a, const IndexVersion& b) {
                             if (a.yanked.empty() != b.yanked.empty()) return !a.yanked.empty();
                             return is_taken_before(b.version, a.version);
                           });
}

void add_words(IndexPackage& p, const Manifest& m) {
  p.description = cut(m.description, kDescriptionBytes);
  p.languages = m.languages;
  p.keywords = m.keywords;
}

}  // namespace nano::schemas
