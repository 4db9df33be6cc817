// registry/client/url.cpp: small and strict; libcurl parses http URLs once more when it connects.
#include "registry/client/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/url.h"

namespace nano::registry {
namespace {

constexpr std::size_t kMaxHostBytes = 253;  ///< RFC 1035
constexpr std::size_t kMaxUrlBytes = 2048;  ///< of the web; what config.json holds
constexpr std::size_t kMaxFileUrlBytes = 4096;

std::string lower_case(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Error refuse(std::string_view url, std::string why) {
  return make_error(Errc::usage, "the registry address '" + display_url(url) + "' " + std::move(why),
                    "write it as https://host/path, http://host/path or file:///folder");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A name, an IPv4 address, or an IPv6 address in brackets. "" = it is none
std::string why_no_host(std::string_view host) {
  if (host.empty()) return "names no host";
  if (host.front() == '[') {
    if (host.back() != ']') return "has a bracket that is not closed";
    const std::string inside(host.substr(1, host.size() - 2));
    if (inside.find('%') != std::string::npos) return "has a zone in its IPv6 address, which holds on one machine only";
    in6_addr parsed{};
    return inet_pton(AF_INET6, inside.c_str(), &parsed) == 1 ? "" : "has no IPv6 address between its brackets";
  }
  if (host.size() > kMaxHostBytes) return "has a host longer than a name can be";
  if (!is_utf8(host)) return "has a host that is not UTF-8";
  bool empty_label = true;  // "a..b" and ".a" are no names; "a." is one
  for (const char c : host) {
    const bool plain = (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    if (c == '.' ? empty_label : !plain) return c == '.' ? "has an empty part in its host" : "has a host with a character that no name has";
    empty_label = c == '.';
  }
  return "";
}

/// errors  usage
Result<std::string> authority(std::string_view url, std::string_view text) {
  const std::string lowered = lower_case(text);
  const std::string_view all = lowered;
  const std::size_t bracket = all.front() == '[' ? std::min(all.find(']'), all.size() - 1) : 0;
  const std::size_t colon = all.find(':', bracket);
  const std::string_view host = all.substr(0, colon);
  if (const std::string why = why_no_host(host); !why.empty()) return refuse(url, why);
  if (colon == std::string_view::npos || colon + 1 == all.size()) return std::string(host);
  const std::string_view port = all.substr(colon + 1);
  uint32_t number = 0;
  for (const char c : port) {
    if (!is_digit(c)) return refuse(url, "has a port that is no number");
    number = std::min<uint32_t>(number * 10 + static_cast<uint32_t>(c - '0'), 100'000);
  }
  if (number == 0 || number > 65'535) return refuse(url, "has a port that there is not: ports are 1 to 65535");
  return std::string(host) + ":" + std::to_string(number);
}

/// What may stand in a path stays, what is beyond ASCII is escaped. errors  usage
Result<std::string> path_of(std::string_view url, std::string_view path) {
  constexpr std::string_view kAllowed = "/!$&'()*+,;=:@";
  if (const auto decoded = percent_decode(path); !decoded) return refuse(url, "has a bad percent escape");
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (!letter && c != '%' && static_cast<unsigned char>(c) < 0x80 && kAllowed.find(c) == std::string_view::npos)
      return refuse(url, std::string("has a character in its path that must be escaped: '") + c + "'");
  }
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return percent_encode(path, "/!$&'()*+,;=:@%");
}

}  // namespace

Result<RegistryUrl> parse_registry_url(std::string_view url) {
  RegistryUrl out;
  const auto fits = [&](std::size_t limit) -> Status {
    if (std::max(url.size(), out.text.size()) <= limit) return Unit{};
    return refuse(url.substr(0, 80), "is longer than " + std::to_string(limit) + " bytes");
  };
  if (is_file_url(url)) {
    NANO_TRY_ASSIGN(out.local, folder_of_url(url));
    out.text = file_url(out.local);
    NANO_TRY(fits(kMaxFileUrlBytes));
    return out;
  }
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return refuse(url, "holds a space or a control character");
  const std::size_t mark = url.find("://");
  const std::string scheme = lower_case(url.substr(0, mark));
  if (mark == std::string_view::npos || (scheme != "http" && scheme != "https")) return refuse(url, "is not of a kind nano reads");
  out.scheme = scheme == "https" ? RegistryUrl::Scheme::https : RegistryUrl::Scheme::http;
  const std::string_view rest = url.substr(mark + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view host = rest.substr(0, end);
  if (host.empty()) return refuse(url, "names no host");
  if (host.find('@') != std::string_view::npos)
    return make_error(Errc::usage, "a registry address holds no user name or password", "leave out what stands before the @");
  if (rest.find_first_of("?#", end) != std::string_view::npos) return refuse(url, "has a query or a fragment");
  NANO_TRY_ASSIGN(const std::string where, authority(url, host));
  NANO_TRY_ASSIGN(const std::string path, path_of(url, rest.substr(end)));
  out.text = scheme + "://" + where + path;
  NANO_TRY(fits(kMaxUrlBytes));
  return out;
}

bool same_registry_url(std::string_view a, std::string_view b) {
  const auto x = parse_registry_url(a);
  const auto y = parse_registry_url(b);
  return x && y && x->text == y->text;
}

namespace {

struct Origin {
  std::string scheme{};
  std::string host{};  ///< lower case
  std::string port{};
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Nothing for what is not plainly scheme://host[:port]: no credentials for it.
std::optional<Origin> origin_of(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Origin out{.scheme = std::string(url.substr(0, colon))};
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.empty() || rest.find_first_of("@\\") != std::string_view::npos) return std::nullopt;  // two parsers could see two hosts
  const std::size_t bracket = rest.rfind(']');  // [::1]:8080
  const std::size_t port = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.host = rest.substr(0, port);
  out.scheme = lower_case(out.scheme);
  out.host = lower_case(out.host);
  if (port != std::string_view::npos) out.port = rest.substr(port + 1);
  if (out.port.empty()) out.port = out.scheme == "https" ? "443" : "80";
  return out;
}

}  // namespace

bool same_origin(std::string_view a, std::string_view b) {
  const auto x = origin_of(a);
  return x && x == origin_of(b);
}

Status check_redirect(std::string_view from, std::string_view to) {
  const std::string scheme = lower_case(to.substr(0, to.find("://")));
  if (to.find("://") == std::string_view::npos || (scheme != "http" && scheme != "https"))
    return make_error(Errc::network, "'" + display_url(from) + "' redirects to '" + display_url(to) + "', which is not http or https");
  if (lower_case(from.substr(0, 8)) == "https://" && scheme != "https")
    return make_error(Errc::network, "'" + display_url(from) + "' redirects to the unprotected '" + display_url(to) + "'",
                      "this is refused; ask the registry's operator");
  return Unit{};
}

}  // namespace nano::registry
