// tests/schemas/name_test.cpp: package names and requirements.
#include "schemas/name.h"

#include <catch2/catch.hpp>

#include "schemas/requirement.h"
#include "schemas/word.h"

using namespace nano;
using namespace nano::schemas;

TEST_CASE("names of the grammar parse and print as written") {
  for (const char* text : {"a", "sentiment-50m", "acme/ner-en", "0", "a-b-c/1-2"}) {
    const auto n = PackageName::parse(text);
    REQUIRE(n);
    CHECK(n->text() == text);
  }
  CHECK(PackageName::parse("tiny")->ns == "_");
  CHECK(PackageName::parse("tiny")->in_root());
  CHECK(PackageName::parse("acme/tiny")->ns == "acme");
  CHECK(PackageName::parse(std::string(64, 'a') + "/" + std::string(64, 'b')));
}

TEST_CASE("a name outside the grammar is a usage error that names fault and position") {
  struct Case {
    std::string text;
    std::string says;
  };
  const std::vector<Case> cases{{"", "empty"},
                                {"Tiny", "capital letter 'T' at position 1"},
                                {"ti_ny", "'_' at position 3"},
                                {"-a", "leading '-' at position 1"},
                                {"a-", "trailing '-' at position 2"},
                                {"a--b", "double '-' at position 3"},
                                {"acme/-b", "leading '-' at position 6"},
                                {"a/b/c", "second '/' at position 4"},
                                {"/b", "empty part"},
                                {"a/", "empty part"},
                                {"..", "'.' at position 1"},
                                {"a b", "' ' at position 2"},
                                {std::string(65, 'a'), "more than 64 characters at position 65"},
                                {"caf\xc3\xa9", "'\xc3\xa9' at position 4"},
                                {std::string("a\0b", 3), "at position 2"}};
  for (const Case& c : cases) {
    INFO(c.text);
    const auto n = PackageName::parse(c.text);
    REQUIRE_FALSE(n);
    CHECK(n.error().code == Errc::usage);
    CHECK_THAT(n.error().message, Catch::Contains(c.says));
    CHECK_FALSE(n.error().hint.empty());
  }
}

TEST_CASE("a requirement has a name, perhaps a range, perhaps a variant") {
  const auto full = Requirement::parse("acme/sentiment-50m@^1.2:q4");
  REQUIRE(full);
  CHECK(full->name.text() == "acme/sentiment-50m");
  CHECK(full->range.text() == "^1.2");
  CHECK(full->variant == "q4");
  for (const char* text : {"tiny", "tiny:q8", "tiny@1.2.3", "tiny@>=1 <2 || 3.x:q8-avx2"}) {
    const auto r = Requirement::parse(text);
    REQUIRE(r);
    CHECK(r->text() == text);
    CHECK(Requirement::parse(r->text()).value() == r.value());
  }
  CHECK(Requirement::parse("tiny")->range.is_any());
  CHECK(Requirement::parse("tiny@1.2")->range.contains(Version::parse("1.2.9").value()));
  CHECK_FALSE(Requirement::parse("tiny@1.2.3")->range.contains(Version::parse("1.2.4").value()));
}

TEST_CASE("a malformed requirement is a usage error") {
  for (const char* text : {"", " ", "@1", "tiny@", "tiny:", "tiny:Q4", "tiny@1.2.3.4", "tiny@>2 <1", "ti ny", "tiny:q4:q8", "tiny@1@2"}) {
    INFO(text);
    const auto r = Requirement::parse(text);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
  }
}

TEST_CASE("a word is a path or a name by its letters alone") {
  for (const char* path : {"./x", "../x", "/x", "x/", "x/y/z", ".", "..", "~/x", "x.gguf", "a/x.gguf", "x.nano", "x.nano:q4", "./x.nano:q4", "acme/Tiny",
                           "acme/tiny/", "./acme/tiny", "a//b", "/", "acme/tiny.bin", "acme/tiny@nonsense!"}) {
    INFO(path);
    CHECK(is_path(path));
  }
  for (const char* name : {"tiny", "acme/tiny", "acme/tiny@^1.2:q4", "tiny:q4", "tiny@1.2.3", "Tiny", "tiny.bin", "", "...", "nano", "gguf", "~"}) {
    INFO(name);
    CHECK_FALSE(is_path(name));
  }
}
