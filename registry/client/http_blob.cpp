// registry/client/http_blob.cpp: one blob over HTTP: resumed by Range, capped by the signed length, hashed by its sink.
#include "base/text.h"
#include "registry/client/http_transport.h"
#include "registry/tree.h"

namespace nano::registry {
namespace {

constexpr uint64_t kProgressThatForgives = uint64_t{1} << 20;  ///< bytes gained after which the retries start anew

/// One blob being fetched, over as many requests as it takes.
class BlobFetch {
 public:
  BlobFetch(TransportShared& shared, const BlobRequest& want, BlobSink& sink)
      : shared_(shared), want_(want), sink_(sink), url_(shared.url.text + "/" + tree::blob(want.digest)) {}

  [[nodiscard]] Status run(http::Connection& connection) {
    report();
    uint32_t failures = 0;
    while (sink_.have() < want_.size || want_.size == 0) {
      const uint64_t before = sink_.have();
      auto outcome = connection.get({.url = url_, .from = before, .if_range = etag_}, [this](const http::Reply& r) { return begin(r); },
                                    [this](std::string_view bytes) { return data(bytes); });
      if (!outcome.error) break;
      // 416: what we hold is no prefix of what the server has. Begin again, once in each run of failures.
      const bool bad_range = outcome.reply.status == 416 && before > 0;
      if (bad_range) NANO_TRY(sink_.restart());
      if (!bad_range && !outcome.retry) return std::move(*outcome.error);
      if (sink_.have() >= before + kProgressThatForgives) failures = 0;
      if (failures >= shared_.options.retries) return std::move(*outcome.error);
      NANO_TRY(http::back_off(shared_, ++failures, outcome.reply.retry_after));
    }
    return sink_.commit();
  }

 private:
  Status begin(const http::Reply& r) {
    if (!r.content_encoding.empty() && r.content_encoding != "identity")
      return make_error(Errc::network, "'" + sanitize(url_) + "' is sent compressed, which nano did not ask for");
    uint64_t from = 0;
    if (r.status == 206) {
      from = sink_.have();
      if (r.range_start != from)
        return make_error(Errc::network, "'" + sanitize(url_) + "': the server sent another part of the file than was asked for");
      if (r.range_total && *r.range_total != want_.size) return other_length(*r.range_total);
    } else if (sink_.have() > 0) {
      NANO_TRY(sink_.restart());  // the server cannot resume, or the file behind the ETag changed
    }
    if (r.is_html() && r.content_length != want_.size - from) return http::html_error(url_);
    if (r.content_length && *r.content_length != want_.size - from) return other_length(*r.content_length + from);
    // A weak ETag does not promise equal bytes (RFC 9110, 13.1.5).
    etag_ = !r.etag.empty() && r.etag.substr(0, 2) != "W/" && r.etag.size() < 256 ? r.etag : std::string();
    return Unit{};
  }

  Status data(std::string_view bytes) {
    if (bytes.size() > want_.size - sink_.have())
      return make_error(Errc::integrity, "'" + sanitize(url_) + "' goes on after the " + std::to_string(want_.size) + " bytes that the signed release states",
                        "tell the registry's operator");
    NANO_TRY(sink_.append(bytes));
    report();
    return Unit{};
  }

  Error other_length(uint64_t got) const {
    return make_error(Errc::integrity, "'" + sanitize(url_) + "' has " + std::to_string(got) + " bytes, the signed release says " + std::to_string(want_.size),
                      "the registry's copy is damaged: tell its operator");
  }

  /// Progress never runs backwards: bytes fetched a second time are not counted again.
  void report() {
    if (sink_.have() <= reported_) return;
    shared_.progress->advance(sink_.have() - reported_);
    reported_ = sink_.have();
  }

  TransportShared& shared_;
  const BlobRequest& want_;
  BlobSink& sink_;
  std::string url_;
  std::string etag_{};
  uint64_t reported_ = 0;
};

}  // namespace

Status HttpTransport::blob(const BlobRequest& want, BlobSink& sink) { return BlobFetch(shared_, want, sink).run(connection_); }

}  // namespace nano::registry
