// tests/registry/credentials_test.cpp: a token goes to the registry's own scheme, host and port, and nowhere else; and the
// metadata that a client fetches for the updater ends in time and in size.
#include <catch2/catch.hpp>

#include "base/clock.h"
#include "tests/registry/client_fixture.h"
#include "verify/tuf/fetcher.h"

using namespace nano;
using namespace nano::registry;
using test::answer;
using test::ClientOf;
using test::HttpAnswer;
using test::HttpRequest;
using test::HttpServer;

namespace {

namespace tuf = verify::tuf;

struct Whole final : tuf::Sink {
  std::string bytes{};
  [[nodiscard]] Status write(std::string_view more) override {
    bytes += more;
    return Unit{};
  }
};

ClientOptions with_token() {
  auto o = test::quick();
  o.token = "s3cret";
  return o;
}

Result<std::string> get(ClientOf& c, std::string_view file, uint64_t limit = 1000) {
  Whole whole;
  NANO_TRY(c->fetch(tuf::Area::metadata, file, limit, whole));
  return std::move(whole.bytes);
}

std::string token_of(const HttpRequest& r) {
  const auto it = r.headers.find("authorization");
  return it == r.headers.end() ? "" : it->second;
}

}  // namespace

TEST_CASE("a token is sent to the registry itself, and stays with redirects inside it") {
  const HttpServer server([](const HttpRequest& r) {
    return r.path == "/metadata/timestamp.json" ? answer(302, "", "Location: /elsewhere\r\n") : answer(200, "here");
  });
  ClientOf c(server.url(), with_token());
  CHECK(get(c, "timestamp.json").value() == "here");
  REQUIRE(server.requests().size() == 2);
  for (const auto& r : server.requests()) CHECK(token_of(r) == "Bearer s3cret");
}

TEST_CASE("a token is not sent across a redirect to another port") {
  const HttpServer thief([](const HttpRequest&) { return answer(200, "loot"); });
  const HttpServer server([&](const HttpRequest&) { return answer(302, "", "Location: " + thief.url() + "/x\r\n"); });
  ClientOf c(server.url(), with_token());
  CHECK(get(c, "timestamp.json"));
  REQUIRE(thief.requests().size() == 1);
  CHECK(token_of(thief.requests()[0]).empty());
  CHECK(token_of(server.requests()[0]) == "Bearer s3cret");
}

TEST_CASE("a token is not sent across a redirect to another name of the same machine") {
  HttpServer* self = nullptr;
  HttpServer server([&](const HttpRequest& r) {
    if (r.path == "/x") return answer(200, "loot");
    std::string there = self->url();
    there.replace(there.find("127.0.0.1"), 9, "localhost");
    return answer(302, "", "Location: " + there + "/x\r\n");
  });
  self = &server;
  ClientOf c(server.url(), with_token());
  (void)get(c, "timestamp.json");  // where localhost is ::1 alone nobody answers: no token went out either way
  for (const auto& r : server.requests()) CHECK((r.path == "/x" ? token_of(r).empty() : !token_of(r).empty()));
}

TEST_CASE("a token that left the registry by a redirect comes back only with the registry") {
  HttpServer* first = nullptr;
  const HttpServer second([&](const HttpRequest&) { return answer(302, "", "Location: " + first->url() + "/back\r\n"); });
  HttpServer server([&](const HttpRequest& r) { return r.path == "/back" ? answer(200, "ok") : answer(302, "", "Location: " + second.url() + "/x\r\n"); });
  first = &server;
  ClientOf c(server.url(), with_token());
  CHECK(get(c, "timestamp.json"));
  CHECK(token_of(second.requests().at(0)).empty());
}

TEST_CASE("a realm that a reply names gets no token") {
  const HttpServer thief([](const HttpRequest&) { return answer(200, "{\"token\":\"x\"}"); });
  const HttpServer server([&](const HttpRequest&) { return answer(401, "", "WWW-Authenticate: Bearer realm=\"" + thief.url() + "/token\"\r\n"); });
  ClientOf c(server.url(), with_token());
  CHECK(get(c, "timestamp.json").error().code == Errc::denied);
  CHECK(thief.requests().empty());
}

TEST_CASE("without a token no header is made up") {
  const HttpServer server([](const HttpRequest&) { return answer(200, "x"); });
  ClientOf c(server.url());
  CHECK(get(c, "timestamp.json"));
  CHECK(token_of(server.requests().at(0)).empty());
}

TEST_CASE("endless metadata is cut at its limit") {
  const HttpServer server([](const HttpRequest&) {
    return HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{", .endless = true};
  });
  ClientOf c(server.url());
  CHECK(get(c, "timestamp.json", 16'384).error().code == Errc::integrity);
  CHECK(c->requests().metadata_bytes == 0);
}

TEST_CASE("metadata that drips steadily is dropped when its time is over") {
  const HttpServer server([](const HttpRequest&) {
    return HttpAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc", .stall_ms = 20'000};
  });
  auto options = test::quick();
  options.stall_seconds = 600;  // the stall is not what ends it
  options.document_seconds = 3;
  ClientOf c(server.url(), options);
  const double start = monotonic_ms();
  CHECK(get(c, "timestamp.json").error().code == Errc::network);
  CHECK(monotonic_ms() - start < 10'000);
  CHECK(server.requests().size() == 1);  // retries have no time of their own
}

TEST_CASE("the end of the roots is 404 or 403, and for other metadata 403 is no access") {
  for (const int status : {404, 403}) {
    const HttpServer server([&](const HttpRequest&) { return answer(status, ""); });
    ClientOf c(server.url());
    CHECK(get(c, "2.root.json").error().code == Errc::not_found);
    CHECK(get(c, "timestamp.json").error().code == (status == 404 ? Errc::not_found : Errc::denied));
    CHECK(c->requests().metadata == 2);
  }
}

TEST_CASE("requests for metadata and targets are counted apart") {
  const HttpServer server([](const HttpRequest& r) { return answer(200, r.path); });
  ClientOf c(server.url());
  Whole whole;
  REQUIRE(get(c, "timestamp.json"));
  REQUIRE(c->fetch(tuf::Area::targets, "index/ab.search.json", 1000, whole));
  CHECK(whole.bytes == "/targets/index/ab.search.json");
  CHECK(c->requests().metadata == 1);
  CHECK(c->requests().metadata_bytes == std::string("/metadata/timestamp.json").size());
  CHECK(c->requests().targets == 1);
}
