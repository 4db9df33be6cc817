// verify/tuf/names.h: role names as file names, and which delegation a target path belongs to.
#pragma once

#include <string>
#include <string_view>

#include "verify/tuf/metadata.h"

namespace nano::verify::tuf {

/// Percent-encode everything but [A-Za-z0-9._~-]: "../x" is "..%2Fx". For URLs and for local files alike, so that no
/// role name, whatever it holds, can name another file.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// A target path as a URL path: each segment encoded, '/' kept.
[[nodiscard]] std::string percent_encode_path(std::string_view path);

/// "targets.json", "..%2Fx.json": local names carry no version (TRUST), remote ones do under consistent snapshots.
[[nodiscard]] std::string metadata_file(std::string_view role);
[[nodiscard]] std::string metadata_file(std::string_view role, uint64_t version);  ///< "3.targets.json"

/// Does `pattern` match the whole of `path`? `*` is any run and `?` any one character of a segment; neither crosses '/'
/// (TUF specification 4.5, PATHPATTERN). Every other character stands for itself.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view path);

/// Is `path` one this delegation may speak for, by its patterns or its hash prefixes?
[[nodiscard]] bool delegates(const Delegation& delegation, std::string_view path);

/// Could this delegation speak for some file directly in the folder `dir`? By hash prefix: never, nobody can tell.
[[nodiscard]] bool may_delegate_in(const Delegation& delegation, std::string_view dir);

}  // namespace nano::verify::tuf
