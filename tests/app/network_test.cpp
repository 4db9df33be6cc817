// Registries over HTTP that answer badly, break off, or are not there.
#include <catch2/catch.hpp>

#include "tests/app/world.h"
#include "tests/registry/http_server.h"

namespace nano::test {
namespace {

struct Served {
  World w{};
  std::function<HttpAnswer(const HttpRequest&)>
      fault{};  ///< set: asked first; an answer with no bytes = serve the file
  HttpServer server;
  Served()
      : server([this](const HttpRequest& r) {
          if (fault) {
            HttpAnswer a = fault(r);
            if (!a.bytes.empty()) return a;
          }
          return serve_file(w.registry(), r);
        }) {
    w.publish("tiny");
    w.use_registry(server.url());
  }
};

TEST_CASE("install over HTTP fetches each blob once") {
  Served s;
  const auto r = s.w.nano({"install", "tiny"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(s.w.installed().size() == 1);
  CHECK(s.server.count("/blobs/") == 3);
  CHECK(s.w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("a server that breaks off in the middle of a blob is asked for the rest") {
  Served s;
  std::atomic<int> cuts{0};
  s.fault = [&](const HttpRequest& r) -> HttpAnswer {
    if (r.path.find("/blobs/") == std::string::npos || cuts.fetch_add(1) >= 2) return {};
    HttpAnswer a = serve_file(s.w.registry(), r);
    a.drop_after = 2000;
    return a;
  };
  const auto r = s.w.nano({"install", "tiny"});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(s.w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("an install that failed in the middle is resumed by the next one") {
  Served s;
  s.fault = [&](const HttpRequest& r) -> HttpAnswer {
    if (r.path.find("/blobs/") == std::string::npos) return {};
    HttpAnswer a = serve_file(s.w.registry(), r);
    a.drop_after = 100000;
    return r.headers.contains("range") ? answer(500, "no") : a;
  };
  CHECK(s.w.nano({"install", "tiny"}).exit_code == 5);
  CHECK(s.w.installed().empty());
  s.fault = {};
  const auto doc = s.w.json(s.w.nano({"install", "tiny", "--json"}));
  CHECK(doc["data"]["fetched_bytes"].get<uint64_t>() < 500000);  // of 553 KB in all
  CHECK(s.w.nano({"verify"}).exit_code == 0);
}

TEST_CASE("404, 500, HTML and dropped connections are told apart") {
  Served s;
  const auto answering = [&](HttpAnswer a) {
    s.fault = [a](const HttpRequest&) { return a; };
    return s.w.nano({"install", "tiny"});
  };
  const auto missing = answering(answer(404, "gone"));
  CHECK((missing.exit_code == 3 || missing.exit_code == 5));
  CHECK(has(missing.err, s.server.url()));
  const auto broken = answering(answer(500, "oops"));
  CHECK(broken.exit_code == 5);
  CHECK(has(broken.err, "500"));
  const auto html =
      answering(answer(200, "<!DOCTYPE html><html><body>Welcome to the hotel network</body></html>",
                       "Content-Type: text/html\r\n"));
  CHECK((html.exit_code == 5 || html.exit_code == 13));
  CHECK(has(html.err, "HTML"));
  HttpAnswer drop = answer(200, std::string(1000, 'x'));
  drop.drop_after = 10;
  CHECK(answering(drop).exit_code == 5);
  CHECK(s.w.installed().empty());
}

TEST_CASE("what a hostile server says never reaches the terminal raw") {
  Served s;
  s.fault = [](const HttpRequest&) { return answer(500, "\x1b]0;owned\x07\x1b[31mred"); };
  const auto r = s.w.nano({"install", "tiny"});
  CHECK(r.exit_code == 5);
  CHECK_FALSE(has(r.err, "\x1b"));
}

TEST_CASE("offline: what is installed works, what is not is refused") {
  Served s;
  REQUIRE(s.w.nano({"install", "tiny"}).exit_code == 0);
  REQUIRE(s.w.nano({"search", "tiny"}).exit_code == 0);
  const std::size_t before = s.server.requests().size();
  CHECK(s.w.nano({"run", "tiny", "fine", "--offline"}).exit_code == 0);
  CHECK(s.w.nano({"install", "tiny", "--offline"}).exit_code == 0);
  CHECK(s.w.nano({"search", "tiny", "--offline"}).exit_code == 0);  // the index was kept
  CHECK(s.server.requests().size() == before);
  REQUIRE(s.w.nano({"uninstall", "tiny"}).exit_code == 0);
  World fresh;
  REQUIRE(fresh.nano({"registry", "add", "work", s.server.url(), "--root-namespace", "--root", s.w.root()})
              .exit_code == 0);
  const auto refused = fresh.nano({"install", "tiny", "--offline"});
  CHECK(refused.exit_code == 12);
  CHECK(has(refused.err, "--offline"));
  CHECK(s.server.requests().size() == before);
}

TEST_CASE("nobody listening is a network error that names the address") {
  World w;
  w.publish("tiny");
  w.use_registry("http://127.0.0.1:1");
  const auto r = w.nano({"install", "tiny"});
  CHECK(r.exit_code == 5);
  CHECK(has(r.err, "127.0.0.1"));
}

}  // namespace
}  // namespace nano::test
