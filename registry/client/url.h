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
  std::string text{};            ///< without trailing slashes
  std::filesystem::path local{};  ///< file: the folder, percent-decoded
};

/// errors  usage: another scheme, no host, a user name or password, a query or fragment, control characters, a bad escape
[[nodiscard]] Result<RegistryUrl> parse_registry_url(std::string_view text);

/// Have both URLs the same scheme, host and port? Only then may credentials for the one be sent to the other.
[[nodiscard]] bool same_origin(std::string_view a, std::string_view b);

/// The scheme of a redirect's target, as far as it may be followed from `from`: http(s) only, never https -> http.
/// errors  network: not to be followed
[[nodiscard]] Status check_redirect(std::string_view from, std::string_view to);

}  // namespace nano::registry
