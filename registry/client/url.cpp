// registry/client/url.cpp: small and strict; libcurl parses http URLs once more when it connects.
#include "registry/client/url.h"

#include <optional>

#include "base/text.h"

namespace nano::registry {
namespace {

bool starts(std::string_view s, std::string_view with) { return s.substr(0, with.size()) == with; }

Error refuse(std::string_view url, std::string why) {
  return make_error(Errc::usage, "the registry address '" + sanitize(url) + "' " + std::move(why),
                    "write it as https://host/path, http://host/path or file:///folder");
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> percent_decode(std::string_view s, std::string_view url) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    const int hi = i + 2 < s.size() ? hex_value(s[i + 1]) : -1;
    const int lo = i + 2 < s.size() ? hex_value(s[i + 2]) : -1;
    if (hi < 0 || lo < 0 || hi * 16 + lo == 0) return refuse(url, "has a bad percent escape");
    out += static_cast<char>(hi * 16 + lo);
    i += 2;
  }
  return out;
}

}  // namespace

Result<RegistryUrl> parse_registry_url(std::string_view url) {
  RegistryUrl out;
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return refuse(url, "holds a space or a control character");
  std::string_view rest = url;
  if (starts(url, "file://")) {
    rest.remove_prefix(7);
    if (starts(rest, "localhost/")) rest.remove_prefix(9);
    if (!starts(rest, "/")) return refuse(url, "names no folder from the root: three slashes are needed");
    NANO_TRY_ASSIGN(std::string path, percent_decode(rest, url));
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    out.local = path;
  } else if (starts(url, "https://") || starts(url, "http://")) {
    out.scheme = starts(url, "https://") ? RegistryUrl::Scheme::https : RegistryUrl::Scheme::http;
    rest.remove_prefix(url.find("//") + 2);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (host.empty()) return refuse(url, "names no host");
    if (host.find('@') != std::string_view::npos)
      return make_error(Errc::usage, "a registry address holds no user name or password", "leave out what stands before the @");
    if (rest.find_first_of("?#") != std::string_view::npos) return refuse(url, "has a query or a fragment");
  } else {
    return refuse(url, "is not of a kind nano reads");
  }
  out.text = url;
  while (out.text.back() == '/') out.text.pop_back();
  return out;
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
  for (std::string* text : {&out.scheme, &out.host})
    for (char& c : *text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
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
  if (!starts(to, "http://") && !starts(to, "https://"))
    return make_error(Errc::network, "'" + sanitize(from) + "' redirects to '" + sanitize(to) + "', which is not http or https");
  if (starts(from, "https://") && !starts(to, "https://"))
    return make_error(Errc::network, "'" + sanitize(from) + "' redirects to the unprotected '" + sanitize(to) + "'",
                      "this is refused; ask the registry's operator");
  return Unit{};
}

}  // namespace nano::registry
