// tests/schemas/store_layout_test.cpp: paths of the store and the environment's rules.
#include "schemas/store_layout.h"

#include <catch2/catch.hpp>
#include <map>

using namespace nano;
using namespace nano::schemas;

namespace {

Result<Places> places(const std::map<std::string, std::string>& env, std::string_view flag = {}, std::string_view config = {}) {
  return find_places(
      [&](const char* name) -> const char* {
        const auto it = env.find(name);
        return it == env.end() ? nullptr : it->second.c_str();
      },
      flag, config);
}

}  // namespace

TEST_CASE("the store's paths are DESIGN's") {
  const StoreLayout s("/s");
  const Digest d = Digest::parse_hex("ab" + std::string(62, '0')).value();
  const PackageName root = PackageName::parse("tiny").value();
  const PackageName spaced = PackageName::parse("acme/tiny").value();
  const Version v = Version::parse("1.2.3-rc.1").value();
  CHECK(s.blob(d) == "/s/blobs/sha256/ab/" + d.hex());
  CHECK(s.partial(d) == "/s/partial/" + d.hex());
  CHECK(s.package(root, v, "q8") == "/s/pkgs/_/tiny/1.2.3-rc.1~q8");
  CHECK(s.manifest(spaced, v, "q8") == "/s/pkgs/acme/tiny/1.2.3-rc.1~q8/nano.json");
  CHECK(s.package(root, v, "") == "/s/pkgs/_/tiny/1.2.3-rc.1~all");
  CHECK(s.generation(12) == "/s/generations/12.json");
  CHECK(s.current() == "/s/current");
  CHECK(s.project_root(d) == "/s/roots/" + d.hex() + ".json");
}

TEST_CASE("current holds a number and a newline, or the store is damaged") {
  CHECK(parse_current(current_text(12)).value() == 12);
  for (const char* bad : {"", "12", "\n", "0\n", "012\n", "-1\n", "1 \n", "1\n\n", "../1\n", "9999999999999999\n", "x\n"}) {
    const auto r = parse_current(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::store);
  }
}

TEST_CASE("flag, variable, home, configuration, XDG: the first that is set says where the store is") {
  std::map<std::string, std::string> env{{"HOME", "/h"}};
  CHECK(places(env)->store == "/h/.local/share/nanom/store/v1");
  CHECK(places(env)->config_dir == "/h/.config/nanom");
  CHECK(places(env)->cache == "/h/.cache/nanom");
  CHECK(places(env)->trust == "/h/.local/share/nanom/trust");
  env["XDG_DATA_HOME"] = "/data";
  env["XDG_CONFIG_HOME"] = "/conf";
  env["XDG_CACHE_HOME"] = "relative/is/ignored";
  CHECK(places(env)->store == "/data/nanom/store/v1");
  CHECK(places(env)->user_config() == "/conf/nanom/config.json");
  CHECK(places(env)->cache == "/h/.cache/nanom");
  CHECK(places(env, "", "/cfg/store")->store == "/cfg/store");
  env["NANO_HOME"] = "/n";
  CHECK(places(env, "", "/cfg/store")->store == "/n/store/v1");
  CHECK(places(env)->config_dir == "/n/config");
  CHECK(places(env)->cache == "/n/cache");
  CHECK(places(env)->trust == "/n/trust");
  env["NANO_STORE"] = "/s";
  CHECK(places(env)->store == "/s");
  CHECK(places(env)->config_dir == "/n/config");
  CHECK(places(env, "/flag/./x")->store == "/flag/x");
}

TEST_CASE("a relative store is taken from the working folder, an empty variable is unset") {
  CHECK(places({{"HOME", "/h"}, {"NANO_STORE", "here"}})->store == std::filesystem::current_path() / "here");
  CHECK(places({{"HOME", "/h"}, {"NANO_STORE", ""}})->store == "/h/.local/share/nanom/store/v1");
}

TEST_CASE("read-only stores come in their order") {
  const auto p = places({{"HOME", "/h"}, {"NANO_STORE_PATH", "/a::/b:"}});
  REQUIRE(p);
  CHECK(p->read_only_stores == std::vector<std::filesystem::path>{"/a", "/b"});
}

TEST_CASE("without any place the error says what to set") {
  const auto p = places({});
  REQUIRE_FALSE(p);
  CHECK(p.error().code == Errc::usage);
  CHECK_THAT(p.error().hint, Catch::Contains("NANO_HOME"));
  CHECK(places({{"NANO_STORE", "/s"}})->store == "/s");
}
