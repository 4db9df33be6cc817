// registry/index_pointer.h: the small signed document in index.dsse.json: which index is the newest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace nano::registry {

inline constexpr std::string_view kIndexPointerSchema = "nano.index-pointer/1";
inline constexpr uint64_t kMaxIndexPointerBytes = 16'384;  ///< as TUF's timestamp, whose part it plays

struct IndexPointer {
  Digest sha256{};      ///< of the index's bytes
  uint64_t size = 0;    ///< of the index, bytes; at most kMaxIndexBytes
  std::string created{};  ///< YYYY-MM-DDTHH:MM:SSZ
  friend bool operator==(const IndexPointer&, const IndexPointer&) = default;
};

/// errors  invalid
[[nodiscard]] Result<IndexPointer> parse_index_pointer(std::string_view bytes);
[[nodiscard]] std::string write_index_pointer(const IndexPointer& pointer);

}  // namespace nano::registry
