// Roles read without a tree against roles read through one: random documents, and the same ones damaged.
#include <random>

#include <catch2/catch.hpp>

#include "verify/canonical.h"
#include "verify/tuf/metadata.h"

using namespace nano;
using namespace nano::verify::tuf;

namespace {

constexpr uint64_t kMost = 1'000'000;

/// By parse_json, canonical_json and a tree: "" and what was read, or the first fault.
template <class T>
std::string by_tree(const std::string& bytes, Json& read, std::string& signed_bytes) {
  auto doc = parse_json(bytes, {.max_bytes = kMost, .max_depth = 64});
  if (!doc) return doc.error().message;
  if (!doc->is_object() || !doc->contains("signed") || !(*doc)["signed"].is_object() || !doc->contains("signatures") ||
      !(*doc)["signatures"].is_array())
    return "not a TUF metadata file";
  for (const Json& s : (*doc)["signatures"])
    if (!s.is_object() || !s.contains("keyid") || !s["keyid"].is_string() || !s.contains("sig") || !s["sig"].is_string())
      return "not a TUF metadata file";
  auto canonical = verify::canonical_json((*doc)["signed"]);
  if (!canonical) return canonical.error().message;
  auto body = T::parse((*doc)["signed"]);
  if (!body) return body.error().message;
  signed_bytes = *canonical;
  read = body->to_json();
  return {};
}

template <class T>
void same(const std::string& bytes) {
  INFO(bytes);
  Json read;
  std::string signed_bytes;
  const std::string fault = by_tree<T>(bytes, read, signed_bytes);
  const auto flat = read_role<T>(bytes, kMost);
  if (!flat) {
    // A key id twice in `signatures` is the one thing that by_tree does not look for.
    if (flat.error().message.find(fault.empty() ? "two signatures" : fault) == std::string::npos) FAIL(flat.error().message + " / " + fault);
    return;
  }
  if (!fault.empty()) FAIL(fault);
  if (flat->first.signed_bytes != signed_bytes) FAIL(flat->first.signed_bytes);
  if (!flat->first.body.is_null()) FAIL("a tree was made");
  if (flat->second.to_json() != read) FAIL(flat->second.to_json().dump());
  const auto whole = read_metadata<T>(bytes, kMost);
  if (!whole || whole->first.signed_bytes != signed_bytes || whole->second.to_json() != read) FAIL("read_metadata differs");
}

/// `text` with one to three bytes, words or members changed.
std::string damaged(const std::string& text, std::mt19937_64& rng) {
  static const char* const words[] = {"null", "{}", "[]", "-1", "0", "1.0", "\"x\"", "9223372036854775808", "true", "\"\\u0041\"", "\"\\ud800\"",
                                      ",", ":", "}", "]", "{", "\"a\":1,", " ", "\n", "\\", "\xff", "\xc3\xa9"};
  std::string out = text;
  for (std::size_t n = 1 + rng() % 3; n > 0 && !out.empty(); --n) {
    const std::size_t at = rng() % out.size();
    const std::string word = words[rng() % std::size(words)];
    switch (rng() % 5) {
      case 0: out.erase(at, 1 + rng() % 4); break;
      case 1: out.insert(at, word); break;
      case 2: out[at] = static_cast<char>(rng() % 256); break;
      case 3: {  // a value in the place of another
        const auto from = out.find(':', at);
        const auto to = from == std::string::npos ? from : out.find_first_of(",}", from);
        if (to != std::string::npos) out.replace(from + 1, to - from - 1, word);
        break;
      }
      default: {  // a member named as another one is
        const auto from = out.find("\"version\"", at);
        if (from != std::string::npos) out.replace(from, 9, "\"length\"");
      }
    }
  }
  return out;
}

std::string file_of(const Json& body, std::mt19937_64& rng) {
  const Json doc = {{"signatures", {{{"keyid", "ab"}, {"sig", "00"}}, {{"keyid", "cd"}, {"sig", ""}}}}, {"signed", body}};
  return rng() % 2 == 0 ? doc.dump() : doc.dump(static_cast<int>(rng() % 3), ' ', rng() % 2 == 0);
}

}  // namespace

TEST_CASE("a snapshot read without a tree is the one read through a tree, whole or damaged") {
  std::mt19937_64 rng(5);
  for (int round = 0; round < 30; ++round) {
    Snapshot snapshot;
    snapshot.header.version = 1 + rng() % 1000;
    snapshot.header.expires = 2'000'000'000;
    if (rng() % 3 == 0) snapshot.header.extra = {{"x-\n\"\xc3\xa9", {1, -2, "\\"}}, {"Z", nullptr}};
    for (std::size_t n = rng() % 20; n > 0; --n) {
      MetaFile m{.version = 1 + (rng() >> (1 + rng() % 62))};
      if (rng() % 3 == 0) m.length = rng() % 100'000 + 1;
      if (rng() % 3 == 0) m.hashes = {{"sha256", "00ff"}, {"x\t", "a"}};
      if (rng() % 5 == 0) m.extra = {{"a", {{"b", true}}}, {"zz", "\x01"}};
      static const char* const names[] = {"targets", "ns.acme", "reg.3f", "\xf0\x9f\x98\x80", "../x", "\"q\""};
      snapshot.meta[names[rng() % 6] + std::to_string(rng() % 50) + ".json"] = m;
    }
    const std::string text = file_of(snapshot.to_json(), rng);
    REQUIRE(read_role<Snapshot>(text, kMost));
    same<Snapshot>(text);
    for (int i = 0; i < 20; ++i) same<Snapshot>(damaged(text, rng));
  }
}

TEST_CASE("a targets role read without a tree is the one read through a tree, whole or damaged") {
  std::mt19937_64 rng(6);
  const auto key = verify::PrivateKey::generate();
  REQUIRE(key);
  for (int round = 0; round < 30; ++round) {
    Targets targets;
    targets.header.expires = 2'000'000'000;
    for (std::size_t n = rng() % 6; n > 0; --n) {
      TargetFile file{.length = rng() % 1000, .hashes = {{"sha256", "ab"}}};
      if (rng() % 2 == 0) file.custom = Json{{"z", {1, 2, {{"k", "line\nbreak \x7f"}}}}, {"a", "\xc3\xa9"}, {"n", -5}};
      if (rng() % 4 == 0) file.custom = Json::array({nullptr, false});
      if (rng() % 4 == 0) file.extra = {{"x-file", true}};
      targets.targets["3f/acme/m/" + std::to_string(rng() % 30) + ".json"] = file;
    }
    if (rng() % 2 == 0) {
      targets.delegations.emplace();
      targets.delegations->roles.push_back({.name = "A", .keys = {}, .terminating = true, .paths = {{"a/*", "b?"}}});
      targets.delegations->roles.push_back({.name = "B\n", .keys = {}, .path_hash_prefixes = {{"0f", "a"}}});
      targets.add_key("A", Key::of(key->public_key()));
      if (rng() % 2 == 0) targets.delegations->extra = {{"x", 1}};
    }
    const std::string text = file_of(targets.to_json(), rng);
    REQUIRE(read_role<Targets>(text, kMost));
    same<Targets>(text);
    for (int i = 0; i < 20; ++i) same<Targets>(damaged(text, rng));
  }
}

TEST_CASE("what an application says of a target is kept as one line, and null is nothing") {
  const Json custom = {{"b", "\xc3\xa9\n"}, {"a", {1, 2}}};
  CHECK(Custom(custom).text() == "{\"a\":[1,2],\"b\":\"\xc3\xa9\\n\"}");
  CHECK(Custom(custom).json() == custom);
  CHECK(Custom::of(FlatJson::of(custom).root()) == Custom(custom));
  CHECK_FALSE(Custom(custom).absent());
  for (const Custom& none : {Custom(), Custom(Json())}) {
    CHECK(none.absent());
    CHECK(none.json().is_null());
  }
}
