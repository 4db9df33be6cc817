// tests/verify/canonical_test.cpp: canonical JSON and base64 against outside vectors (securesystemslib, RFC 4648).
#include <catch2/catch.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/support.h"
#include "base/base64.h"
#include "verify/canonical.h"

using namespace nano;

TEST_CASE("canonical JSON gives securesystemslib's bytes for every vector") {
  const auto path = test::shared("trust/canonical.jsonl");
  if (!path) {
    WARN("SKIPPED: no trust/canonical.jsonl");
    return;
  }
  int checked = 0;
  for (const std::string& line : split(test::read(*path), '\n')) {
    if (line.empty()) continue;
    const auto row = parse_json(line);
    REQUIRE(row);
    const auto doc = parse_json((*row)["json"].get<std::string>());
    INFO(line);
    REQUIRE(doc);
    const auto out = verify::canonical_json(*doc);
    REQUIRE(out);
    CHECK(to_hex(reinterpret_cast<const uint8_t*>(out->data()), out->size()) == (*row)["canonical_hex"].get<std::string>());
    ++checked;
  }
  CHECK(checked == 2500);
}

TEST_CASE("canonical JSON refuses a float and text that is not UTF-8") {
  CHECK(verify::canonical_json(Json(0.5)).error().code == Errc::invalid);
  CHECK(verify::canonical_json(Json{{"a", Json::array({1, 2.0})}}).error().code == Errc::invalid);
  CHECK(verify::canonical_json(Json(std::string("\xff"))).error().code == Errc::invalid);
}

TEST_CASE("base64 gives RFC 4648's vectors and reads them back") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [raw, text] : vectors) {
    CHECK(nano::to_base64(raw) == text);
    CHECK(nano::from_base64(text).value() == raw);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(nano::from_base64(nano::to_base64(all)).value() == all);
}

TEST_CASE("base64 refuses every second spelling of the same bytes") {
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "=", "Zm9v\n", " Zm9v", "Zm=v", "Zg==Zg==", "Zm-_", "Zm9vYg=a"}) {
    INFO(bad);
    CHECK(nano::from_base64(bad).error().code == Errc::invalid);
  }
}
