// base/fs_temporary.h: whose a temporary file is, and what killed processes left.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fs.h"
#include "base/fs_dir.h"

namespace nano::fs {

inline constexpr int64_t kYoungTemporarySeconds = 600;    ///< younger ones are never taken for left behind
inline constexpr int64_t kOldTemporarySeconds = 86'400;   ///< older ones are, even when their number belongs to a living process

/// A name as temp_sibling makes them: `.<stem>.<pid>.<n>.<random>.tmp`.   nullopt: it is none of ours
struct TemporaryName {
  std::string_view stem{};
  int64_t pid = 0;
};
[[nodiscard]] std::optional<TemporaryName> parse_temporary(std::string_view name);

/// Was the temporary `name`, last changed at `changed` (seconds since 1970), left behind by a process that was killed? Its name
/// says which; a young one never was, and one whose process lives is not until it is a day old (numbers are used again).
[[nodiscard]] bool is_left_behind(std::string_view name, int64_t changed, int64_t now);

/// Remove the regular files of `dir` that killed processes left there. Only names of ours; nothing is followed. An error ends it
/// quietly: what is left is harmless, and the next writer tries again.   returns  how many
std::size_t remove_left_behind(const Dir& dir);
std::size_t remove_left_behind(const Path& dir);

}  // namespace nano::fs
