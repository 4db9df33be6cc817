// tests/base/url_test.cpp: folders as URLs and back, and what of a URL is shown.
#include <catch2/catch.hpp>

#include "base/url.h"

using namespace nano;

TEST_CASE("every folder comes back from its URL") {
  for (const std::string folder : {"/srv/models", "/srv/my models", "/srv/100%", "/srv/%20", "/srv/a#b?c", "/srv/модели", "/ ", "/", "/srv/a\nb", "/srv/\xff\xfe",
                                   "/srv/user:secret@host", "/srv/a'b\"c", "/srv/[::1]", "/srv/a\\b", "/srv/..hidden", "/srv/x+y&z;$(w)"}) {
    const std::string url = file_url(folder);
    INFO(url);
    for (const char c : url) CHECK((c > ' ' && c <= '~' && c != '?' && c != '#'));
    const auto back = folder_of_url(url);
    REQUIRE(back);
    CHECK(back->string() == folder);
  }
  CHECK(file_url("/srv/my models/") == "file:///srv/my%20models");
  CHECK(file_url("/srv/./models//") == "file:///srv/models");
  CHECK(file_url("/srv/link/../models") == "file:///srv/link/../models");  // .. behind a link is not what it looks like
  CHECK(folder_of_url(file_url("."))->string() == std::filesystem::current_path().string());
}

TEST_CASE("a folder's URL is read as people write it, and nothing but a folder's") {
  CHECK(folder_of_url("file:///%20")->string() == "/ ");
  CHECK(folder_of_url("file:///")->string() == "/");
  CHECK(folder_of_url("FILE://LocalHost/srv/")->string() == "/srv");
  CHECK(folder_of_url("file:///srv/my models")->string() == "/srv/my models");
  for (const char* bad : {"file:///a%2", "file:///a%zz", "file:///a%00", "file://host/x", "file:relative", "file:///a?b", "file:///a#b", "file:///a\nb", "file://",
                          "http://localhost/", "file://localhost", "file://user@localhost/x"}) {
    INFO(bad);
    const auto r = folder_of_url(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
  }
}

TEST_CASE("a shown URL has no user info, no query and no fragment, however malformed it is") {
  CHECK(display_url("https://host/path") == "https://host/path");
  CHECK(display_url("https://host:8080/@scope/x") == "https://host:8080/@scope/x");
  CHECK(display_url("http://[::1]:8080/a@b") == "http://[::1]:8080/a@b");
  CHECK(display_url("work") == "work");
  CHECK(display_url("https://host/x?token=s3cret#s3cret") == "https://host/x");
  CHECK(display_url("http://user:s3cret@host:1/x") == "http://host:1/x");
  CHECK(display_url("user:s3cret@host:1") == "host:1");
  for (const char* url : {"http://user:s3cret@[::1", "http://user:s3cret @host", "http://user:s3/cret@host", "http://user:s3#cret@host", "http://u:a@s3cret@host",
                          "ftp9://user:s3cret@h", "http://user:s3?cret@h/x", "://user:s3cret@h"})
    CHECK(display_url(url).find("cret") == std::string::npos);
  CHECK(display_url("http://h/\x1b[31m").find('\x1b') == std::string::npos);
}

TEST_CASE("URLs in a library's message lose their secrets, and a proxy's password goes wherever it stands") {
  CHECK(hide_url_secrets("Unsupported proxy syntax in 'http://user:s3cret @127.0.0.1:9': bad") == "Unsupported proxy syntax in 'http://127.0.0.1:9': bad");
  CHECK(hide_url_secrets("nano registry add r http://u:p@h/x --root a") == "nano registry add r http://h/x --root a");
  CHECK(hide_url_secrets("nano --registry=http://u:p@h/x?y install a") == "nano --registry=http://h/x install a");
  CHECK(hide_url_secrets("see https://a/x?b and https://c/y#d") == "see https://a/x and https://c/y");
  CHECK(hide_url_secrets("no address here: a/b?c") == "no address here: a/b?c");
  const std::string proxies[] = {"http://user:s3cret%21@h:1", "other:pass word@h"};
  const std::string hidden = hide_url_secrets("bad s3cret%21, s3cret! and pass word", proxies);
  CHECK(hidden.find("s3cret") == std::string::npos);
  CHECK(hidden.find("pass word") == std::string::npos);
}
