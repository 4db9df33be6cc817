// registry/client/http.h: one GET at a time by libcurl, redirects and limits in our own hands.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/client/http_reply.h"
#include "registry/client/transport.h"

namespace nano::registry::http {

inline constexpr std::size_t kMaxHeaderBytes = 65'536;  ///< of one reply
inline constexpr std::size_t kMaxIgnoredBytes = 65'536;  ///< read of an error page before the connection is dropped
/// Of a body, over any `stall_seconds`: what drips more slowly is dropped, in whatever bursts it comes.
inline constexpr uint64_t kLeastBytesPerSecond = 1'000;

struct Request {
  std::string url{};
  uint64_t from = 0;       ///< first byte wanted; > 0 asks for a Range
  std::string if_range{};  ///< a strong ETag: the Range counts only while the file is still that one
  double deadline_ms = 0;      ///< of monotonic_ms(): redirects and all end by then; 0 = as long as it does not stall
  /// The server may send it gzipped; on_data gets what comes out, a little at a time, and on_reply says which it is.
  bool gzip = false;
};

/// How one attempt ended.
struct Outcome {
  std::optional<Error> error{};  ///< nullopt = a whole 200 or 206 reply was delivered
  bool retry = false;            ///< the error may pass: 408, 429, 5xx, dropped or stalled
  Reply reply{};
};

/// A libcurl handle and its kept-alive connections. One thread at a time.
class Connection {
 public:
  explicit Connection(const TransportShared& shared);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  using OnReply = std::function<Status(const Reply&)>;         ///< before the first byte of a 200 or 206
  using OnData = std::function<Status(std::string_view bytes)>;  ///< an error ends the transfer and is the outcome

  /// Follows at most options.max_redirects redirects, each checked. From the first connection to the first byte of the body, over
  /// all redirects together, there is time for one connection and one stall.
  [[nodiscard]] Outcome get(const Request& request, const OnReply& on_reply, const OnData& on_data);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// `server sent HTML` as an error: a login page, a proxy, or a wrong address.
[[nodiscard]] Error html_error(std::string_view url);

/// Wait before attempt `attempt` (1 = the first retry): jittered doubling, or the server's Retry-After (at most 10 s).
/// errors  interrupted
[[nodiscard]] Status back_off(const TransportShared& shared, uint32_t attempt, uint32_t retry_after_seconds);

/// How long that is, in milliseconds: `base_ms` doubled for each attempt after the first, give or take half as `jitter` (0 to 1)
/// says; at least the server's Retry-After; at most 10 s.
[[nodiscard]] uint64_t back_off_ms(uint32_t base_ms, uint32_t attempt, uint32_t retry_after_seconds, double jitter);

}  // namespace nano::registry::http
