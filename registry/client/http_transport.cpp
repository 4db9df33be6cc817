// registry/client/http_transport.cpp: documents over HTTP, with retries; blobs are in http_blob.cpp.
#include "registry/client/http_transport.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/url.h"

namespace nano::registry {
namespace {

/// Does the last bracket close the first one? Whether what stands between is JSON is for others to say.
bool is_whole_json(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false, any = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
      any = true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return any ? depth == 0 && !quoted : !text.empty();  // what is no JSON at all did not end early
}

}  // namespace

void HttpTransport::compare_clocks(const http::Reply& reply) {
  if (clocks_compared_ || !reply.date) return;
  clocks_compared_ = true;
  constexpr int64_t kFarApart = 6 * 3600;  // seconds; a timestamp is signed for a day
  const UnixTime ours = now();
  const UnixTime theirs = *reply.date + reply.age;
  if (ours - theirs <= kFarApart && theirs - ours <= kFarApart) return;
  shared_.log->warn("this machine's clock says " + format_time(ours) + ", the server of " + display_url(shared_.url.text) + " says " + format_time(theirs) +
                    ": one of them is wrong, and whether metadata have expired is judged by this machine's");
}

Result<std::string> HttpTransport::document(std::string_view path, uint64_t limit) {
  const std::string url = shared_.url.text + "/" + std::string(path);
  const auto too_long = [&] {
    return make_error(Errc::invalid, "'" + display_url(url) + "' is longer than the limit of " + std::to_string(limit) + " bytes");
  };
  const double deadline = monotonic_ms() + 1000.0 * shared_.options.document_seconds;
  for (uint32_t attempt = 0;; ++attempt) {
    std::string bytes;
    auto outcome = connection_.get(
        {.url = url, .deadline_ms = deadline, .gzip = true},
        [&](const http::Reply& r) -> Status {
          bytes.clear();
          if (r.is_html()) return http::html_error(url);
          compare_clocks(r);
          if (r.coding() == http::Coding::other || (r.coding() == http::Coding::gzip && !r.decoded))
            return make_error(Errc::network, "'" + display_url(url) + "' is sent compressed in a way nano did not ask for");
          if (r.content_length.value_or(0) > limit) return too_long();
          return Unit{};
        },
        [&](std::string_view more) -> Status {
          if (more.size() > limit - bytes.size()) return too_long();
          bytes += more;
          return Unit{};
        });
    // Where nothing states the length, a connection that was cut looks like an end.
    if (!outcome.error && !outcome.reply.content_length && !outcome.reply.ends_by_itself && !is_whole_json(bytes)) {
      outcome.error = make_error(Errc::network, "'" + display_url(url) + "' ends in the middle (the connection was dropped)",
                                 "check the network and try again; --offline works with what is installed");
      outcome.retry = true;
    }
    if (!outcome.error) {
      if (trim(std::string_view(bytes).substr(0, 64)).substr(0, 1) == "<") return http::html_error(url);
      return bytes;
    }
    // Retries share the time of the first: a peer that drips cannot hold us for five times as long.
    if (monotonic_ms() >= deadline) return std::move(*outcome.error);
    if (!outcome.retry || attempt >= shared_.options.retries) return std::move(*outcome.error);
    NANO_TRY(http::back_off(shared_, attempt + 1, outcome.reply.retry_after));
  }
}

std::unique_ptr<Transport> http_transport(TransportShared& shared) { return std::make_unique<HttpTransport>(shared); }

}  // namespace nano::registry
