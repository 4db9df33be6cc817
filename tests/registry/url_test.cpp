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
  CHECK(parse_registry_url("file:///")->text == "file:///");
  CHECK(parse_registry_url("https://models.example.org/a/b//")->text == "https://models.example.org/a/b");
  CHECK(parse_registry_url("http://127.0.0.1:8080")->scheme == RegistryUrl::Scheme::http);
}

TEST_CASE("an address that is written in another way is kept in one spelling") {
  const auto text = [](const char* given) {
    const auto r = parse_registry_url(given);
    return r ? r->text : r.error().message;
  };
  CHECK(text("HTTP://Models.Example.ORG/Path") == "http://models.example.org/Path");
  CHECK(text("Https://h:443/") == "https://h:443");
  CHECK(text("http://h:/x") == "http://h/x");
  CHECK(text("http://h:0080/x") == "http://h:80/x");
  CHECK(text("http://[::1]:8080/x/") == "http://[::1]:8080/x");
  CHECK(text("http://h/модели") == "http://h/%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D0%B8");
  CHECK(text("http://h/a%20b") == "http://h/a%20b");
  CHECK(text("http://h/@scope/x") == "http://h/@scope/x");
  CHECK(text("FILE://localhost/srv/my models/") == "file:///srv/my%20models");
  CHECK(same_registry_url("HTTP://H/x/", "http://h/x"));
  CHECK_FALSE(same_registry_url("http://h/x", "https://h/x"));
  CHECK_FALSE(same_registry_url("nonsense", "nonsense"));
}

TEST_CASE("other registry addresses are refused as usage errors, and no password or query is repeated") {
  for (const char* bad : {"", "/srv/models", "ftp://example.org", "file://example.org/x", "file:relative", "https://", "https:///path",
                          "https://user:secret@example.org/", "https://secret@example.org", "https://example.org/?secret=b", "https://example.org/#secret",
                          "https://example.org?secret", "https://exa mple.org", "https://example.org/\n", "file:///%zz", "file:///a%00b", "file:///a%2",
                          "http://h:99999/", "http://h:0/", "http://h:-1/", "http://h:8o80/", "http://h:80:80/", "http://:80/", "http://[::1", "http://[::1]x/",
                          "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[zz]/", "http://[]/", "http://::1/", "http://a..b/", "http://.a/", "http://a%20b/",
                          "http://a\\b/", "http://a|b/", "http://h/a\\b", "http://h/<x>", "http://h/%2", "http://h/%00", "http://h/%zz", "http://user:secret/x@h",
                          "http://u:secret#@h/", "file:///a?secret", "file:///a#secret", "http:/h", "http:h", "://h"}) {
    INFO(bad);
    const auto r = parse_registry_url(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
    CHECK(r.error().message.find("secret") == std::string::npos);
    CHECK(r.error().hint.find("secret") == std::string::npos);
  }
  CHECK_FALSE(parse_registry_url("http://" + std::string(254, 'a') + "/"));
  CHECK_FALSE(parse_registry_url("http://h/" + std::string(3000, 'a')));
  CHECK_FALSE(parse_registry_url("file:///" + std::string(5000, 'a')));
}

TEST_CASE("redirects go to http or https, and never from https to http") {
  CHECK(check_redirect("http://a/x", "http://b/y"));
  CHECK(check_redirect("http://a/x", "https://b/y"));
  CHECK(check_redirect("https://a/x", "https://b/y"));
  CHECK(check_redirect("https://a/x", "http://a/x").error().code == Errc::network);
  CHECK(check_redirect("http://a/x", "file:///etc/passwd").error().code == Errc::network);
  CHECK(check_redirect("http://a/x", "ftp://a/x").error().code == Errc::network);
  CHECK(check_redirect("HTTPS://a/x", "http://a/x").error().code == Errc::network);
  CHECK(check_redirect("https://a/x", "HTTPS://b/y"));
  const Error e = check_redirect("https://a/x?secret", "http://user:secret@b/y?secret").error();
  CHECK(e.message.find("secret") == std::string::npos);
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
