// schemas/version.cpp: SemVer 2.0.0 parsing and precedence (semver.org, items 2, 9 and 11).
#include "schemas/version.h"

#include <limits>

#include "base/text.h"

namespace nano::schemas {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_identifier_char(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }
bool is_numeric(std::string_view s) {
  for (const char c : s)
    if (!is_digit(c)) return false;
  return !s.empty();
}

Error fault(std::string_view text, std::string_view what, std::string_view hint = "write it as in 1.2.3 or 1.2.3-rc.1") {
  return make_error(Errc::usage, "the version '" + sanitize(text.substr(0, 80)) + "' " + std::string(what), std::string(hint));
}

/// One of the three numbers; `at` moves behind it.
Result<uint64_t> number(std::string_view text, std::size_t& at, std::string_view name) {
  const std::size_t begin = at;
  uint64_t n = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    const auto digit = static_cast<uint64_t>(text[at] - '0');
    if (n > (kMax - digit) / 10) return fault(text, "has a " + std::string(name) + " number above 18446744073709551615");
    n = n * 10 + digit;
  }
  if (at == begin) return fault(text, "has no " + std::string(name) + " number at position " + std::to_string(at + 1));
  if (at - begin > 1 && text[begin] == '0') return fault(text, "has a " + std::string(name) + " number with a leading zero", "drop the zero");
  return n;
}

/// Numeric identifiers compare by value (any length), below alphanumeric ones, which compare by ASCII order.
std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  const bool an = is_numeric(a);
  const bool bn = is_numeric(b);
  if (an != bn) return an ? std::strong_ordering::less : std::strong_ordering::greater;
  if (an && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace

Result<Version> Version::parse(std::string_view text) {
  if (text.empty()) return make_error(Errc::usage, "the version is empty", "write it as in 1.2.3");
  if (text.size() > kMaxVersionBytes) return fault(text, "has " + std::to_string(text.size()) + " bytes, more than 128");
  if (text[0] == 'v' || text[0] == 'V') return fault(text, "begins with 'v'", "write it without the v");
  Version v;
  std::size_t at = 0;
  NANO_TRY_ASSIGN(v.major, number(text, at, "major"));
  if (at >= text.size() || text[at] != '.') return fault(text, "does not have three numbers");
  ++at;
  NANO_TRY_ASSIGN(v.minor, number(text, at, "minor"));
  if (at >= text.size() || text[at] != '.') return fault(text, "does not have three numbers");
  ++at;
  NANO_TRY_ASSIGN(v.patch, number(text, at, "patch"));
  if (text.find('+', at) != std::string_view::npos)
    return fault(text, "has build metadata ('+…'), which would give one version two names", "leave out the '+' and what follows it");
  if (at == text.size()) return v;
  if (text[at] != '-') return fault(text, "goes on after the patch number, at position " + std::to_string(at + 1));
  for (const std::string& id : split(text.substr(at + 1), '.')) {
    if (id.empty()) return fault(text, "has an empty pre-release identifier");
    for (const char c : id)
      if (!is_identifier_char(c)) return fault(text, "has a character in its pre-release that is not 0-9, A-Z, a-z or '-'");
    if (id.size() > 1 && id[0] == '0' && is_numeric(id)) return fault(text, "has a numeric pre-release identifier with a leading zero", "drop the zero");
    v.pre.push_back(id);
  }
  return v;
}

std::string Version::text() const {
  std::string out = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  for (std::size_t i = 0; i < pre.size(); ++i) out += (i == 0 ? "-" : ".") + pre[i];
  return out;
}

std::optional<Version> Version::successor() const {
  Version next = *this;
  if (is_prerelease()) {  // more fields rank higher, and numeric 0 is the least field (item 11.4)
    next.pre.emplace_back("0");
    return next;
  }
  next.pre = {"0"};
  if (patch < kMax) {
    ++next.patch;
  } else if (minor < kMax) {
    next.patch = 0;
    ++next.minor;
  } else if (major < kMax) {
    next.patch = next.minor = 0;
    ++next.major;
  } else {
    return std::nullopt;
  }
  return next;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto c = a.major <=> b.major; c != 0) return c;
  if (const auto c = a.minor <=> b.minor; c != 0) return c;
  if (const auto c = a.patch <=> b.patch; c != 0) return c;
  if (a.is_prerelease() != b.is_prerelease()) return a.is_prerelease() ? std::strong_ordering::less : std::strong_ordering::greater;
  for (std::size_t i = 0; i < a.pre.size() && i < b.pre.size(); ++i)
    if (const auto c = compare_identifiers(a.pre[i], b.pre[i]); c != 0) return c;
  return a.pre.size() <=> b.pre.size();
}

}  // namespace nano::schemas

std::size_t std::hash<nano::schemas::Version>::operator()(const ::nano::schemas::Version& v) const noexcept {
  const std::hash<uint64_t> number;
  std::size_t h = number(v.major) * 1000003 + number(v.minor);
  h = h * 1000003 + number(v.patch);
  for (const auto& id : v.pre) h = h * 1000003 + std::hash<std::string>()(id);
  return h;
}
