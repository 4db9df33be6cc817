// registry/client/http.cpp: the only user of libcurl.
#include "registry/client/http.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <mutex>
#include <random>
#include <thread>

#include <curl/curl.h>

#include "base/text.h"

namespace nano::registry::http {
namespace {

constexpr long kStallBytesPerSecond = 100;
constexpr uint32_t kMaxWaitMs = 10'000;

std::string lower(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::optional<uint64_t> number(std::string_view s) {
  if (s.empty() || s.size() > 18) return std::nullopt;
  uint64_t v = 0;
  for (const char c : s) {
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<uint64_t>(c - '0');
  }
  return v;
}

void read_header(Reply& r, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == "etag") r.etag = value;
  if (name == "content-type") r.content_type = lower(trim(value.substr(0, value.find(';'))));
  if (name == "content-encoding") r.content_encoding = lower(value);
  if (name == "content-length") r.content_length = number(value);
  if (name == "date")
    if (const time_t t = curl_getdate(std::string(value).c_str(), nullptr); t > 0) r.date = int64_t{t};
  if (name == "age") r.age = static_cast<int64_t>(number(value).value_or(0));
  if (name == "retry-after") r.retry_after = static_cast<uint32_t>(std::min<uint64_t>(number(value).value_or(0), 3600));
  if (name == "content-range" && value.substr(0, 6) == "bytes ") {
    const std::string_view range = value.substr(6);
    r.range_start = number(range.substr(0, range.find('-')));
    const std::size_t slash = range.find('/');
    if (slash != std::string_view::npos) r.range_total = number(range.substr(slash + 1));
  }
}

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
  std::optional<Error> error{};  ///< ours, not the network's

  [[nodiscard]] bool wanted() const { return reply.status == 200 || reply.status == 206; }
  bool announce() {
    if (announced) return true;
    announced = true;
    auto fine = (*on_reply)(reply);
    if (!fine) error = std::move(fine.error());
    return fine.has_value();
  }
};

size_t take_header(char* bytes, size_t, size_t n, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const std::string_view line(bytes, n);
  if (line.substr(0, 5) == "HTTP/") {  // also after a 100 Continue
    t.reply = Reply{};
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) t.reply.status = static_cast<long>(number(line.substr(space + 1, 3)).value_or(0));
  }
  t.header_bytes += n;
  if (t.header_bytes > kMaxHeaderBytes) {
    t.error = make_error(Errc::network, "the server sends more than " + std::to_string(kMaxHeaderBytes) + " bytes of headers");
    return 0;
  }
  read_header(t.reply, line);
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

int watch(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->shared->cancelled() ? 1 : 0;
}

Error status_error(const std::string& url, long status) {
  const std::string said = "'" + sanitize(url) + "': the server answered " + std::to_string(status);
  if (status == 404 || status == 410) return make_error(Errc::not_found, said + " (not found)", "check the registry's address with `nano registry list`");
  if (status == 401 || status == 403 || status == 407) return make_error(Errc::denied, said + " (no access)", "ask the registry's operator for access");
  if (status == 429) return make_error(Errc::network, said + " (too many requests)", "try again later");
  if (status >= 500) return make_error(Errc::network, said + " (the server failed)", "try again later");
  return make_error(Errc::network, said);
}

bool passing_status(long status) { return status == 408 || status == 429 || (status >= 500 && status < 600); }

/// Did a connection that stood break or fall silent? One that never came about is not tried again.
bool dropped(CURL* handle, CURLcode code) {
  curl_off_t ready = 0;  // microseconds until the request could be sent; 0 = it never could
  if (curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &ready) != CURLE_OK || ready == 0) return false;
  return code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE ||
         code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

Error transport_error(const std::string& url, CURLcode code, std::string_view detail) {
  std::string message = "'" + sanitize(url) + "': " + (detail.empty() ? std::string(curl_easy_strerror(code)) : sanitize(detail));
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
  if (request.gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");
  const std::string range = std::to_string(request.from) + "-";
  if (request.from > 0) set(CURLOPT_RANGE, range.c_str());
  curl_slist* headers = nullptr;
  if (request.from > 0 && !request.if_range.empty()) headers = curl_slist_append(headers, ("If-Range: " + request.if_range).c_str());
  // Decided anew for each hop: a redirect elsewhere, however it came about, carries no credentials.
  if (!o.token.empty() && same_origin(url, shared.url.text)) headers = curl_slist_append(headers, ("Authorization: Bearer " + o.token).c_str());
  if (headers != nullptr) set(CURLOPT_HTTPHEADER, headers);
  if (request.total_seconds > 0) set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_seconds) * 1000L);
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
    return fail(make_error(Errc::refused, "'" + sanitize(request.url) + "' is not fetched: nano works offline", "leave out --offline"));
  if (impl_->handle == nullptr) return fail(make_error(Errc::internal, "libcurl cannot start"));
  std::string url = request.url;
  for (uint32_t hop = 0;; ++hop) {
    Transfer t{.shared = &shared, .on_reply = &on_reply, .on_data = &on_data};
    const CURLcode code = impl_->perform(url, request, t);
    out.reply = t.reply;
    if (t.error) return fail(std::move(*t.error));
    if (code == CURLE_ABORTED_BY_CALLBACK) return fail(make_error(Errc::interrupted, "interrupted"));
    const long status = t.reply.status;
    if (status >= 300 && status < 400 && status != 304) {
      char* next = nullptr;
      curl_easy_getinfo(impl_->handle, CURLINFO_REDIRECT_URL, &next);
      if (next == nullptr) return fail(status_error(url, status));
      const std::string target = next;
      if (hop >= shared.options.max_redirects)
        return fail(make_error(Errc::network, "'" + sanitize(request.url) + "' redirects more than " + std::to_string(shared.options.max_redirects) + " times",
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
  return make_error(Errc::network, "'" + sanitize(url) + "': the server sent HTML (a web page), not nano's data",
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
