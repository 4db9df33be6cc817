// tests/registry/url_test.cpp: registry addresses and redirects.
#include <catch2/catch.hpp>

#include "registry/client/url.h"

using namespace nano;
using namespace nano::registry;

TEST_CASE("registry addresses of the three kinds are read") {
  const auto file = parse_registry_url("file:///srv/my%20models/");
  REQUIRE(file);
  CHECK(file->local == "/srv/my models");
  CHECK(file->text == "file:///srv/my%20models");
  CHECK(parse_registry_url("file://localhost/srv")->local == "/srv");
  CHECK(parse_registry_url("file:///")->local == "/");
  CHECK(parse_registry_url("https://models.example.org/a/b//")->text == "https://models.example.org/a/b");
  CHECK(parse_registry_url("http://127.0.0.1:8080")->scheme == RegistryUrl::Scheme::http);
}

TEST_CASE("other registry addresses are refused as usage errors") {
  for (const char* bad : {"", "/srv/models", "ftp://example.org", "file://example.org/x", "file:relative", "https://", "https:///path",
                          "https://user:secret@example.org/", "https://example.org/?a=b", "https://example.org/#x", "https://exa mple.org",
                          "https://example.org/\n", "file:///%zz", "file:///a%00b", "file:///a%2", "HTTPS://example.org"}) {
    INFO(bad);
    const auto r = parse_registry_url(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
  }
  CHECK(parse_registry_url("https://user:secret@example.org/").error().message.find("secret") == std::string::npos);
}

TEST_CASE("redirects go to http or https, and never from https to http") {
  CHECK(check_redirect("http://a/x", "http://b/y"));
  CHECK(check_redirect("http://a/x", "https://b/y"));
  CHECK(check_redirect("https://a/x", "https://b/y"));
  CHECK(check_redirect("https://a/x", "http://a/x").error().code == Errc::network);
  CHECK(check_redirect("http://a/x", "file:///etc/passwd").error().code == Errc::network);
  CHECK(check_redirect("http://a/x", "ftp://a/x").error().code == Errc::network);
}

TEST_CASE("one origin is one scheme, host and port") {
  CHECK(same_origin("https://a.example/x", "https://A.example/y?z"));
  CHECK(same_origin("https://a.example", "https://a.example:443/"));
  CHECK(same_origin("http://a.example:80/", "http://a.example"));
  CHECK(same_origin("http://[::1]:8080/", "http://[::1]:8080/x"));
  for (const char* other : {"http://a.example/", "https://a.example:444/", "https://b.example/", "https://a.example.evil/", "https://a.example@evil/",
                            "https://evil/a.example", "https://a.example\\@evil/", "a.example", "https://", "https://[a.example]/"}) {
    INFO(other);
    CHECK_FALSE(same_origin("https://a.example/", other));
  }
  CHECK_FALSE(same_origin("nonsense", "nonsense"));
}
