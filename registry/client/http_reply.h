// registry/client/http_reply.h: what the head of a reply says of itself, read once and strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nano::registry::http {

/// What the bytes of a body went through on their way.
enum class Coding {
  none,  ///< nothing, whatever the header says: identity, nothing at all, a word that names no compression (aws-chunked, UTF-8)
  gzip,  ///< gzip or x-gzip, once, alone or among words that mean nothing
  other  ///< a compression that nano did not ask for
};

/// What the last reply (after redirects) said of itself.
struct Reply {
  long status = 0;
  std::string etag{};
  std::string content_type{};      ///< lower case, without parameters
  std::string content_encoding{};  ///< of all such headers, joined by commas
  std::optional<uint64_t> content_length{};
  bool ends_by_itself = false;  ///< chunked, or HTTP/2: an early end shows. Else only content_length can tell
  std::optional<uint64_t> range_start{};  ///< of Content-Range, when all of it is well formed
  std::optional<uint64_t> range_end{};    ///< the last byte's place
  std::optional<uint64_t> range_total{};  ///< nullopt also for `*`
  uint32_t retry_after = 0;               ///< seconds from the reply's date on; at most an hour
  std::optional<int64_t> date{};          ///< when it left the server, by its clock (Unix time)
  int64_t age = 0;                        ///< seconds it then lay in a cache
  bool decoded = false;                   ///< gzip was asked for, and what on_data gets is unpacked
  [[nodiscard]] bool is_html() const { return content_type == "text/html" || content_type == "application/xhtml+xml"; }
  [[nodiscard]] Coding coding() const;
};

/// Put one line of the head (status line or header) into `reply`; a status line begins anew.
void read_head_line(Reply& reply, std::string_view line);

/// Seconds to wait by a Retry-After: a number or a date, which counts from `date` (the server's own clock), else from `now`.
/// What lies in the past, or is neither, is 0; at most an hour.
[[nodiscard]] uint32_t retry_after_seconds(std::string_view value, std::optional<int64_t> date, int64_t now);

}  // namespace nano::registry::http
