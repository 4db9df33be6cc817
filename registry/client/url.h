// registry/client/url.h: a registry's address: file:///…, http://… or https://…, and nothing else.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano::registry {

struct RegistryUrl {
  enum class Scheme { file, http, https };
  Scheme scheme = Scheme::file;
  std::string text{};             ///< in one spelling: scheme and host in lower case, escapes where they belong, no slash at the end
  std::filesystem::path local{};  ///< file: the folder, percent-decoded
};

/// What can be read from, in one spelling. What this takes, libcurl takes.
/// errors  usage: another scheme, no host or none that can be one, a port beyond 65535, a user name or password, a query or
///         fragment, a zone in an IPv6 address, control characters, a bad escape. No message repeats a password or a query.
[[nodiscard]] Result<RegistryUrl> parse_registry_url(std::string_view text);

/// Do both name one address, however they are written? false where either is none.
[[nodiscard]] bool same_registry_url(std::string_view a, std::string_view b);

/// Have both URLs the same scheme, host and port? Only then may credentials for the one be sent to the other.
[[nodiscard]] bool same_origin(std::string_view a, std::string_view b);

/// The scheme of a redirect's target, as far as it may be followed from `from`: http(s) only, never https -> http.
/// errors  network: not to be followed
[[nodiscard]] Status check_redirect(std::string_view from, std::string_view to);

}  // namespace nano::registry
