// schemas/name.cpp: one walk over the bytes that can say which one is wrong.
#include "schemas/name.h"

#include "base/text.h"

namespace nano::schemas {
namespace {

constexpr std::string_view kGrammarHint = "use a-z, 0-9 and single '-' between them, 1 to 64 characters";

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

Error at_position(std::string_view what, std::string_view text, std::size_t i, const std::string& fault) {
  return make_error(Errc::usage, std::string(what) + " '" + sanitize(text.substr(0, 80)) + "' has " + fault + " at position " + std::to_string(i + 1),
                    std::string(kGrammarHint));
}

/// `offset`: where `part` begins in `whole`, so that positions are those of what the person typed.
Status check_part(std::string_view whole, std::string_view part, std::size_t offset, std::string_view what) {
  if (part.empty()) return make_error(Errc::usage, std::string(what) + " '" + sanitize(whole.substr(0, 80)) + "' has an empty part", std::string(kGrammarHint));
  for (std::size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    if (i >= kMaxNameBytes) return at_position(what, whole, offset + i, "more than 64 characters");
    if (is_alnum(c)) continue;
    if (c == '-') {
      if (i == 0) return at_position(what, whole, offset, "a leading '-'");
      if (i + 1 == part.size()) return at_position(what, whole, offset + i, "a trailing '-'");
      if (part[i - 1] == '-') return at_position(what, whole, offset + i, "a double '-'");
      continue;
    }
    if (c >= 'A' && c <= 'Z') return at_position(what, whole, offset + i, "the capital letter '" + std::string(1, c) + "'");
    std::size_t next = i;
    (void)decode_utf8(part, next);
    return at_position(what, whole, offset + i, "the character '" + sanitize(part.substr(i, next - i)) + "'");
  }
  return Unit{};
}

}  // namespace

Result<PackageName> PackageName::parse(std::string_view text) {
  if (text.empty()) return make_error(Errc::usage, "the package name is empty", std::string(kGrammarHint));
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    NANO_TRY(check_part(text, text, 0, "the package name"));
    return PackageName{.ns = std::string(kRootNamespace), .name = std::string(text)};
  }
  if (const auto second = text.find('/', slash + 1); second != std::string_view::npos)
    return at_position("the package name", text, second, "a second '/'");
  NANO_TRY(check_part(text, text.substr(0, slash), 0, "the package name"));
  NANO_TRY(check_part(text, text.substr(slash + 1), slash + 1, "the package name"));
  return PackageName{.ns = std::string(text.substr(0, slash)), .name = std::string(text.substr(slash + 1))};
}

std::string PackageName::text() const { return in_root() ? name : ns + "/" + name; }

Status check_simple_name(std::string_view text, std::string_view what) {
  if (text.empty()) return make_error(Errc::usage, std::string(what) + " is empty", std::string(kGrammarHint));
  return check_part(text, text, 0, what);
}

}  // namespace nano::schemas
