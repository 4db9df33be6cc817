// registry/zstd_frame.h: is a file exactly one zstd frame? Skippable frames, a second frame or a tail would be bytes that no
// reader of the bundle ever sees.
#pragma once

#include <filesystem>

#include "base/fs.h"
#include "base/result.h"

namespace nano::registry {

/// Walks the frame's headers and blocks without unpacking anything; reads a few bytes of each block.
///   file    open for reading; its position is not moved
///   errors  invalid: something before, between or behind; a frame that needs a dictionary; cut short; store
///   source  RFC 8878, section 3.1
[[nodiscard]] Status check_one_frame(const fs::Fd& file, const std::filesystem::path& path_for_messages);

}  // namespace nano::registry
