// tests/verify/tuf/metadata_test.cpp: shapes that are read, kept, written back and refused.
#include "verify/tuf/metadata.h"

#include <functional>

#include <catch2/catch.hpp>

#include "tests/verify/tuf/signer.h"
#include "verify/tuf/names.h"

using namespace nano;
using namespace nano::verify::tuf;
using test::Signer;

namespace {

Json root_json() {
  const Signer s = Signer::ed25519();
  Root root;
  root.header.expires = 4'000'000'000;
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) root.add_key(role, s.key());
  return root.to_json();
}

Json targets_json() {
  return Json::parse(
      R"({"_type":"targets","spec_version":"1.0","version":3,"expires":"2030-01-02T03:04:05Z","x-top":[1],
    "targets":{"a/b":{"length":0,"hashes":{"sha256":"ab","sha512":"cd"},"custom":{"k":1},"x-file":true}},
    "delegations":{"keys":{},"x-d":1,"roles":[
      {"name":"A","keyids":[],"threshold":1,"terminating":true,"paths":["a/*"],"x-role":"y"},
      {"name":"B","keyids":[],"threshold":2,"terminating":false,"path_hash_prefixes":["0f","a"]}]}})");
}

template <class T>
void refused(Json body, const std::function<void(Json&)>& change, Errc code = Errc::invalid) {
  REQUIRE(T::parse(body));
  change(body);
  INFO(body.dump());
  const auto r = T::parse(body);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == code);
}

}  // namespace

TEST_CASE("each kind is written back as it was read, unknown fields included") {
  Json root = root_json();
  root["x-nano-id"] = "00";
  root["roles"]["root"]["x"] = 1;
  root["roles"]["mirrors"] = root["roles"]["root"];
  CHECK(Root::parse(root).value().to_json() == root);
  const Json timestamp = Json::parse(
      R"({"_type":"timestamp","spec_version":"1.0.34","version":1,"expires":"2030-01-02T03:04:05Z",
    "meta":{"snapshot.json":{"version":7,"length":12,"hashes":{"sha256":"ab"},"x":1}},"y":"z"})");
  CHECK(Timestamp::parse(timestamp).value().to_json() == timestamp);
  const Json snapshot =
      Json::parse(R"({"_type":"snapshot","spec_version":"1.0.34","version":1,"expires":"2030-01-02T03:04:05Z",
    "meta":{"targets.json":{"version":7},"../x.json":{"version":1,"y":2}},"y":"z"})");
  CHECK(Snapshot::parse(snapshot).value().to_json() == snapshot);
  CHECK(Targets::parse(targets_json()).value().to_json() == targets_json());
}

TEST_CASE("the fields mean what they say") {
  const auto t = Targets::parse(targets_json());
  REQUIRE(t);
  CHECK(t->header.version == 3);
  CHECK(format_time(t->header.expires) == "2030-01-02T03:04:05Z");
  CHECK(t->targets.at("a/b").hashes.at("sha512") == "cd");
  REQUIRE(t->delegations);
  REQUIRE(t->delegations->find("B") != nullptr);
  CHECK(t->delegations->find("B")->keys.threshold == 2);
  CHECK(t->delegations->find("C") == nullptr);
  CHECK(t->delegations->roles[0].terminating);
  CHECK_FALSE(t->delegations->roles[0].path_hash_prefixes);
}

TEST_CASE("a specification version other than 1.x is refused, and 1.0 is accepted") {
  for (const char* good : {"1.0", "1.0.34", "1.9.9"}) {
    Json body = targets_json();
    body["spec_version"] = good;
    CHECK(Targets::parse(body));
  }
  for (const char* other : {"2.0.0", "0.9", "10.0.0", "01.0"})
    refused<Targets>(
        targets_json(), [&](Json& j) { j["spec_version"] = other; }, Errc::unsupported);
  for (const char* bad : {"", "1", "1.", "1.0.0.0", "1.x", "1.-0", " 1.0", "1.0 "})
    refused<Targets>(targets_json(), [&](Json& j) { j["spec_version"] = bad; });
}

TEST_CASE("metadata of another type are refused") {
  for (const char* type : {"root", "Targets", "snapshot", ""})
    refused<Targets>(targets_json(), [&](Json& j) { j["_type"] = type; });
  refused<Root>(root_json(), [](Json& j) { j["_type"] = "targets"; });
}

TEST_CASE("versions are whole numbers from 1 to 2^63-1") {
  for (const Json& bad : {Json(0), Json(0U), Json(-1), Json(1.0), Json("1"), Json(true),
                          Json(uint64_t{1} << 63), Json(nullptr)})
    refused<Targets>(targets_json(), [&](Json& j) { j["version"] = bad; });
  Json body = targets_json();
  body["version"] = 1;  // an int
  CHECK(Targets::parse(body));
  body["version"] = (uint64_t{1} << 63) - 1;
  CHECK(Targets::parse(body));
}

TEST_CASE("metadata of a promised length of 0 are refused, an empty target is not") {
  const Json body = Json::parse(
      R"({"_type":"timestamp","spec_version":"1.0","version":3,"expires":"2030-01-02T03:04:05Z","meta":{"snapshot.json":{"version":1,"length":1}}})");
  refused<Timestamp>(body, [](Json& j) { j["meta"]["snapshot.json"]["length"] = 0; });
  CHECK(Targets::parse(targets_json())->targets.at("a/b").length == 0);
}

TEST_CASE("a key is listed once by a role, however often it is given") {
  const Signer one = Signer::ed25519();
  const Signer two = Signer::ed25519();
  Root root;
  for (const Signer* s : {&one, &two, &one}) root.add_key("root", s->key());
  CHECK(root.roles.at("root").key_ids == std::vector<std::string>{one.id(), two.id()});
  Targets targets = Targets::parse(targets_json()).value();
  for (const Signer* s : {&one, &one}) targets.add_key("A", s->key());
  CHECK(targets.delegations->find("A")->keys.key_ids == std::vector<std::string>{one.id()});
}

TEST_CASE("dates are YYYY-MM-DDTHH:MM:SSZ only") {
  for (const char* bad : {"2030-01-02", "2030-01-02T03:04:05", "2030-01-02T03:04:05.1Z",
                          "2030-01-02T03:04:05+00:00", "2030-02-30T03:04:05Z", "2030-01-02t03:04:05z", ""})
    refused<Targets>(targets_json(), [&](Json& j) { j["expires"] = bad; });
}

TEST_CASE("each missing field is refused") {
  for (const char* name : {"_type", "spec_version", "version", "expires", "targets"})
    refused<Targets>(targets_json(), [&](Json& j) { j.erase(name); });
  for (const char* name : {"keys", "roles"}) refused<Root>(root_json(), [&](Json& j) { j.erase(name); });
  for (const char* role : {"root", "timestamp", "snapshot", "targets"})
    refused<Root>(root_json(), [&](Json& j) { j["roles"].erase(role); });
  for (const char* name : {"name", "keyids", "threshold", "terminating", "paths"})
    refused<Targets>(targets_json(), [&](Json& j) { j["delegations"]["roles"][0].erase(name); });
  for (const char* name : {"length", "hashes"})
    refused<Targets>(targets_json(), [&](Json& j) { j["targets"]["a/b"].erase(name); });
}

TEST_CASE("a threshold of 0, a key id named twice and an endless threshold are refused when read") {
  refused<Root>(root_json(), [](Json& j) { j["roles"]["snapshot"]["threshold"] = 0; });
  refused<Root>(root_json(), [](Json& j) { j["roles"]["snapshot"]["threshold"] = uint64_t{1} << 32; });
  refused<Root>(root_json(), [](Json& j) {
    j["roles"]["snapshot"]["keyids"].push_back(j["roles"]["snapshot"]["keyids"][0]);
  });
  refused<Targets>(targets_json(), [](Json& j) { j["delegations"]["roles"][0]["threshold"] = 0; });
  refused<Targets>(targets_json(), [](Json& j) { j["delegations"]["roles"][1]["keyids"] = {"a", "a"}; });
}

TEST_CASE("role names reserved: no delegated role is called root, timestamp, snapshot, targets or nothing") {
  for (const char* name : {"root", "timestamp", "snapshot", "targets", ""})
    refused<Targets>(targets_json(), [&](Json& j) { j["delegations"]["roles"][0]["name"] = name; });
}

TEST_CASE("a delegation has paths or hash prefixes, not both and not neither") {
  refused<Targets>(targets_json(),
                   [](Json& j) { j["delegations"]["roles"][0]["path_hash_prefixes"] = {"ab"}; });
  refused<Targets>(targets_json(), [](Json& j) { j["delegations"]["roles"][1].erase("path_hash_prefixes"); });
  for (const char* bad : {"", "AB", "0x", "g"})
    refused<Targets>(targets_json(),
                     [&](Json& j) { j["delegations"]["roles"][1]["path_hash_prefixes"] = {bad}; });
  refused<Targets>(targets_json(), [](Json& j) {
    j["delegations"]["roles"][1]["path_hash_prefixes"] = {std::string(65, 'a')};
  });
}

TEST_CASE("a role delegated to twice by one document is refused") {
  refused<Targets>(targets_json(), [](Json& j) { j["delegations"]["roles"][1]["name"] = "A"; });
}

TEST_CASE("hashes are lower-case hex, at least one") {
  for (const Json& bad :
       {Json::object(), Json{{"sha256", "AB"}}, Json{{"sha256", ""}}, Json{{"sha256", 1}}, Json::array()})
    refused<Targets>(targets_json(), [&](Json& j) { j["targets"]["a/b"]["hashes"] = bad; });
}

TEST_CASE("the timestamp must name the snapshot") {
  const Json body =
      Json::parse(R"({"_type":"timestamp","spec_version":"1.0","version":1,"expires":"2030-01-02T03:04:05Z",
    "meta":{"snapshot.json":{"version":1}}})");
  refused<Timestamp>(body, [](Json& j) { j["meta"] = {{"targets.json", {{"version", 1}}}}; });
  refused<Timestamp>(body, [](Json& j) { j["meta"]["snapshot.json"]["version"] = 0; });
  refused<Timestamp>(body, [](Json& j) { j["meta"]["snapshot.json"]["length"] = -1; });
}

TEST_CASE("role names are file names without a way out of their folder") {
  CHECK(metadata_file("reg.3f") == "reg.3f.json");
  CHECK(metadata_file("../x", 4) == "4...%2Fx.json");
  CHECK(metadata_file("/x") == "%2Fx.json");
  CHECK(metadata_file("?#%\\") == "%3F%23%25%5C.json");
  CHECK(metadata_file(std::string("\0\n", 2)) == "%00%0A.json");
  CHECK(metadata_file("\xc3\xa4") == "%C3%A4.json");
  CHECK(percent_encode_path("a b/..%/c") == "a%20b/..%25/c");
}

TEST_CASE("glob crossing: wildcards match within a segment only") {
  CHECK(matches_pattern("*", "a"));
  CHECK(matches_pattern("*", ""));
  CHECK_FALSE(matches_pattern("*", "a/b"));
  CHECK_FALSE(matches_pattern("a?b", "a/b"));
  CHECK_FALSE(matches_pattern("3f/*/*", "3f/a/b/c"));
  CHECK_FALSE(matches_pattern("3f/*/*", "3f/a"));
  CHECK(matches_pattern("3f/*/*", "3f/a/b"));
  CHECK(matches_pattern("foo-?.tgz", "foo-1.tgz"));
  CHECK_FALSE(matches_pattern("foo-?.tgz", "foo-.tgz"));
  CHECK_FALSE(matches_pattern("foo-?.tgz", "foo-12.tgz"));
  CHECK(matches_pattern("a*b*c", "aXbYbZc"));
  CHECK_FALSE(matches_pattern("a*b*c", "aXbYbZ"));
  CHECK_FALSE(matches_pattern("README.md", "README.MD"));
  CHECK(matches_pattern("?", "\xc3\xa4"));  // one character of two bytes
  CHECK_FALSE(matches_pattern("??", "\xc3\xa4"));
  CHECK_FALSE(matches_pattern("[ab]", "a"));  // no classes: the specification names `*` and `?`
  CHECK_FALSE(matches_pattern("/a", "a"));
  CHECK_FALSE(matches_pattern("", "a"));
}

TEST_CASE("glob matching is not exponential") {
  std::string pattern, path(5000, 'a');
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  CHECK(matches_pattern(pattern, path));
  CHECK_FALSE(matches_pattern(pattern + "b", path));
}

TEST_CASE("path_hash_prefixes match the sha256 of the target path and nothing else") {
  Delegation d;
  d.path_hash_prefixes = std::vector<std::string>{"8b", "0"};
  // sha256("a/b") = c14cddc033f64b9dea80ea675cf280a015e672516090a5626781153dc68fea11 (sha256sum)
  CHECK_FALSE(delegates(d, "a/b"));
  for (const char* prefix :
       {"c", "c14c", "c14cddc033f64b9dea80ea675cf280a015e672516090a5626781153dc68fea11"}) {
    d.path_hash_prefixes = std::vector<std::string>{"8b", prefix};
    CHECK(delegates(d, "a/b"));
  }
  d.path_hash_prefixes = std::vector<std::string>{"c14d", "14cd"};
  CHECK_FALSE(delegates(d, "a/b"));
  d.path_hash_prefixes = std::vector<std::string>{};
  CHECK_FALSE(delegates(d, "a/b"));
  d.path_hash_prefixes.reset();
  CHECK_FALSE(delegates(d, "a/b"));
}
