// tests/verify/oms/statement_test.cpp: what a signed statement may say, and each thing that it may not.
#include "verify/oms/statement.h"

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/json.h"

using namespace nano;
using namespace nano::verify::oms;

namespace {

Statement sample() {
  Statement s;
  s.model_name = "m";
  s.resources = {{"b/c", sha256("2")}, {"a", sha256("1")}};
  return s;
}

Json doc_of(const Statement& s) {
  auto doc = parse_json(write_statement(s));
  REQUIRE(doc);
  return *doc;
}

Errc refusal(const Json& doc, bool old_form = false) {
  const auto s = parse_statement(dump_line(doc), old_form);
  return s ? Errc::ok : s.error().code;
}

/// Make the root digest fit the resources as they stand.
void seal(Json& doc) {
  std::vector<Resource> list;
  for (const Json& r : doc["predicate"]["resources"])
    list.push_back({r["name"], *Digest::parse_hex(r["digest"].get<std::string>())});
  doc["subject"][0]["digest"]["sha256"] = root_digest(list).hex();
}

}  // namespace

TEST_CASE("a statement is written sorted by name and read back") {
  const auto s = parse_statement(write_statement(sample()), false);
  REQUIRE(s);
  REQUIRE(s->resources.size() == 2);
  CHECK(s->resources[0].name == "a");
  CHECK(s->resources[1].name == "b/c");
  CHECK(s->model_name == "m");
  CHECK(s->method == Method::files);
}

TEST_CASE("the root digest is sha256 over the raw digests") {
  // By hand: sha256(sha256("1") || sha256("2")).
  const Digest one = sha256("1");
  const Digest two = sha256("2");
  std::string raw(one.bytes().begin(), one.bytes().end());
  raw.append(two.bytes().begin(), two.bytes().end());
  const std::vector<Resource> list{{"a", one}, {"b", two}};
  CHECK(root_digest(list) == sha256(raw));
}

TEST_CASE("a statement whose root digest is not that of its files is refused") {
  Json doc = doc_of(sample());
  doc["subject"][0]["digest"]["sha256"] = sha256("x").hex();
  CHECK(refusal(doc) == Errc::invalid);
}

TEST_CASE("names that leave the model, or are no names, are refused") {
  for (const char* name : {"/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "", ".", ".."}) {
    CAPTURE(name);
    Json doc = doc_of(sample());
    doc["predicate"]["resources"][0]["name"] = name;
    seal(doc);
    CHECK(refusal(doc) == Errc::invalid);
  }
  CHECK_FALSE(is_model_path(std::string("a\0b", 3)));
  CHECK_FALSE(is_model_path(std::string(kMaxNameBytes + 1, 'a')));
  CHECK(is_model_path("a/.b/c d"));
}

TEST_CASE("a file listed twice is refused") {
  Json doc = doc_of(sample());
  doc["predicate"]["resources"][0]["name"] = "b/c";
  seal(doc);
  CHECK(refusal(doc) == Errc::invalid);
}

TEST_CASE("each required part of a statement is required") {
  const auto without = [](const std::vector<std::string>& path) {
    Json doc = doc_of(sample());
    Json* at = &doc;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) at = at->is_array() ? &(*at)[0] : &(*at)[path[i]];
    at->erase(path.back());
    return refusal(doc);
  };
  CHECK(refusal(doc_of(sample())) == Errc::ok);
  CHECK(without({"_type"}) == Errc::invalid);
  CHECK(without({"predicateType"}) == Errc::invalid);
  CHECK(without({"predicate"}) == Errc::invalid);
  CHECK(without({"subject"}) == Errc::invalid);
  CHECK(without({"predicate", "resources"}) == Errc::invalid);
  CHECK(without({"predicate", "serialization"}) == Errc::invalid);
  for (const char* key : {"method", "hash_type", "allow_symlinks"})
    CHECK(without({"predicate", "serialization", key}) == Errc::invalid);
}

TEST_CASE("other types, hashes and methods are refused") {
  const auto with = [](const std::function<void(Json&)>& change) {
    Json doc = doc_of(sample());
    change(doc);
    return refusal(doc);
  };
  CHECK(with([](Json& d) { d["_type"] = "https://in-toto.io/Statement/v0.1"; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicateType"] = "https://example.org/x"; }) == Errc::unsupported);
  CHECK(with([](Json& d) { d["predicate"]["serialization"]["hash_type"] = "blake3"; }) == Errc::unsupported);
  CHECK(with([](Json& d) { d["predicate"]["serialization"]["method"] = "trees"; }) == Errc::unsupported);
  CHECK(with([](Json& d) { d["predicate"]["serialization"]["shard_size"] = 10; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicate"]["serialization"]["ignore_paths"] = "x"; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicate"]["serialization"]["ignore_paths"] = {1}; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicate"]["resources"][0]["algorithm"] = "blake2b"; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicate"]["resources"][0]["digest"] = "abc"; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicate"]["resources"][0] = 1; }) == Errc::invalid);
  CHECK(with([](Json& d) { d["predicate"]["resources"] = Json::array(); }) == Errc::invalid);
  CHECK(with([](Json& d) { d["subject"].push_back(d["subject"][0]); }) == Errc::invalid);
  CHECK(with([](Json& d) { d["subject"] = Json::array(); }) == Errc::invalid);
  CHECK(with([](Json& d) { d["subject"][0]["name"] = ""; }) == Errc::invalid);
  // The same digest in capitals: two texts for one list of files.
  CHECK(with([](Json& d) {
          std::string hex = d["predicate"]["resources"][0]["digest"];
          for (char& c : hex)
            if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
          d["predicate"]["resources"][0]["digest"] = hex;
        }) == Errc::invalid);
  CHECK(with([](Json& d) {
          d["predicate"]["serialization"]["ignore_paths"] = Json(kMaxResources + 1, "x");
        }) == Errc::invalid);
  const std::string good = write_statement(sample());
  CHECK(parse_statement(good + std::string(kMaxStatementBytes - good.size(), ' '), false));
  CHECK(parse_statement(good + std::string(kMaxStatementBytes - good.size() + 1, ' '), false).error().code ==
        Errc::invalid);
  CHECK(parse_statement("[]", false).error().code == Errc::invalid);
  CHECK(parse_statement("{", false).error().code == Errc::invalid);
  // Fields that nobody knows change nothing.
  CHECK(with([](Json& d) { d["predicate"]["resources"][0]["media_type"] = "x"; }) == Errc::ok);
}

TEST_CASE("shards are named by the last two numbers, and lie on the grid") {
  CHECK(*path_of_shard("a:b:0:10") == "a:b");
  CHECK_FALSE(path_of_shard("a:10"));
  CHECK_FALSE(path_of_shard("a:00:10"));
  CHECK_FALSE(path_of_shard("a:10:10"));
  CHECK_FALSE(path_of_shard(":1"));
  CHECK_FALSE(path_of_shard("a:0:99999999999999999999"));
  CHECK(shard_name("a", 5, 7) == "a:5:7");
  Statement s;
  s.model_name = "m";
  s.method = Method::shards;
  s.shard_size = 10;
  s.resources = {{"w:0:10", sha256("1")}, {"w:10:15", sha256("2")}};
  CHECK(refusal(doc_of(s)) == Errc::ok);
  for (const char* name : {"w:5:10", "w:0:11", "w", "../w:0:10"}) {
    CAPTURE(name);
    Json doc = doc_of(s);
    doc["predicate"]["resources"][0]["name"] = name;
    seal(doc);
    CHECK(refusal(doc) == Errc::invalid);
  }
  for (const Json& size : {Json(0), Json(-1), Json("10"), Json(UINT64_MAX)}) {
    Json doc = doc_of(s);
    doc["predicate"]["serialization"]["shard_size"] = size;
    CHECK(refusal(doc) == Errc::invalid);
  }
}

TEST_CASE("attack: shards so long that their ends wrap around are refused, whatever starts at 0") {
  Statement s;
  s.model_name = "m";
  s.method = Method::shards;
  s.shard_size = uint64_t{1} << 62;
  s.resources = {{"w:0:10", sha256("1")}};
  CHECK(refusal(doc_of(s)) == Errc::ok);
  s.shard_size += 1;
  CHECK(refusal(doc_of(s)) == Errc::invalid);
  s.shard_size = UINT64_MAX;
  CHECK(refusal(doc_of(s)) == Errc::invalid);
}

TEST_CASE("attack: a statement with endless files is refused before any of them is looked at") {
  const auto says = [](std::size_t files) {
    Json doc = doc_of(sample());
    doc["predicate"]["resources"] = Json(files, 0);  // no file at all: whoever looks says so
    const auto s = parse_statement(dump_line(doc), false);
    REQUIRE_FALSE(s);
    CHECK(s.error().code == Errc::invalid);
    return s.error().message;
  };
  CHECK(says(kMaxResources).find("is not an object") != std::string::npos);
  CHECK(says(kMaxResources + 1).find("more than 100000 files") != std::string::npos);
}

TEST_CASE("v0.2's statement is read only when asked for") {
  const Json doc = {{"_type", kStatementType},
                    {"predicateType", kOldPredicateType},
                    {"predicate", {{"unused", "x"}}},
                    {"subject", {{{"name", "a"}, {"digest", {{"sha256", sha256("1").hex()}}}}}}};
  CHECK(refusal(doc) == Errc::unsupported);
  const auto s = parse_statement(dump_line(doc), true);
  REQUIRE(s);
  CHECK(s->old_form);
  CHECK(s->resources.at(0).name == "a");
  Json bad = doc;
  bad["subject"][0]["name"] = "../a";
  CHECK(refusal(bad, true) == Errc::invalid);
  bad = doc;
  bad["subject"][0] = 3;
  CHECK(refusal(bad, true) == Errc::invalid);
  bad["subject"] = Json::array();
  CHECK(refusal(bad, true) == Errc::invalid);
}
