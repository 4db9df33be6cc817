// registry/client/http.cpp: the only user of libcurl, but for the dates of http_reply.cpp.
#include "registry/client/http.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/url.h"

namespace nano::registry::http {
namespace {

constexpr long kStallBytesPerSecond = 100;  ///< libcurl's own measure of silence; kLeastBytesPerSecond is ours
constexpr uint32_t kMaxWaitMs = 10'000;

/// The transfer in progress, as the callbacks see it.
struct Transfer {
  CURL* handle = nullptr;
  const TransportShared* shared = nullptr;
  const Connection::OnReply* on_reply = nullptr;
  const Connection::OnData* on_data = nullptr;
  Reply reply{};
  std::size_t header_bytes = 0;
  std::size_t ignored = 0;
  bool announced = false;
  bool gzip = false;
  double first_byte_by = 0;      ///< of monotonic_ms()
  double window_start = 0;       ///< of the measure of speed; 0 = no byte of the body yet
  curl_off_t window_bytes = 0;   ///< that had arrived then
  std::string too_slow{};        ///< what was too slow, when the watch ended it
  std::optional<Error> error{};  ///< ours, not the network's

  [[nodiscard]] bool wanted() const { return reply.status == 200 || reply.status == 206; }
  bool announce() {
    if (announced) return true;
    announced = true;
    reply.decoded = gzip;
    auto fine = (*on_reply)(reply);
    if (!fine) error = std::move(fine.error());
    return fine.has_value();
  }
};

size_t take_header(char* bytes, size_t, size_t n, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const std::string_view line(bytes, n);
  t.header_bytes += n;
  if (t.header_bytes > kMaxHeaderBytes) {
    t.error = make_error(Errc::network, "the server sends more than " + std::to_string(kMaxHeaderBytes) + " bytes of headers");
    return 0;
  }
  read_head_line(t.reply, line);
  return n;
}

size_t take_data(char* bytes, size_t, size_t n, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  if (!t.wanted()) {
    t.ignored += n;
    return t.ignored > kMaxIgnoredBytes ? 0 : n;
  }
  if (!t.announce()) return 0;
  auto fine = (*t.on_data)({bytes, n});
  if (fine) return n;
  t.error = std::move(fine.error());
  return 0;
}

/// libcurl's own limit looks at the last seconds only, so that a burst now and then satisfies it; a window does not.
int watch(void* user, curl_off_t, curl_off_t arrived, curl_off_t, curl_off_t) {
  auto& t = *static_cast<Transfer*>(user);
  if (t.shared->cancelled()) return 1;
  const double now = monotonic_ms();
  if (!t.announced) {
    if (now <= t.first_byte_by) return 0;
    t.too_slow = "no answer came in time";
    return 1;
  }
  const double seconds = t.shared->options.stall_seconds;
  if (t.window_start == 0 || now - t.window_start >= 1000 * seconds) {
    const auto least = static_cast<curl_off_t>(static_cast<double>(kLeastBytesPerSecond) * seconds);
    if (t.window_start != 0 && arrived - t.window_bytes < least) {
      t.too_slow = "less than " + std::to_string(kLeastBytesPerSecond) + " bytes a second arrived";
      return 1;
    }
    t.window_start = now;
    t.window_bytes = arrived;
  }
  return 0;
}

std::vector<std::string> proxies() {
  std::vector<std::string> out;
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') out.emplace_back(value);
  return out;
}

Error status_error(const std::string& url, long status) {
  const std::string said = "'" + display_url(url) + "': the server answered " + std::to_string(status);
  if (status == 404 || status == 410) return make_error(Errc::not_found, said + " (not found)", "check the registry's address with `nano registry list`");
  if (status == 401 || status == 403 || status == 407) return make_error(Errc::denied, said + " (no access)", "ask the registry's operator for access");
  if (status == 429) return make_error(Errc::network, said + " (too many requests)", "try again later");
  if (status >= 500) return make_error(Errc::network, said + " (the server failed)", "try again later");
  return make_error(Errc::network, said);
}

bool passing_status(long status) { return status == 408 || status == 429 || (status >= 500 && status < 600); }

/// Did a connection that stood break or fall silent? One that never came about is not tried again.
bool was_connected(CURL* handle) {
  curl_off_t ready = 0;  // microseconds until the request could be sent; 0 = it never could
  return curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &ready) == CURLE_OK && ready != 0;
}

bool dropped(CURL* handle, CURLcode code) {
  if (!was_connected(handle)) return false;
  return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
         code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

Error transport_error(const std::string& url, CURLcode code, std::string_view detail) {
  // libcurl's text may quote a proxy's address as the environment has it, password and all.
  std::string message = "'" + display_url(url) + "': " +
                        (detail.empty() ? std::string(curl_easy_strerror(code)) : sanitize(hide_url_secrets(detail, proxies())));
  std::string hint = "check the network and try again; --offline works with what is installed";
  if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR) message += " (the connection was dropped)";
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
    hint = "the server's certificate is not trusted here: NANO_CA_FILE names the file with your organisation's root certificates";
  return make_error(Errc::network, std::move(message), std::move(hint));
}

}  // namespace

struct Connection::Impl {
  const TransportShared& shared;
  CURL* handle = nullptr;
  std::string detail = std::string(CURL_ERROR_SIZE, '\0');
  explicit Impl(const TransportShared& s) : shared(s) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    handle = curl_easy_init();
  }
  ~Impl() { curl_easy_cleanup(handle); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool plain_only = false;  ///< this server's compression cannot be told from none

  CURLcode perform(const std::string& url, const Request& request, Transfer& transfer);
};

CURLcode Connection::Impl::perform(const std::string& url, const Request& request, Transfer& t) {
  const ClientOptions& o = shared.options;
  curl_easy_reset(handle);  // keeps the connections
  t.handle = handle;
  detail.assign(CURL_ERROR_SIZE, '\0');
  const auto set = [&](auto option, auto value) { (void)curl_easy_setopt(handle, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);  // each hop is checked below
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, o.user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.connect_timeout_ms));
  set(CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(o.stall_seconds));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!o.ca_file.empty()) set(CURLOPT_CAINFO, o.ca_file.c_str());
  set(CURLOPT_ERRORBUFFER, detail.data());
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &t);
  set(CURLOPT_WRITEFUNCTION, &take_data);
  set(CURLOPT_WRITEDATA, &t);
  set(CURLOPT_XFERINFOFUNCTION, &watch);
  set(CURLOPT_XFERINFODATA, &t);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_BUFFERSIZE, 256L * 1024L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's headers are not the server's
  // Without CURLOPT_ACCEPT_ENCODING nothing is decompressed. With it, on_data counts the bytes that come out.
  t.gzip = request.gzip && !plain_only;
  if (t.gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");
  const std::string range = std::to_string(request.from) + "-";
  if (request.from > 0) set(CURLOPT_RANGE, range.c_str());
  curl_slist* headers = nullptr;
  if (request.from > 0 && !request.if_range.empty()) headers = curl_slist_append(headers, ("If-Range: " + request.if_range).c_str());
  // Decided anew for each hop: a redirect elsewhere, however it came about, carries no credentials.
  if (!o.token.empty() && same_origin(url, shared.url.text)) headers = curl_slist_append(headers, ("Authorization: Bearer " + o.token).c_str());
  if (headers != nullptr) set(CURLOPT_HTTPHEADER, headers);
  if (request.deadline_ms > 0) set(CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(request.deadline_ms - monotonic_ms())));
  const CURLcode code = curl_easy_perform(handle);
  set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  curl_slist_free_all(headers);
  return code;
}

Connection::Connection(const TransportShared& shared) : impl_(std::make_unique<Impl>(shared)) {}
Connection::~Connection() = default;

Outcome Connection::get(const Request& request, const OnReply& on_reply, const OnData& on_data) {
  Outcome out;
  const auto fail = [&out](Error e, bool retry = false) {
    out.error = std::move(e);
    out.retry = retry;
    return out;
  };
  const TransportShared& shared = impl_->shared;
  if (shared.options.offline)
    return fail(make_error(Errc::refused, "'" + display_url(request.url) + "' is not fetched: nano works offline", "leave out --offline"));
  if (impl_->handle == nullptr) return fail(make_error(Errc::internal, "libcurl cannot start"));
  std::string url = request.url;
  const double first_byte_by = monotonic_ms() + shared.options.connect_timeout_ms + 1000.0 * shared.options.stall_seconds;
  for (uint32_t hop = 0;; ++hop) {
    Transfer t{.shared = &shared, .on_reply = &on_reply, .on_data = &on_data, .first_byte_by = first_byte_by};
    const CURLcode code = impl_->perform(url, request, t);
    out.reply = t.reply;
    if (t.error) return fail(std::move(*t.error));
    if (!t.too_slow.empty()) return fail(transport_error(url, code, t.too_slow), hop > 0 || was_connected(impl_->handle));
    // A word in Content-Encoding that libcurl does not know and that means nothing: asked for without compression, nobody looks.
    if (code == CURLE_BAD_CONTENT_ENCODING && t.gzip && t.reply.coding() == Coding::none && !t.announced) {
      impl_->plain_only = true;
      --hop;
      continue;
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) return fail(make_error(Errc::interrupted, "interrupted"));
    const long status = t.reply.status;
    if (status >= 300 && status < 400 && status != 304) {
      char* next = nullptr;
      curl_easy_getinfo(impl_->handle, CURLINFO_REDIRECT_URL, &next);
      if (next == nullptr) return fail(status_error(url, status));
      const std::string target = next;
      if (hop >= shared.options.max_redirects)
        return fail(make_error(Errc::network, "'" + display_url(request.url) + "' redirects more than " + std::to_string(shared.options.max_redirects) + " times",
                               "check the registry's address"));
      auto allowed = check_redirect(url, target);
      if (!allowed) return fail(std::move(allowed.error()));
      url = target;
      continue;
    }
    if (status != 0 && !t.wanted()) return fail(status_error(url, status), passing_status(status));
    if (code != CURLE_OK) return fail(transport_error(url, code, impl_->detail.c_str()), dropped(impl_->handle, code));
    if (!t.announce()) return fail(std::move(*t.error));  // an empty body
    return out;
  }
}

Error html_error(std::string_view url) {
  return make_error(Errc::network, "'" + display_url(url) + "': the server sent HTML (a web page), not nano's data",
                    "check the address; a login page or a proxy may be answering in the registry's place");
}

uint64_t back_off_ms(uint32_t base_ms, uint32_t attempt, uint32_t retry_after_seconds, double jitter) {
  const uint64_t doubled = std::min<uint64_t>(uint64_t{base_ms} << std::min<uint32_t>(attempt - 1, 16), kMaxWaitMs);
  uint64_t wait = doubled / 2 + static_cast<uint64_t>(jitter * static_cast<double>(doubled));
  if (retry_after_seconds > 0) wait = std::max<uint64_t>(wait, uint64_t{retry_after_seconds} * 1000);
  return std::min<uint64_t>(wait, kMaxWaitMs);
}

Status back_off(const TransportShared& shared, uint32_t attempt, uint32_t retry_after_seconds) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const double jitter = std::uniform_real_distribution<double>(0, 1)(random);
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(back_off_ms(shared.options.backoff_ms, attempt, retry_after_seconds, jitter));
  while (std::chrono::steady_clock::now() < until) {
    if (shared.cancelled()) return make_error(Errc::interrupted, "interrupted");
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(std::chrono::milliseconds(20), until - std::chrono::steady_clock::now()));
  }
  return Unit{};
}

}  // namespace nano::registry::http
