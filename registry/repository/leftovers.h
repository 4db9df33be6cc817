// registry/repository/leftovers.h: what a killed process left of files it was writing (fs::temp_sibling), and who removes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fs.h"
#include "base/result.h"

namespace nano::registry {

/// The process that a name of fs::temp_sibling belongs to: 123 of ".root.pem.123.0.987654321.tmp". nullopt: not our pattern
[[nodiscard]] std::optional<int64_t> writer_of_leftover(std::string_view name);

enum class Reach { folder, below };  ///< this folder alone, or all below it too (links are not followed)

/// Remove regular files of that pattern whose writer is gone. One whose process lives stays for a day (the number may be a later
/// process's); and without a lock that every writer of this folder holds, any stays for an hour: its writer may be in a container.
///   returns  how many were removed; a folder that is not there has none. Failing to remove one is no error: the next try may.
///   errors   store: a folder cannot be listed
[[nodiscard]] Result<uint32_t> remove_leftovers(const fs::Path& dir, Reach reach, bool locked);

}  // namespace nano::registry
