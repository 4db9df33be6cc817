// tests/verify/tuf/delegation_attack_test.cpp: who is asked for a path, in which order, and who is never asked (TUF 5.6.7).
#include <catch2/catch.hpp>

#include "tests/verify/tuf/simulator.h"
#include "verify/tuf/names.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;

namespace {

/// The delegated roles that were fetched, in order.
std::vector<std::string> visited(const Repo& repo) {
  std::vector<std::string> out;
  for (const std::string& path : repo.asked)
    if (path.rfind("1.", 0) == 0 && path != "1.snapshot.json" && path != "1.targets.json")
      out.push_back(path.substr(2, path.size() - 7));
  return out;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("delegations are asked in pre-order, depth first, in the delegator's order") {
  Repo repo;
  for (const auto& [by, role] : {std::pair<const char*, const char*>{"targets", "A"},
                                 {"targets", "B"},
                                 {"A", "C"},
                                 {"A", "D"},
                                 {"C", "E"}})
    repo.delegate(by, role, {"*"});
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("x") == "none");
  CHECK(visited(repo) == Names{"A", "C", "E", "D", "B"});
}

TEST_CASE("the first role in order that lists a path wins, and later ones are not asked") {
  Repo repo;
  repo.delegate("targets", "A", {"*"});
  repo.delegate("targets", "B", {"*"});
  repo.delegate("A", "C", {"*"});
  repo.add_target("C", "f", "right");
  repo.add_target("B", "f", "wrong");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("f") == "C");
  CHECK(visited(repo) == Names{"A", "C"});
}

TEST_CASE("a role's own targets come before those it delegates") {
  Repo repo;
  repo.delegate("targets", "A", {"*"});
  repo.add_target("A", "f", "wrong");
  repo.add_target("targets", "f", "right");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("f") == "targets");
  CHECK(visited(repo).empty());
}

TEST_CASE("terminating: no sibling after it is asked, at its level or above") {
  Repo repo;
  repo.delegate("targets", "A", {"*"});
  repo.delegate("targets", "B", {"*"});
  repo.delegate("A", "C", {"*"}, true);
  repo.delegate("A", "D", {"*"});
  repo.delegate("C", "E", {"*"});
  repo.add_target("B", "f", "b");
  repo.add_target("D", "f", "d");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("f") == "none");
  CHECK(visited(repo) == Names{"A", "C", "E"});
}

TEST_CASE("terminating: a terminating role that does not match the path ends nothing") {
  Repo repo;
  repo.delegate("targets", "A", {"a/*"}, true);
  repo.delegate("targets", "B", {"*"});
  repo.add_target("B", "f", "b");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("f") == "B");
  CHECK(visited(repo) == Names{"B"});
}

TEST_CASE("a path outside a delegation is not found in it, although the role lists it") {
  Repo repo;
  repo.delegate("targets", "A", {"a/*"});
  repo.delegate("A", "B", {"*/*"});
  repo.add_target("A", "b/f", "stolen");
  repo.add_target("B", "b/f", "stolen");
  repo.add_target("B", "a/f", "own");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("b/f") == "none");
  CHECK(visited(repo).empty());
  CHECK(client.find("a/f") == "B");
}

TEST_CASE("glob crossing: a pattern for one folder gives nothing in the folders below or above it") {
  Repo repo;
  repo.delegate("targets", "A", {"3f/*/*"});
  for (const char* path : {"3f/ns/pkg/1.0.0.json", "3f/x", "3f/ns/f"}) repo.add_target("A", path, "x");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("3f/ns/pkg/1.0.0.json") == "none");
  CHECK(client.find("3f/x") == "none");
  CHECK(client.find("3f/ns/f") == "A");
}

TEST_CASE("path_hash_prefixes: only paths whose hash begins so are delegated") {
  Repo repo;
  // sha256("a/b") begins with c14cdd, sha256("f") with 252f10 (sha256sum).
  Delegation& d = repo.delegate("targets", "A", {});
  d.paths.reset();
  d.path_hash_prefixes = std::vector<std::string>{"00", "c14c"};
  repo.add_target("A", "a/b", "x");
  repo.add_target("A", "f", "x");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("f") == "none");
  CHECK(visited(repo).empty());
  CHECK(client.find("a/b") == "A");
}

TEST_CASE("cycles end: each role is asked once") {
  Repo repo;
  repo.delegate("targets", "A", {"*"});
  repo.delegate("A", "B", {"*"});
  repo.delegate("B", "A", {"*"});
  repo.delegate("B", "B", {"*"});
  repo.delegate("B", "C", {"*"});
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("x") == "none");
  CHECK(visited(repo) == Names{"A", "B", "C"});
}

TEST_CASE("at most 32 roles are asked for one path, and that is said") {
  Repo repo;
  for (int i = 0; i < 33; ++i) repo.delegate("targets", "r" + std::to_string(i), {"*"});
  repo.add_target("r31", "last", "x");
  repo.add_target("r32", "beyond", "x");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("last") == "r31");
  CHECK(visited(repo).size() == 32);
  CHECK(client.find("beyond").find("untrusted: more than 32 roles") == 0);
  CHECK(visited(repo).size() == 32);
}

TEST_CASE(
    "role names reserved: a delegation to root, timestamp, snapshot, targets or nothing spoils its "
    "delegator") {
  for (const char* name : {"root", "timestamp", "snapshot", "targets", ""}) {
    INFO(name);
    Repo repo;
    repo.delegate("targets", "A", {"*"});
    repo.before_signing = [&](const std::string& role, Json& body) {
      if (role == "targets") body["delegations"]["roles"][0]["name"] = name;
    };
    repo.publish_all();
    Client client(repo);
    CHECK(client.find("x").find("no role may be called") != std::string::npos);
  }
}

TEST_CASE("role names like ../x stay inside the client's folder and are encoded in the request") {
  Repo repo;
  const Names names{"../x", "/etc/x", "..",         ".",          "a/../../x",
                    "?",    "#",      "%2e%2e%2fx", "\xc3\xa4 b", "root_history/1.root",
                    "C:\\x"};
  for (const std::string& name : names) repo.delegate("targets", name, {"*"});
  repo.add_target(names.back(), "f", "x");
  repo.publish_all();
  Client client(repo);
  CHECK(client.find("f") == names.back());
  std::vector<std::string> expected;
  for (const std::string& name : names) expected.push_back(percent_encode(name));
  CHECK(visited(repo) == expected);
  // Nothing but the metadata folder lies in the outer one, and nothing but plain files and root_history in it.
  for (const auto& e : std::filesystem::directory_iterator(client.outer().path()))
    CHECK(e.path().filename() == "m");
  std::size_t files = 0;
  for (const auto& e : std::filesystem::directory_iterator(client.dir())) {
    if (e.is_directory())
      CHECK(e.path().filename() == "root_history");
    else
      ++files;
  }
  CHECK(files == 4 + names.size() + 1);  // and the lock
  CHECK(client.local("root_history/1.root.json") == repo.files["1.root.json"]);
}

TEST_CASE("two roles whose names differ in case or encoding are two roles") {
  Repo repo;
  for (const char* name : {"a/b", "a%2Fb", "A", "a"})
    repo.delegate("targets", name, {std::string(name) + "*"});
  for (const char* name : {"a/b", "a%2Fb", "A", "a"}) repo.add_target(name, std::string(name) + "f", name);
  repo.publish_all();
  Client client(repo);
  for (const char* name : {"a/b", "a%2Fb", "A"}) CHECK(client.find(std::string(name) + "f") == name);
  for (const char* name : {"a/b", "a%2Fb", "A"}) CHECK(client.find(std::string(name) + "f") == name);
}

TEST_CASE(
    "list_targets finds what target_info finds in one folder, and asks nobody who cannot speak for it") {
  Repo repo;
  repo.delegate("targets", "other", {"40/*/*"});
  repo.delegate("targets", "reg.3f", {"3f/*/*", "3f/*/*/*", "zz/*"});
  repo.delegate("reg.3f", "ns.acme", {"3f/acme/*", "3f/acme/*/*", "zz/*"}, true);
  repo.delegate("reg.3f", "ns.evil", {"3f/evil/*"}, true);
  repo.add_target("ns.acme", "3f/acme/1.json", "1");
  repo.add_target("ns.acme", "3f/acme/2.json", "2");
  repo.add_target("ns.acme", "3f/acme/deep/3.json", "3");
  repo.add_target("ns.acme", "3f/acmes/4.json", "4");
  repo.add_target("ns.acme", "zz/f", "6");
  repo.add_target("ns.evil", "3f/acme/5.json", "5");
  repo.publish_all();
  Client client(repo);
  REQUIRE(client.refresh());
  const auto list = client.updater().list_targets("3f/acme");
  REQUIRE(list);
  Names paths;
  for (const TargetInfo& t : *list) paths.push_back(t.path);
  CHECK(paths == Names{"3f/acme/1.json", "3f/acme/2.json"});
  CHECK(visited(repo) == Names{"reg.3f", "ns.acme"});
  CHECK(list->at(0).chain.size() == 3);
  CHECK(client.updater().list_targets("3f").value().empty());
  CHECK(client.updater().list_targets("").value().empty());
}

TEST_CASE("a role can be loaded by name under its delegator, and only under it") {
  Repo repo;
  repo.delegate("targets", "advisory", {"advisory/*"}, true);
  repo.targets["advisory"].header.extra = {{"custom", {{"advisories", Json::array({1})}}}};
  repo.delegate("targets", "A", {"*"});
  repo.publish_all();
  Client client(repo);
  REQUIRE(client.refresh());
  const auto role = client.updater().load_role("advisory");
  REQUIRE(role);
  CHECK((*role)->body.header.extra["custom"]["advisories"][0] == 1);
  REQUIRE(client.updater().load_role("A"));
  CHECK(client.updater().load_role("advisory", "A").error().code == Errc::untrusted);
  CHECK_FALSE(client.updater().load_role("targets", "A"));
  CHECK(client.updater().load_role("nobody").error().code == Errc::untrusted);
  CHECK(client.updater().load_role("nobody", "advisory").error().code == Errc::untrusted);
}

TEST_CASE("a role whose name is too long for a file is used, and not kept") {
  Repo repo;
  const std::string name(150, '/');  // 450 characters when encoded
  repo.delegate("targets", name, {"*"});
  repo.add_target(name, "f", "x");
  repo.publish_all();
  Client client(repo);
  for (int i = 0; i < 2; ++i) {
    CHECK(client.find("f") == name);
    CHECK(client.updater().notes().size() == 1);
  }
}

TEST_CASE("list_targets: cycles end, and what a role lists beyond its own paths is not its word") {
  Repo repo;
  repo.delegate("targets", "A", {"d/a*", "d/b*"});
  repo.delegate("A", "B", {"d/b*"});
  repo.delegate("B", "A", {"d/*"});
  repo.add_target("A", "d/c", "outside");
  repo.add_target("B", "d/a", "outside");
  repo.add_target("B", "d/b", "inside");
  repo.publish_all();
  Client client(repo);
  REQUIRE(client.refresh());
  const auto list = client.updater().list_targets("d");
  REQUIRE(list);
  REQUIRE(list->size() == 1);
  CHECK(list->front().path == "d/b");
  CHECK(visited(repo) == Names{"A", "B"});
}

TEST_CASE("list_targets asks at most 32 roles for one folder") {
  Repo repo;
  for (int i = 0; i < 33; ++i) repo.delegate("targets", "r" + std::to_string(i), {"d/*"});
  repo.publish_all();
  Client client(repo);
  REQUIRE(client.refresh());
  CHECK(client.updater().list_targets("d").error().code == Errc::untrusted);
}
