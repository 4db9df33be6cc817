// tests/registry/client_attacks_test.cpp: one fault or attack of a registry, one test, one exit code.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "registry/client/http.h"
#include "registry/tree.h"
#include "tests/registry/archives.h"
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

/// A client of a server that answers every request the same way.
struct Always {
  HttpServer server;
  ClientOf c;
  explicit Always(HttpAnswer a, ClientOptions options = test::quick())
      : server([a](const HttpRequest&) { return a; }), c(server.url(), std::move(options)) {}
  Error document_error() {
    const auto r = c->describe();
    REQUIRE_FALSE(r);
    return r.error();
  }
  Error blob_error(const BlobRequest& want) {
    Shelf shelf;
    const auto r = c->blobs({{want}}, shelf.factory());
    REQUIRE_FALSE(r);
    return r.error();
  }
};

const std::string kPage = "<!doctype html><html><body>Please log in</body></html>";

}  // namespace

// --- blobs ----------------------------------------------------------------------------------------------------

TEST_CASE("a blob with one flipped byte is an integrity error that names it, over file and http") {
  const Tree tree(test::noise(200'000));
  const auto want = test::largest(tree.packed);
  test::flip_byte(tree.dir / tree::blob(want.digest));
  const HttpServer server([&](const HttpRequest& r) { return test::serve_file(tree.dir.string(), r); });
  for (const std::string& url : {tree.file_url(), server.url()}) {
    ClientOf c(url);
    Shelf shelf;
    const auto r = c->blobs({{want}}, shelf.factory());
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::integrity);
    CHECK(r.error().message.find(want.digest.hex()) != std::string::npos);
    CHECK(shelf.commits.empty());
  }
}

TEST_CASE("a blob cut short on the server is an integrity error") {
  const Tree tree(test::noise(200'000));
  const auto want = test::largest(tree.packed);
  const auto file = tree.dir / tree::blob(want.digest);
  const std::string bytes = test::read(file);
  std::filesystem::remove(file);
  test::write(file, bytes.substr(0, 150'000));
  const HttpServer server([&](const HttpRequest& r) { return test::serve_file(tree.dir.string(), r); });
  for (const std::string& url : {tree.file_url(), server.url()}) {
    ClientOf c(url);
    Shelf shelf;
    CHECK(c->blobs({{want}}, shelf.factory()).error().code == Errc::integrity);
  }
}

TEST_CASE("a blob that is missing is not found") {
  const Tree tree;
  const auto want = test::largest(tree.packed);
  std::filesystem::remove(tree.dir / tree::blob(want.digest));
  const HttpServer server([&](const HttpRequest& r) { return test::serve_file(tree.dir.string(), r); });
  for (const std::string& url : {tree.file_url(), server.url()}) {
    ClientOf c(url);
    Shelf shelf;
    CHECK(c->blobs(test::requests_of(tree.packed), shelf.factory()).error().code == Errc::not_found);
  }
}

TEST_CASE("an endless blob is cut at the signed length") {
  HttpAnswer a{.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", .endless = true};
  Always all(a);
  const Error e = all.blob_error({.digest = sha256("x"), .size = 100'000});
  CHECK(e.code == Errc::integrity);
  CHECK(e.message.find("100000 bytes") != std::string::npos);
}

TEST_CASE("a wrong Content-Length is noticed before the body is read") {
  Always longer(answer(200, std::string(5000, 'x')));
  CHECK(longer.blob_error({.digest = sha256("x"), .size = 100}).code == Errc::integrity);
  Always shorter(answer(200, "x"));
  const Error e = shorter.blob_error({.digest = sha256("x"), .size = 100});
  CHECK(e.code == Errc::integrity);
  CHECK(e.message.find("has 1 bytes, the signed release says 100") != std::string::npos);
}

TEST_CASE("attack: a blob larger than any may be is not asked for") {
  Always all(answer(200, "x"));
  CHECK(all.blob_error({.digest = sha256("x"), .size = schemas::kMaxBlobBytes + 1}).code == Errc::invalid);
  CHECK(all.server.requests().empty());
}

TEST_CASE("fewer bytes than the Content-Length is a dropped connection") {
  Always all(HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nshort"});
  CHECK(all.blob_error({.digest = sha256("x"), .size = 1000}).code == Errc::network);
}

TEST_CASE("another range than was asked for is refused") {
  const Tree tree(test::noise(200'000));
  const auto want = test::largest(tree.packed);
  const HttpServer server([&](const HttpRequest&) {
    return answer(206, std::string(want.size - 50, 'x'), "Content-Range: bytes 50-" + std::to_string(want.size - 1) + "/" + std::to_string(want.size) + "\r\n");
  });
  ClientOf c(server.url());
  Shelf shelf;
  shelf.partial[want.digest] = std::string(100, 'x');
  CHECK(c->blobs({{want}}, shelf.factory()).error().code == Errc::network);
}

TEST_CASE("a part of a file of another length than the signed one is refused") {
  const HttpServer server([](const HttpRequest&) { return answer(206, std::string(900, 'x'), "Content-Range: bytes 100-999/5000\r\n"); });
  ClientOf c(server.url());
  Shelf shelf;
  const BlobRequest want{.digest = sha256(std::string(1000, 'x')), .size = 1000};
  shelf.partial[want.digest] = std::string(100, 'x');
  const auto r = c->blobs({{want}}, shelf.factory());
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::integrity);
  CHECK(r.error().message.find("5000 bytes") != std::string::npos);
}

TEST_CASE("a server that answers 416 for ever ends in an error") {
  Always all(answer(416, ""));
  Shelf shelf;
  const BlobRequest want{.digest = sha256("x"), .size = 1000};
  shelf.partial[want.digest] = std::string(10, 'x');
  CHECK(all.c->blobs({{want}}, shelf.factory()).error().code == Errc::network);
}

TEST_CASE("one failed blob stops the others and is the error") {
  const Tree tree(test::noise(200'000));
  const auto want = test::largest(tree.packed);
  const HttpServer server([&](const HttpRequest& r) {
    if (r.path.find(want.digest.hex()) != std::string::npos) return answer(403, "no");
    return test::serve_file(tree.dir.string(), r);
  });
  ClientOf c(server.url());
  Shelf shelf;
  CHECK(c->blobs(test::requests_of(tree.packed), shelf.factory()).error().code == Errc::denied);
  // One after the other, the largest first: nothing is asked for after the one that failed.
  const std::size_t before = server.requests().size();
  auto options = test::quick();
  options.parallel = 1;
  ClientOf one(server.url(), options);
  Shelf empty;
  REQUIRE(test::requests_of(tree.packed).size() > 1);
  CHECK(one->blobs(test::requests_of(tree.packed), empty.factory()).error().code == Errc::denied);
  CHECK(server.requests().size() == before + 1);
}

TEST_CASE("a sink's full disk is the fetch's error") {
  const Tree tree;
  const HttpServer server([&](const HttpRequest& r) { return test::serve_file(tree.dir.string(), r); });
  const test::TempDir out;
  fs::inject_faults([&](fs::Op op, const fs::Path& p, std::size_t&) {
    return op == fs::Op::write && p.string().find(out.path().string()) == 0 ? ENOSPC : 0;
  });
  ClientOf c(server.url());
  const auto r = c->blobs(test::requests_of(tree.packed), [&](const BlobRequest& b) -> Result<std::unique_ptr<BlobSink>> {
    return file_sink(b, out.path() / b.digest.hex());
  });
  fs::inject_faults({});
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::store);
  CHECK(test::files_below(out.path()).empty());
}

// --- answers --------------------------------------------------------------------------------------------------

TEST_CASE("404 is not found") { CHECK(Always(answer(404, "no")).document_error().code == Errc::not_found); }

TEST_CASE("500 is a network error with its status, after four retries") {
  Always all(answer(500, "boom"));
  const Error e = all.document_error();
  CHECK(e.code == Errc::network);
  CHECK(e.message.find("500") != std::string::npos);
  CHECK(all.server.requests().size() == 5);
}

TEST_CASE("403 is denied and not retried") {
  Always all(answer(403, "no"));
  CHECK(all.document_error().code == Errc::denied);
  CHECK(all.server.requests().size() == 1);
}

TEST_CASE("HTML in a document's place is called HTML") {
  for (const HttpAnswer& a : {answer(200, kPage, "Content-Type: text/html; charset=utf-8\r\n"), answer(200, "\n  " + kPage)}) {
    Always all(a);
    const Error e = all.document_error();
    CHECK(e.code == Errc::network);
    CHECK(e.message.find("HTML") != std::string::npos);
    CHECK(all.server.requests().size() == 1);
  }
}

TEST_CASE("a page that begins with words is still called HTML, by its type") {
  const Error e = Always(answer(200, "Please log in. <a href=/>here</a>", "Content-Type: text/html\r\n")).document_error();
  CHECK(e.message.find("HTML") != std::string::npos);
}

TEST_CASE("HTML in a blob's place is called HTML") {
  Always all(answer(200, kPage, "Content-Type: text/html\r\n"));
  const Error e = all.blob_error({.digest = sha256("x"), .size = 100'000});
  CHECK(e.code == Errc::network);
  CHECK(e.message.find("HTML") != std::string::npos);
}

TEST_CASE("JSON that is no registry.json is invalid") {
  CHECK(Always(answer(200, "{\"hello\":1}")).document_error().code == Errc::invalid);
  CHECK(Always(answer(200, "")).document_error().code == Errc::invalid);
}

TEST_CASE("a dropped connection is a network error after the retries") {
  Always all(HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc", .drop_after = 40});
  const Error e = all.document_error();
  CHECK(e.code == Errc::network);
  CHECK(all.server.requests().size() == 5);
}

TEST_CASE("an empty answer is a network error") {
  auto options = test::quick();
  options.retries = 1;
  CHECK(Always(HttpAnswer{}, options).document_error().code == Errc::network);
}

TEST_CASE("an answer that is not HTTP is a network error") {
  CHECK(Always(HttpAnswer{.bytes = "SSH-2.0-OpenSSH_9.2\r\n\r\n"}).document_error().code == Errc::network);
}

TEST_CASE("a server that is not there is a network error at once") {
  const Tree tree;
  std::string url;
  { url = HttpServer([](const HttpRequest&) { return HttpAnswer{}; }).url(); }
  auto options = test::quick();
  options.backoff_ms = 20'000;  // were it tried again, that would be seen
  ClientOf c(url, options);
  const double start = monotonic_ms();
  const auto r = c->describe();
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(monotonic_ms() - start < 4'000);
}

TEST_CASE("a machine that never takes the call is not called again and again") {
  // A socket that listens and accepts nobody: once its queue is full, connecting times out.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t n = sizeof where;
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&where), n) == 0);
  REQUIRE(listen(listener, 0) == 0);
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&where), &n) == 0);
  std::vector<int> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    (void)connect(waiting.back(), reinterpret_cast<sockaddr*>(&where), n);
  }
  auto options = test::quick();
  options.connect_timeout_ms = 300;
  options.backoff_ms = 20'000;
  ClientOf c("http://127.0.0.1:" + std::to_string(ntohs(where.sin_port)), options);
  const double start = monotonic_ms();
  const auto r = c->describe();
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::network);
  CHECK(monotonic_ms() - start < 4'000);
  for (const int fd : waiting) close(fd);
  close(listener);
}

TEST_CASE("a server that falls silent is dropped") {
  auto options = test::quick();
  options.retries = 0;
  const double start = monotonic_ms();
  CHECK(Always(HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc", .stall_ms = 20'000}, options).document_error().code == Errc::network);
  CHECK(monotonic_ms() - start < 15'000);
}

TEST_CASE("waits between retries double, heed Retry-After, and never last longer than ten seconds") {
  using http::back_off_ms;
  CHECK(back_off_ms(500, 1, 0, 0.5) == 500);
  CHECK(back_off_ms(500, 2, 0, 0.5) == 1000);
  CHECK(back_off_ms(500, 3, 0, 0.0) == 1000);
  CHECK(back_off_ms(500, 3, 0, 1.0) == 3000);
  CHECK(back_off_ms(500, 1, 3, 0.5) == 3000);
  CHECK(back_off_ms(500, 4, 1, 0.5) == 4000);
  CHECK(back_off_ms(500, 1, 3600, 0.5) == 10'000);
  CHECK(back_off_ms(500, 100, 0, 1.0) == 10'000);
  CHECK(back_off_ms(0, 1, 0, 1.0) == 0);
}

TEST_CASE("attack: a server that asks for patience for ever does not keep a person from leaving") {
  std::atomic<bool> cancel{false};
  const HttpServer server([](const HttpRequest&) { return answer(503, "", "Retry-After: 3600\r\n"); });
  auto options = test::quick();
  options.cancel = &cancel;
  ClientOf c(server.url(), options);
  std::thread person([&] {
    while (server.requests().empty()) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // the answer has come, the wait has begun
    cancel = true;
  });
  const double start = monotonic_ms();
  const auto r = c->describe();
  person.join();
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Errc::interrupted);
  CHECK(monotonic_ms() - start < 6'000);
}

TEST_CASE("an endless document is cut at its limit") {
  CHECK(Always(HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{", .endless = true}).document_error().code == Errc::invalid);
  CHECK(Always(answer(200, std::string(100'000, ' '))).document_error().code == Errc::invalid);
}

TEST_CASE("an endless error page does not hold the client") {
  auto options = test::quick();
  options.retries = 0;
  CHECK(Always(HttpAnswer{.bytes = "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n", .endless = true}, options).document_error().code == Errc::not_found);
}

TEST_CASE("huge headers are refused") {
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3000; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(60, 'x') + "\r\n";
  CHECK(Always(HttpAnswer{.bytes = headers + "\r\n"}).document_error().code == Errc::network);
}

TEST_CASE("a document in another compression than the one asked for is refused, and a blob in any") {
  for (const char* other : {"deflate", "br", "zstd", "gzip, gzip", "x-unknown, br"}) {
    const Error e = Always(answer(200, "\x1f\x8b", std::string("Content-Encoding: ") + other + "\r\n")).document_error();
    CHECK(e.code == Errc::network);
  }
  const Error e = Always(answer(200, test::gz("BLOB"), "Content-Encoding: gzip\r\n")).blob_error({sha256("BLOB"), 4});
  CHECK(e.message.find("compressed") != std::string::npos);
}

TEST_CASE("a document that is sent gzipped is unpacked on the way") {
  const std::string text = R"({"schema":"nano.registry/1","name":"zipped","protocol":1})";
  HttpServer server([&](const HttpRequest& r) {
    REQUIRE(r.headers.at("accept-encoding") == "gzip");
    return answer(200, test::gz(text), "Content-Encoding: gzip\r\n");
  });
  ClientOf c(server.url());
  const auto doc = c->describe();
  REQUIRE(doc);
  CHECK(doc->name == "zipped");
}

TEST_CASE("attack: a gzip bomb in a document's place is stopped at the document's limit") {
  const std::string bomb = test::gz(std::string(std::size_t{64} << 20, ' '));  // 64 KB that become 64 MiB
  REQUIRE(bomb.size() < 100'000);
  const Error e = Always(answer(200, bomb, "Content-Encoding: gzip\r\n")).document_error();
  CHECK(e.code == Errc::invalid);
  CHECK(e.message.find("longer than the limit") != std::string::npos);
}

TEST_CASE("a redirect loop ends after five redirects") {
  Always all(answer(302, "", "Location: /again\r\n"));
  const Error e = all.document_error();
  CHECK(e.code == Errc::network);
  CHECK(e.message.find("redirects more than 5") != std::string::npos);
  CHECK(all.server.requests().size() == 6);
}

TEST_CASE("a redirect to file:// is refused") {
  const Error e = Always(answer(302, "", "Location: file:///etc/passwd\r\n")).document_error();
  CHECK(e.code == Errc::network);
  CHECK(e.message.find("not http or https") != std::string::npos);
}

TEST_CASE("terminal escapes in what a server sends do not reach the error text") {
  const Error e = Always(answer(302, "", "Location: gopher://x/\x1b[31mred\r\n")).document_error();
  CHECK(e.message.find('\x1b') == std::string::npos);
}
