// tests/registry/client_test.cpp: what works: file:// and http://, resume, retries, caches, parallel blobs.
#include <catch2/catch.hpp>

#include "base/hash.h"
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

HttpServer::Handler files_of(const Tree& tree) {
  return [dir = tree.dir.string()](const HttpRequest& r) { return test::serve_file(dir, r); };
}

/// Hints and all blobs.
void install_all(ClientOf& c, const Tree& tree) {
  CHECK(c->describe().value().name == "test");
  Shelf shelf;
  const auto wanted = test::requests_of(tree.packed);
  const auto done = c->blobs(wanted, shelf.factory());
  if (!done) FAIL(done.error().render());
  CHECK(shelf.commits.size() == wanted.size());
  CHECK(c.progress.seen == c.progress.total);
}

}  // namespace

TEST_CASE("a tree is read over file://") {
  const Tree tree(test::noise(3'000'000));
  ClientOf c(tree.file_url());
  CHECK(c->is_local());
  install_all(c, tree);
}

TEST_CASE("a tree is read over http://, several blobs at once") {
  const Tree tree(test::noise(3'000'000));
  const HttpServer server(files_of(tree));
  ClientOf c(server.url() + "/");
  CHECK_FALSE(c->is_local());
  install_all(c, tree);
  for (const auto& r : server.requests()) CHECK(r.headers.count("authorization") + r.headers.count("cookie") == 0);
}

TEST_CASE("a download that was cut is resumed with Range and then verified") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  const HttpServer server(files_of(tree));
  ClientOf c(server.url());
  Shelf shelf;
  shelf.partial[want.digest] = test::read(tree.dir / tree::blob(want.digest)).substr(0, 100'000);
  REQUIRE(c->blobs({{want}}, shelf.factory()));
  REQUIRE(server.requests().size() == 1);
  CHECK(server.requests()[0].headers.at("range") == "bytes=100000-");
  CHECK(sha256(shelf.partial[want.digest]) == want.digest);
  CHECK(c.progress.seen == want.size);
}

TEST_CASE("file:// resumes too") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  ClientOf c(tree.file_url());
  Shelf shelf;
  shelf.partial[want.digest] = test::read(tree.dir / tree::blob(want.digest)).substr(0, 100'000);
  REQUIRE(c->blobs({{want}}, shelf.factory()));
  CHECK(shelf.commits[want.digest] == 1);
}

TEST_CASE("a connection dropped in the middle is resumed where it broke, with If-Range") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  std::atomic<int> asked{0};
  const HttpServer server([&](const HttpRequest& r) {
    auto a = test::serve_file(tree.dir.string(), r);
    if (asked++ < 3) a.drop_after = 90'000;
    return a;
  });
  ClientOf c(server.url());
  Shelf shelf;
  const auto done = c->blobs({{want}}, shelf.factory());
  if (!done) FAIL(done.error().render());
  REQUIRE(server.requests().size() >= 2);
  CHECK(server.requests()[1].headers.count("range") == 1);
  CHECK(server.requests()[1].headers.count("if-range") == 1);
  CHECK(c.progress.seen == want.size);
}

TEST_CASE("a server that ignores Range sends it all again, and that is used") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  const HttpServer server([&](const HttpRequest& r) {
    HttpRequest plain = r;
    plain.headers.erase("range");
    return test::serve_file(tree.dir.string(), plain);
  });
  ClientOf c(server.url());
  Shelf shelf;
  shelf.partial[want.digest] = std::string(1000, 'x');
  REQUIRE(c->blobs({{want}}, shelf.factory()));
  CHECK(sha256(shelf.partial[want.digest]) == want.digest);
  CHECK(c.progress.seen == want.size);
}

TEST_CASE("a part that the server knows nothing of is thrown away and the blob fetched whole") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  const HttpServer server([&](const HttpRequest& r) {
    if (r.headers.contains("range")) return answer(416, "");
    return test::serve_file(tree.dir.string(), r);
  });
  ClientOf c(server.url());
  Shelf shelf;
  shelf.partial[want.digest] = std::string(1000, 'x');
  const auto done = c->blobs({{want}}, shelf.factory());
  if (!done) FAIL(done.error().render());
  CHECK(sha256(shelf.partial[want.digest]) == want.digest);
}

TEST_CASE("a weak ETag, which promises no equal bytes, is not resumed by") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  const std::string bytes = test::read(tree.dir / tree::blob(want.digest));
  for (const bool weak : {false, true}) {
    const HttpServer server([&](const HttpRequest& r) {
      if (r.headers.contains("range")) return test::serve_file(tree.dir.string(), r);
      auto a = answer(200, bytes, weak ? "ETag: W/\"x\"\r\n" : "ETag: \"x\"\r\n");
      a.drop_after = 90'000;
      return a;
    });
    ClientOf c(server.url());
    Shelf shelf;
    (void)c->blobs({{want}}, shelf.factory());
    REQUIRE(server.requests().size() >= 2);
    CHECK(server.requests()[1].headers.count("if-range") == (weak ? 0 : 1));
  }
}

TEST_CASE("a damaged part from an earlier run is thrown away and the blob fetched whole") {
  const Tree tree(test::noise(300'000));
  const auto want = test::largest(tree.packed);
  const HttpServer server(files_of(tree));
  for (const std::string& url : {server.url(), tree.file_url()}) {
    ClientOf c(url);
    Shelf shelf;
    shelf.partial[want.digest] = std::string(1000, 'x');
    const auto done = c->blobs({{want}}, shelf.factory());
    if (!done) FAIL(done.error().render());
    CHECK(sha256(shelf.partial[want.digest]) == want.digest);
  }
}

TEST_CASE("a blob that is complete already is only checked") {
  const Tree tree;
  const auto want = test::largest(tree.packed);
  const HttpServer server(files_of(tree));
  ClientOf c(server.url());
  Shelf shelf;
  shelf.partial[want.digest] = test::read(tree.dir / tree::blob(want.digest));
  REQUIRE(c->blobs({{want}}, shelf.factory()));
  CHECK(server.requests().empty());
}

TEST_CASE("a blob nobody wants and a blob asked for twice cost no request and one") {
  const Tree tree;
  const auto want = test::largest(tree.packed);
  const HttpServer server(files_of(tree));
  ClientOf c(server.url());
  REQUIRE(c->blobs({{want}}, [](const BlobRequest&) -> Result<std::unique_ptr<BlobSink>> { return std::unique_ptr<BlobSink>(); }));
  CHECK(server.requests().empty());
  Shelf shelf;
  REQUIRE(c->blobs({{want, want}}, shelf.factory()));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("passing errors are retried: 500, 503, 429, 408") {
  const Tree tree;
  for (const int status : {500, 503, 429, 408}) {
    std::atomic<int> asked{0};
    const HttpServer server([&](const HttpRequest& r) {
      if (asked++ < 2) return answer(status, "busy");
      return test::serve_file(tree.dir.string(), r);
    });
    ClientOf c(server.url());
    CHECK(c->describe());
    CHECK(asked == 3);
  }
}

TEST_CASE("redirects are followed, five of them") {
  const Tree tree;
  const HttpServer server([&](const HttpRequest& r) {
    for (int i = 0; i < 5; ++i) {
      const std::string from = i == 0 ? "/start" : "/hop" + std::to_string(i);
      if (r.path.substr(0, from.size() + 1) == from + "/") {
        const std::string next = i == 4 ? "" : "/hop" + std::to_string(i + 1);
        return answer(302, "", "Location: " + next + r.path.substr(from.size()) + "\r\n");
      }
    }
    return test::serve_file(tree.dir.string(), r);
  });
  ClientOf c(server.url() + "/start");
  CHECK(c->describe());
  CHECK(server.requests().size() == 6);
}

TEST_CASE("offline, http is refused with exit code 12 and file:// still works") {
  const Tree tree;
  const HttpServer server(files_of(tree));
  auto options = test::quick();
  options.offline = true;
  ClientOf web(server.url(), options);
  CHECK(web->describe().error().code == Errc::refused);
  Shelf shelf;
  CHECK(web->blobs(test::requests_of(tree.packed), shelf.factory()).error().code == Errc::refused);
  CHECK(server.requests().empty());
  ClientOf local(tree.file_url(), options);
  CHECK(local->describe());
}

TEST_CASE("a clock far from the server's is pointed out once, and one that is not is not") {
  struct Warnings final : Log {
    std::vector<std::string> said{};
    void note(std::string_view) override {}
    void warn(std::string_view text) override { said.emplace_back(text); }
    void detail(std::string_view) override {}
  };
  const auto warnings = [](const std::string& header) {
    const HttpServer server([&](const HttpRequest&) {
      return answer(200, R"({"schema":"nano.registry/1","name":"x","protocol":1})", header);
    });
    Warnings log;
    NullProgress progress;
    setenv("no_proxy", "127.0.0.1,localhost", 1);
    auto client = Client::open(server.url(), test::quick(), log, progress);
    REQUIRE(client);
    REQUIRE(client->describe());
    REQUIRE(client->describe());
    return log.said;
  };
  const auto old = warnings("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  REQUIRE(old.size() == 1);
  CHECK(old.front().find("1994-11-06T08:49:37Z") != std::string::npos);
  CHECK(old.front().find("clock") != std::string::npos);
  // Out of a cache, where it lay for as long as the dates differ.
  const auto age = std::to_string(now() - parse_time("1994-11-06T08:49:37Z").value());
  CHECK(warnings("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nAge: " + age + "\r\n").empty());
  CHECK(warnings("").empty());
  CHECK(warnings("Date: yesterday, perhaps\r\n").empty());
}

TEST_CASE("a cancelled fetch stops as interrupted and keeps what it has") {
  const Tree tree(test::noise(300'000));
  const HttpServer server([&](const HttpRequest& r) {
    auto a = test::serve_file(tree.dir.string(), r);
    a.bytes.resize(a.bytes.size() / 2);
    a.stall_ms = 10'000;
    return a;
  });
  std::atomic<bool> cancel{false};
  auto options = test::quick();
  options.stall_seconds = 30;
  options.cancel = &cancel;
  ClientOf c(server.url(), options);
  const auto want = test::largest(tree.packed);
  Shelf shelf;
  std::thread person([&] {
    while (c.progress.seen == 0) std::this_thread::yield();
    cancel = true;
  });
  const auto done = c->blobs({{want}}, shelf.factory());
  person.join();
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::interrupted);
  CHECK_FALSE(shelf.partial[want.digest].empty());
}
