// registry/pump.h: a local file into a sink: the whole path of an install from file://.
#pragma once

#include <filesystem>
#include <functional>

#include "base/log.h"
#include "base/result.h"
#include "registry/blob_sink.h"

namespace nano::registry {

/// Feed what the sink lacks of `file` and commit. Read once, hashed once (by the sink).
///   progress   may be nullptr
///   cancelled  asked before each read (1 MiB); may be empty
///   errors  not_found; integrity: the file's length is not the blob's; interrupted; the sink's own
[[nodiscard]] Status pump_file(const std::filesystem::path& file, const BlobRequest& want, BlobSink& sink, Progress* progress = nullptr,
                               const std::function<bool()>& cancelled = {});

}  // namespace nano::registry
