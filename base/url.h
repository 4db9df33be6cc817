// base/url.h: folders as URLs and back, and URLs as people may see them. Nobody else puts `file://` before a path.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nano {

/// Everything but [A-Za-z0-9._~-] and the characters of `keep` as %XX, so that every byte comes back by percent_decode.
[[nodiscard]] std::string percent_encode(std::string_view bytes, std::string_view keep);
/// errors  invalid: a `%` without two hex digits behind it, or %00
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);

/// The one encoder: `/srv/my models` is `file:///srv/my%20models`. A relative folder is taken from the working folder;
/// links stay as they are; slashes at the end are dropped.
[[nodiscard]] std::string file_url(const std::filesystem::path& folder);
/// The one decoder, of `file:///…` and `file://localhost/…` in any case, as file_url writes it and as people write it (spaces and
/// characters beyond ASCII may stand there plainly). The path is absolute and has no slash at its end.
///   errors  usage: another scheme or host, a query or fragment (`%3F`, `%23` are meant), a bad escape, a control character
[[nodiscard]] Result<std::filesystem::path> folder_of_url(std::string_view url);
/// Does it begin with `file:` in any case?
[[nodiscard]] bool is_file_url(std::string_view url);

/// A URL for a message: no user info, no query, no fragment, also where it is malformed; then sanitize().
[[nodiscard]] std::string display_url(std::string_view url);
/// Foreign text that may hold URLs (a library's message, a command line), each of them as display_url has it, and the user info
/// of the `known` URLs wherever it stands. Not sanitized.
[[nodiscard]] std::string hide_url_secrets(std::string_view text, std::span<const std::string> known = {});

}  // namespace nano
