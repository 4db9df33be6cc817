// tests/registry/retries_test.cpp: which failures are forgiven, how often, and for how long; over real sockets.
#include <atomic>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "base/hash.h"
#include "registry/client/http.h"
#include "registry/tree.h"
#include "tests/registry/client_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::answer;
using test::ClientOf;
using test::HttpAnswer;
using test::HttpRequest;
using test::HttpServer;
using test::Shelf;
using test::Tree;

namespace {

const std::string kClosing = "HTTP/1.0 200 OK\r\n\r\n";  ///< states no length: the end of the connection ends the body

std::size_t from_of(const HttpRequest& r) { return std::stoul(r.headers.at("range").substr(6)); }

std::string content_range(std::size_t from, std::size_t end, const std::string& total) {
  return "Content-Range: bytes " + std::to_string(from) + "-" + std::to_string(end) + "/" + total + "\r\n";
}

/// One blob of noise, and what a client makes of a server of it.
struct OneBlob {
  Tree tree;
  BlobRequest want{};
  std::string bytes{};
  Shelf shelf{};
  explicit OneBlob(std::size_t size) : tree(test::noise(size)), want(test::largest(tree.packed)), bytes(test::read(tree.dir / registry::tree::blob(want.digest))) {}
  Status fetch(const HttpServer& server, ClientOptions options = test::quick()) {
    ClientOf c(server.url(), std::move(options));
    return c->blobs({{want}}, shelf.factory());
  }
  [[nodiscard]] bool whole() { return sha256(shelf.partial[want.digest]) == want.digest; }
};

}  // namespace

TEST_CASE("attack: a server that breaks off each blob and then knows nothing of the range is given up") {
  OneBlob blob(3'000'000);
  const HttpServer server([&](const HttpRequest& r) {
    if (r.headers.contains("range")) return answer(416, "");
    auto a = answer(200, blob.bytes);
    a.drop_after = 1'600'000;
    return a;
  });
  const auto r = blob.fetch(server);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(server.requests().size() <= 8);
}

TEST_CASE("attack: a server that breaks off and never resumes is given up, however much it sends each time") {
  OneBlob blob(3'000'000);
  const HttpServer server([&](const HttpRequest&) {
    auto a = answer(200, blob.bytes);
    a.drop_after = 2'000'000;
    return a;
  });
  const auto r = blob.fetch(server);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(server.requests().size() <= 8);
}

TEST_CASE("a server that breaks off after each further megabyte is followed to the end") {
  OneBlob blob(9'000'000);
  const HttpServer server([&](const HttpRequest& r) {
    auto a = test::serve_file(blob.tree.dir.string(), r);
    a.drop_after = 1'300'000;
    return a;
  });
  const auto r = blob.fetch(server);
  if (!r) FAIL(r.error().render());
  CHECK(blob.whole());
}

TEST_CASE("a bad 206 counts as 416: the blob is asked for whole") {
  OneBlob blob(200'000);
  const std::size_t last = blob.bytes.size() - 1;
  const std::string size = std::to_string(blob.bytes.size());
  const std::string tail = blob.bytes.substr(1000);
  const std::pair<const char*, std::string> kinds[] = {
      {"another start", content_range(999, last, size)},
      {"beyond the end", content_range(1000, last + 1, std::to_string(blob.bytes.size() + 1))},
      {"another total", content_range(1000, last, std::to_string(blob.bytes.size() + 7))},
      {"another length than its body", content_range(1000, last - 5, size)},
      {"backwards", content_range(1000, 10, size)},
      {"no range", ""},
      {"words", "Content-Range: bytes some-thing/else\r\n"},
      {"another unit", "Content-Range: items 1000-" + std::to_string(last) + "/" + size + "\r\n"},
      {"several parts", content_range(1000, last, size) + "Content-Type: multipart/byteranges; boundary=x\r\n"}};
  for (const auto& [what, headers] : kinds) {
    INFO(what);
    const std::string lie = headers;
    const HttpServer server([&](const HttpRequest& r) { return r.headers.contains("range") ? answer(206, tail, lie) : answer(200, blob.bytes); });
    blob.shelf.partial[blob.want.digest] = blob.bytes.substr(0, 1000);
    const auto r = blob.fetch(server);
    if (!r) FAIL(r.error().render());
    CHECK(blob.whole());
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[1].headers.count("range") == 0);
  }
}

TEST_CASE("a 206 that nobody asked for is no blob, and is not asked for again and again") {
  OneBlob blob(200'000);
  const HttpServer server([&](const HttpRequest&) { return answer(206, blob.bytes.substr(5), content_range(5, blob.bytes.size() - 1, "*")); });
  const auto r = blob.fetch(server);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a server that sends shorter parts than it is asked for is asked for the rest") {
  OneBlob blob(7'000'000);
  const HttpServer server([&](const HttpRequest& r) {
    const std::size_t from = r.headers.contains("range") ? from_of(r) : 0;
    const std::string part = blob.bytes.substr(from, 1'200'000);
    return answer(206, part, content_range(from, from + part.size() - 1, std::to_string(blob.bytes.size())));
  });
  const auto r = blob.fetch(server);
  if (!r) FAIL(r.error().render());
  CHECK(blob.whole());
}

TEST_CASE("a body without a stated length that ends early is a dropped connection: it is resumed") {
  OneBlob blob(300'000);
  const HttpServer server([&](const HttpRequest& r) -> HttpAnswer {
    if (!r.headers.contains("range")) return {.bytes = kClosing + blob.bytes.substr(0, 100'000)};
    const std::size_t from = from_of(r);
    return {.bytes = "HTTP/1.0 206 Part\r\n" + content_range(from, blob.bytes.size() - 1, std::to_string(blob.bytes.size())) + "\r\n" + blob.bytes.substr(from, 150'000)};
  });
  const auto r = blob.fetch(server);
  if (!r) FAIL(r.error().render());
  CHECK(blob.whole());
  CHECK(server.requests().size() == 3);
}

TEST_CASE("a body without a stated length that always ends early is a network error, never called damaged") {
  OneBlob blob(300'000);
  const HttpServer server([&](const HttpRequest&) { return HttpAnswer{.bytes = kClosing + blob.bytes.substr(0, 100'000)}; });
  const auto r = blob.fetch(server);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(r.error().message.find("100000 of") != std::string::npos);
  CHECK(server.requests().size() == 5);
}

TEST_CASE("a document without a stated length that ends early is asked for again") {
  const std::string whole = R"({"schema":"nano.registry/1","name":"te}st","protocol":1})";
  std::atomic<int> asked{0};
  const HttpServer server([&](const HttpRequest&) { return HttpAnswer{.bytes = kClosing + (asked++ < 2 ? whole.substr(0, 40) : whole)}; });
  ClientOf c(server.url());
  (void)c->describe();
  CHECK(asked == 3);
  const HttpServer never([&](const HttpRequest&) { return HttpAnswer{.bytes = kClosing + whole.substr(0, 40)}; });
  ClientOf d(never.url());
  const auto r = d->describe();
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(never.requests().size() == 5);
}

TEST_CASE("Retry-After is a number or a date, by the server's own clock, and what is past is no wait") {
  using http::retry_after_seconds;
  constexpr int64_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(retry_after_seconds("7", std::nullopt, kNow) == 7);
  CHECK(retry_after_seconds("Sun, 06 Nov 1994 08:49:47 GMT", std::nullopt, kNow) == 10);
  CHECK(retry_after_seconds("Sunday, 06-Nov-94 08:49:47 GMT", std::nullopt, kNow) == 10);
  CHECK(retry_after_seconds("Sun Nov  6 08:49:47 1994", std::nullopt, kNow) == 10);
  CHECK(retry_after_seconds("Sun, 06 Nov 1994 08:49:47 GMT", kNow + 5, kNow + 900'000) == 5);  // our clock is wrong: theirs counts
  CHECK(retry_after_seconds("Sun, 06 Nov 1994 08:49:36 GMT", std::nullopt, kNow) == 0);
  CHECK(retry_after_seconds("Fri, 06 Nov 2026 08:49:37 GMT", std::nullopt, kNow) == 3600);
  CHECK(retry_after_seconds("99999999999999999999999", std::nullopt, kNow) == 3600);
  for (const char* none : {"", "soon", "-5", "1.5", "Sun, 99 Foo 1994"}) CHECK(retry_after_seconds(none, std::nullopt, kNow) == 0);
}

TEST_CASE("a date in Retry-After is waited for") {
  std::atomic<int> asked{0};
  const HttpServer server([&](const HttpRequest&) {
    if (asked++ > 0) return answer(200, R"({"schema":"nano.registry/1"})");
    return answer(503, "", "Retry-After: Sun, 06 Nov 1994 08:49:39 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  });
  ClientOf c(server.url());
  const double start = monotonic_ms();
  (void)c->describe();
  CHECK(asked == 2);
  CHECK(monotonic_ms() - start < 9'000);
}

TEST_CASE("words in Content-Encoding that mean no compression stop nothing, x-gzip is gzip, another compression is refused") {
  const std::string json = R"({"schema":"nano.registry/1","name":"here","protocol":1})";
  OneBlob blob(50'000);
  for (const char* none : {"identity", "Identity", "", "identity, identity", "aws-chunked", "UTF-8", "none", "binary", "aws-chunked, identity", " , "}) {
    INFO(none);
    const HttpServer server([&](const HttpRequest& r) {
      return answer(200, r.path.find("/blobs/") == std::string::npos ? json : blob.bytes, std::string("Content-Encoding: ") + none + "\r\n");
    });
    ClientOf c(server.url());
    const auto named = c->describe();
    if (!named) FAIL(named.error().render());
    CHECK(named->name == "here");
    blob.shelf.partial.clear();
    const auto r = blob.fetch(server);
    if (!r) FAIL(r.error().render());
    CHECK(blob.whole());
  }
  for (const char* other : {"br", "deflate", "zstd", "gzip, br", "x-compress", "aws-chunked, gzip"}) {
    INFO(other);
    const HttpServer server([&](const HttpRequest&) { return answer(200, json, std::string("Content-Encoding: ") + other + "\r\n"); });
    ClientOf c(server.url());
    CHECK(c->describe().error().code == Errc::network);
    blob.shelf.partial.clear();
    CHECK(blob.fetch(server).error().code == Errc::network);
  }
}

TEST_CASE("the coding of a body is told from all words of its headers") {
  const auto coding = [](std::initializer_list<const char*> lines) {
    http::Reply r;
    http::read_head_line(r, "HTTP/1.1 200 OK\r\n");
    for (const char* line : lines) http::read_head_line(r, line);
    return r.coding();
  };
  CHECK(coding({}) == http::Coding::none);
  CHECK(coding({"Content-Encoding: X-GZIP\r\n"}) == http::Coding::gzip);
  CHECK(coding({"content-encoding: identity, gzip\r\n"}) == http::Coding::gzip);
  CHECK(coding({"Content-Encoding: gzip\r\n", "Content-Encoding: br\r\n"}) == http::Coding::other);
  CHECK(coding({"Content-Encoding: UTF-8\r\n", "Content-Encoding: \r\n"}) == http::Coding::none);
}

TEST_CASE("attack: a chain of redirects that dawdle has one time limit, not one for each") {
  const HttpServer server([&](const HttpRequest& r) {
    const int hop = r.path.starts_with("/hop") ? std::stoi(r.path.substr(4)) : 0;
    auto a = answer(302, "", "Location: /hop" + std::to_string(hop + 1) + "\r\n");
    a.wait_ms = 700;
    return a;
  });
  auto options = test::quick();
  options.retries = 0;
  options.connect_timeout_ms = 1000;  // and one stall of a second: two seconds to the first byte
  double start = monotonic_ms();
  ClientOf c(server.url(), options);
  CHECK(c->describe().error().code == Errc::network);
  CHECK(server.requests().size() < 5);
  CHECK(monotonic_ms() - start < 10'000);
  options.connect_timeout_ms = 60'000;
  options.stall_seconds = 60;
  options.document_seconds = 1;
  start = monotonic_ms();
  ClientOf d(server.url(), options);
  const std::size_t before = server.requests().size();
  CHECK(d->describe().error().code == Errc::network);
  CHECK(server.requests().size() - before < 4);
  CHECK(monotonic_ms() - start < 10'000);
}

TEST_CASE("attack: a blob that comes in rare bursts is dropped, though the last seconds always look alive") {
  OneBlob blob(200'000);
  const HttpServer server([&](const HttpRequest&) {
    auto a = answer(200, blob.bytes);
    a.drip = 500;
    a.drip_ms = 1000;
    return a;
  });
  auto options = test::quick();
  options.retries = 0;
  options.stall_seconds = 2;
  const double start = monotonic_ms();
  const auto r = blob.fetch(server, options);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(r.error().message.find("1000 bytes a second") != std::string::npos);
  CHECK(monotonic_ms() - start < 20'000);
}

TEST_CASE("a presigned address that a redirect led to is shown without its query") {
  const HttpServer server([&](const HttpRequest& r) {
    if (r.path.find("secret") != std::string::npos) return answer(403, "");
    return answer(302, "", "Location: /bucket/x?X-Amz-Signature=secret\r\n");
  });
  ClientOf c(server.url());
  const auto r = c->describe();
  REQUIRE_FALSE(r);
  CHECK(r.error().render().find("secret") == std::string::npos);
  CHECK(r.error().render().find("/bucket/x") != std::string::npos);
}
