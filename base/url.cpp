// base/url.cpp: percent escapes, file: URLs, and what of a URL may be shown.
#include "base/url.h"

#include <algorithm>

#include "base/text.h"

namespace nano {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kFileStart = "file://";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_in_any_case(std::string_view text, std::string_view with) {
  return text.size() >= with.size() &&
         std::equal(with.begin(), with.end(), text.begin(), [](char a, char b) { return a == lower_ascii(b); });
}

bool is_scheme_char(char c) { return is_unreserved(c) || c == '+'; }

/// Where the host of `rest` (what follows `scheme://`) begins: behind the user info, if there is any.
std::size_t host_begin(std::string_view rest) {
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) return at + 1;
  // A password with a '/', '?' or '#' in it, written plainly: the text looks like host:port, and the port is none.
  const std::size_t last = rest.rfind('@');
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (last == std::string_view::npos || colon == std::string_view::npos) return 0;
  const std::string_view port = authority.substr(colon + 1);
  const bool is_port = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_port && !port.empty() ? 0 : last + 1;
}

std::string shown(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view rest = url.substr(start);
  const std::string_view host = rest.substr(host_begin(rest));
  return std::string(url.substr(0, start)) + std::string(host.substr(0, host.find_first_of("?#")));
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
}

}  // namespace

std::string percent_encode(std::string_view bytes, std::string_view keep) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : bytes) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || high * 16 + low == 0) return make_error(Errc::invalid, "it has a bad percent escape", "a plain % is written %25");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool is_file_url(std::string_view url) { return starts_in_any_case(url, kFile); }

std::string file_url(const std::filesystem::path& folder) {
  std::error_code ec;
  const std::filesystem::path whole = folder.is_absolute() ? folder : std::filesystem::absolute(folder, ec);
  // `link/..` is not the folder that holds the link: only what has no `..` can be tidied as text.
  const bool plain = std::none_of(whole.begin(), whole.end(), [](const auto& part) { return part == ".."; });
  std::string path = ec ? "/" + folder.string() : plain ? whole.lexically_normal().string() : whole.string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return std::string(kFileStart) + percent_encode(path, "/");
}

Result<std::filesystem::path> folder_of_url(std::string_view url) {
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    return make_error(Errc::usage, "the address '" + display_url(url) + "' " + why, hint);
  };
  if (!starts_in_any_case(url, kFileStart)) return refuse("is no folder's", "a folder's address is file:///folder");
  std::string_view rest = url.substr(kFileStart.size());
  if (starts_in_any_case(rest, "localhost/")) rest.remove_prefix(9);
  if (rest.empty() || rest.front() != '/') return refuse("names no folder from the root", "three slashes are needed: file:///folder");
  for (const char c : rest)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return refuse("holds a control character", "give the folder itself, not its URL");
  if (rest.find_first_of("?#") != std::string_view::npos)
    return refuse("has a query or a fragment", "a ? in a folder's name is written %3F, a # %23; or give the folder itself, not its URL");
  auto path = percent_decode(rest);
  if (!path) return refuse("has a bad percent escape", "a plain % is written %25; or give the folder itself, not its URL");
  while (path->size() > 1 && path->back() == '/') path->pop_back();
  return std::filesystem::path(std::move(*path));
}

std::string display_url(std::string_view url) { return sanitize(shown(url)); }

std::string hide_url_secrets(std::string_view text, std::span<const std::string> known) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", std::max(at + 3, done))) {
    if (at < done) continue;
    std::size_t begin = at;
    while (begin > done && is_scheme_char(text[begin - 1])) --begin;
    // A quoted URL ends with its quote, whatever stands in it; another one with the word.
    const char quote = begin > 0 && (text[begin - 1] == '\'' || text[begin - 1] == '"') ? text[begin - 1] : '\0';
    const std::size_t end = std::min(quote != '\0' ? text.find(quote, at) : text.find_first_of(" \t\r\n", at), text.size());
    out += text.substr(done, begin - done);
    out += shown(text.substr(begin, end - begin));
    done = end;
  }
  out += text.substr(done);
  for (const std::string& url : known) {
    const std::size_t scheme = url.find("://");
    const std::string_view rest = std::string_view(url).substr(scheme == std::string::npos ? 0 : scheme + 3);
    const std::size_t last = rest.rfind('@');
    if (last == std::string_view::npos || last == 0) continue;
    const std::string_view user = rest.substr(0, last);
    const std::string_view password = user.substr(std::min(user.find(':'), user.size()));
    replace_all(out, user, "…");
    if (password.size() > 3) replace_all(out, password.substr(1), "…");
    if (const auto plain = percent_decode(password); plain && plain->size() > 3) replace_all(out, plain->substr(1), "…");
  }
  return out;
}

}  // namespace nano
