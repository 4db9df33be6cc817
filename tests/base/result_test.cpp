// Result and Error: values or the first error, and the table of codes.
#include "base/result.h"

#include <memory>
#include <set>

#include <catch2/catch.hpp>

namespace nano {
namespace {

Result<int> half(int x) {
  if (x % 2 != 0) return make_error(Errc::usage, "odd");
  return x / 2;
}
Result<int> quarter(int x) {
  NANO_TRY_ASSIGN(const int h, half(x));
  NANO_TRY_ASSIGN(const int q, half(h));
  return q;
}
Status check(int x) {
  NANO_TRY(half(x));
  return Unit{};
}

TEST_CASE("a result carries the value or the first error") {
  CHECK(quarter(8).value() == 2);
  CHECK(quarter(6).error().message == "odd");
  CHECK_FALSE(check(3));
  CHECK(check(4));
}

TEST_CASE("a result moves move-only types through") {
  Result<std::unique_ptr<int>> r = std::make_unique<int>(3);
  auto s = std::move(r).transform([](std::unique_ptr<int> p) { return *p + 1; });
  CHECK(*s == 4);
}

TEST_CASE("an error renders its message, its trail and its remedy") {
  const auto e =
      make_error(Errc::integrity, "digest mismatch", "run `nano verify`").while_("reading blob abc");
  CHECK(e.render() == "digest mismatch\n  while reading blob abc\n  hint: run `nano verify`");
}

TEST_CASE("the codes are the documented exit codes and each kind has a word of its own") {
  CHECK(static_cast<int>(Errc::usage) == 2);
  CHECK(static_cast<int>(Errc::integrity) == 6);
  CHECK(static_cast<int>(Errc::untrusted) == 7);
  CHECK(static_cast<int>(Errc::store) == 9);
  CHECK(static_cast<int>(Errc::attention) == 15);
  std::set<std::string_view> words;
  for (int i = 0; i <= 15; ++i) words.insert(kind(static_cast<Errc>(i)));
  words.insert(kind(Errc::interrupted));
  CHECK(words.size() == 17);
}

}  // namespace
}  // namespace nano
