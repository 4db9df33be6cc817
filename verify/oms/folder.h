// verify/oms/folder.h: the files of a model and their digests, read from descriptors that no link can redirect.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/result.h"
#include "verify/oms/statement.h"

namespace nano::verify::oms {

inline constexpr std::size_t kMaxModelDepth = 64;  ///< folders inside one another

struct MeasureOptions {
  std::vector<std::string> ignore{};  ///< paths inside the model; a folder's means all in it. Never opened.
  uint64_t shard_size = 0;            ///< bytes; 0: whole files
  std::function<bool(const std::string& path)> wanted{};  ///< files it refuses are listed, not hashed
  std::size_t max_files = kMaxResources;                  ///< more in all, or in one folder, are refused
};

struct MeasuredFile {
  std::string path{};  ///< inside the model, with '/'
  uint64_t bytes = 0;
  std::vector<Resource> resources{};  ///< one, or the shards; empty: not wanted, or an empty file in shards
};

/// Every regular file below `model` (or `model` itself, by its last name, when it is one), sorted by path.
///
///   Folders are opened one inside another and files without following links, and the bytes hashed are those of the
///   descriptor that was examined: swapping a name during the walk changes nothing.
///   errors  invalid: a link, device, socket or FIFO, a name that is not UTF-8, deeper than kMaxModelDepth, more than
///           max_files files; not_found, store
[[nodiscard]] Result<std::vector<MeasuredFile>> measure_model(const fs::Path& model,
                                                              const MeasureOptions& options);

/// Is `path` one of `ignore`, or inside one of them?
[[nodiscard]] bool is_ignored(std::string_view path, const std::vector<std::string>& ignore);

}  // namespace nano::verify::oms
