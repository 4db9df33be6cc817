// verify/tuf/names.cpp: encoding and matching, segment by segment.
#include "verify/tuf/names.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "base/url.h"

namespace nano::verify::tuf {
namespace {

/// One segment against one pattern without '/'. Greedy with one point to return to: linear in practice and quadratic at
/// worst, where recursion would be exponential for "*a*a*a*b".
bool matches_segment(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      static_cast<void>(decode_utf8(text, t));  // one character, not one byte
      ++p;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      static_cast<void>(decode_utf8(text, from));
      t = from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::string percent_encode(std::string_view text) {
  return nano::percent_encode(text, {});
}

std::string percent_encode_path(std::string_view path) {
  return nano::percent_encode(path, "/");
}

std::string metadata_file(std::string_view role) {
  return percent_encode(role) + ".json";
}
std::string metadata_file(std::string_view role, uint64_t version) {
  return std::to_string(version) + "." + metadata_file(role);
}

bool matches_pattern(std::string_view pattern, std::string_view path) {
  for (;;) {
    const auto p = pattern.find('/'), t = path.find('/');
    if (!matches_segment(pattern.substr(0, p), path.substr(0, t))) return false;
    if (p == std::string_view::npos || t == std::string_view::npos) return p == t;
    pattern.remove_prefix(p + 1);
    path.remove_prefix(t + 1);
  }
}

bool delegates(const Delegation& d, std::string_view path) {
  if (d.path_hash_prefixes) {
    const std::string hash = sha256(path).hex();
    return std::any_of(d.path_hash_prefixes->begin(), d.path_hash_prefixes->end(),
                       [&](const std::string& p) { return std::string_view(hash).substr(0, p.size()) == p; });
  }
  return d.paths && std::any_of(d.paths->begin(), d.paths->end(),
                                [&](const std::string& p) { return matches_pattern(p, path); });
}

bool may_delegate_in(const Delegation& d, std::string_view dir) {
  return d.paths && std::any_of(d.paths->begin(), d.paths->end(), [&](const std::string& p) {
           const auto slash = p.rfind('/');
           return slash != std::string::npos && matches_pattern(std::string_view(p).substr(0, slash), dir);
         });
}

}  // namespace nano::verify::tuf
