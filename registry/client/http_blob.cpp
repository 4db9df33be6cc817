// registry/client/http_blob.cpp: one blob over HTTP: resumed by Range, capped by the signed length, hashed by its sink.
#include "base/text.h"
#include "base/url.h"
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
    uint32_t failures = 0, restarts = 0;
    uint64_t highest = sink_.have();  // what was held at most: bytes that come a second time forgive nothing
    while (sink_.have() < want_.size || want_.size == 0) {
      const uint64_t before = sink_.have();
      bad_part_ = false;
      auto outcome = connection.get({.url = url_, .from = before, .if_range = etag_}, [this](const http::Reply& r) { return begin(r); },
                                    [this](std::string_view bytes) { return data(bytes); });
      if (!outcome.error && !ended_early(outcome.reply)) break;
      if (!outcome.error) {
        outcome.error = make_error(Errc::network, "'" + display_url(url_) + "' ends after " + std::to_string(sink_.have()) + " of " +
                                                      std::to_string(want_.size) + " bytes (the connection was dropped)",
                                   "check the network and try again; what has arrived is kept");
        outcome.retry = true;
      }
      if (sink_.have() >= highest + kProgressThatForgives) {
        failures = 0;
        highest = sink_.have();
      }
      // 416, or another part than was asked for: what we hold is of no use with this server. Begin again.
      const bool bad_range = (outcome.reply.status == 416 || bad_part_) && before > 0;
      if (bad_range) {
        etag_.clear();
        NANO_TRY(sink_.restart());
        if (++restarts > shared_.options.retries) return std::move(*outcome.error);
      }
      if (!bad_range && !outcome.retry) return std::move(*outcome.error);
      if (failures >= shared_.options.retries) return std::move(*outcome.error);
      NANO_TRY(http::back_off(shared_, ++failures, outcome.reply.retry_after));
    }
    return sink_.commit();
  }

 private:
  Status begin(const http::Reply& r) {
    if (r.coding() != http::Coding::none)
      return make_error(Errc::network, "'" + display_url(url_) + "' is sent compressed, which nano did not ask for");
    uint64_t from = 0;
    part_end_ = want_.size;
    if (r.status == 206) {
      from = sink_.have();
      if (!is_part_from(r, from)) {
        bad_part_ = true;
        if (from == 0 && r.range_total && *r.range_total != want_.size) return other_length(*r.range_total);
        return make_error(Errc::network, "'" + display_url(url_) + "': the server sent another part of the file than was asked for");
      }
      part_end_ = *r.range_end + 1;
    } else if (sink_.have() > 0) {
      NANO_TRY(sink_.restart());  // the server cannot resume, or the file behind the ETag changed
    }
    if (r.is_html() && r.content_length != want_.size - from) return http::html_error(url_);
    if (r.content_length && *r.content_length != part_end_ - from) return other_length(*r.content_length + from);
    // A weak ETag does not promise equal bytes (RFC 9110, 13.1.5).
    etag_ = !r.etag.empty() && r.etag.substr(0, 2) != "W/" && r.etag.size() < 256 ? r.etag : std::string();
    return Unit{};
  }

  /// A Content-Range that is well formed, begins where we asked, lies within the blob and agrees with the length of the body.
  /// `multipart/byteranges` says its ranges between the bytes, where nobody looks.
  [[nodiscard]] bool is_part_from(const http::Reply& r, uint64_t from) const {
    return r.content_type != "multipart/byteranges" && r.range_start == from && *r.range_end < want_.size &&
           (!r.range_total || *r.range_total == want_.size) && (!r.content_length || *r.content_length == *r.range_end + 1 - from);
  }

  /// A reply without a fault that brought less than the blob: a part as it said itself, or a body whose end nothing stated.
  [[nodiscard]] bool ended_early(const http::Reply& r) const {
    if (sink_.have() >= want_.size) return false;
    return r.status == 206 || (!r.content_length && !r.ends_by_itself);
  }

  Status data(std::string_view bytes) {
    if (part_end_ < want_.size && bytes.size() > part_end_ - sink_.have()) {
      bad_part_ = true;
      return make_error(Errc::network, "'" + display_url(url_) + "': the server sent more than the part it announced");
    }
    if (bytes.size() > want_.size - sink_.have())
      return make_error(Errc::integrity, "'" + display_url(url_) + "' goes on after the " + std::to_string(want_.size) + " bytes that the signed release states",
                        "tell the registry's operator");
    NANO_TRY(sink_.append(bytes));
    report();
    return Unit{};
  }

  Error other_length(uint64_t got) const {
    return make_error(Errc::integrity, "'" + display_url(url_) + "' has " + std::to_string(got) + " bytes, the signed release says " + std::to_string(want_.size),
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
  bool bad_part_ = false;   ///< of the last reply: to be treated as a 416
  uint64_t part_end_ = 0;   ///< behind the last byte that the reply announced
  uint64_t reported_ = 0;
};

}  // namespace

Status HttpTransport::blob(const BlobRequest& want, BlobSink& sink) { return BlobFetch(shared_, want, sink).run(connection_); }

}  // namespace nano::registry
