// tests/server/together_test.cpp: the program in the hands of several people: drafts that go round, keys said to be lost, a tree
// that is only looked at.
#include <catch2/catch.hpp>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "server/admin.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

struct People {
  test::TempDir temp;
  std::string dir = (temp / "reg").string();
  std::string ann = (temp / "ann").string();
  std::string ben = (temp / "ben").string();
  People() { REQUIRE(run({"init", dir}).exit_code == 0); }
  test::RunResult run(std::vector<std::string> args) {
    args.insert(args.begin(), test::bin("nano-registry"));
    std::map<std::string, std::string> env{{"NANO_KEY_PASSPHRASE", ""}, {"NANO_JSON", ""}};
    return test::run(args, {}, env);
  }
  Json good(std::vector<std::string> args) {
    args.emplace_back("--json");
    const auto r = run(std::move(args));
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    return parse_json(r.out).value()["data"];
  }
  std::string package() {
    const auto folder = temp / "package";
    test::write(folder / "nano.json", dump_pretty({{"schema", "nano.manifest/1"},
                                                   {"name", "acme/set"},
                                                   {"version", "1.0.0"},
                                                   {"kind", "dataset"},
                                                   {"title", "A tiny set"},
                                                   {"description", "Made for tests."},
                                                   {"license", {{"spdx", "CC0-1.0"}, {"file", "LICENSE"}}},
                                                   {"files",
                                                    {{{"path", "data.tsv"}, {"role", "eval"}},
                                                     {{"path", "README.md"}, {"role", "card"}},
                                                     {{"path", "LICENSE"}, {"role", "license"}}}},
                                                   {"intended_use", "Tests."}}));
    test::write(folder / "README.md", "# Tiny\n");
    test::write(folder / "LICENSE", "CC0\n");
    test::write(folder / "data.tsv", "text\tx\n");
    return folder.string();
  }
};

}  // namespace

TEST_CASE(
    "two people own a namespace: proof, release and yank go from one to the other, and each says what is "
    "missing") {
  People p;
  REQUIRE(p.run({"key", "new", p.ann, "ann"}).exit_code == 0);
  REQUIRE(p.run({"key", "new", p.ben, "ben"}).exit_code == 0);
  std::filesystem::copy_file(p.ben + "/ben.pub", p.ann + "/ben.pub");  // all that ann has of ben's
  const std::string id = p.good({"status", p.dir})["id"];
  const std::string proof = (p.temp / "acme.proof.json").string();
  CHECK(p.good({"key", "prove", "acme", "ann", "ben", "--threshold", "2", "--keys", p.ann, "--registry-id",
                id, "-o", proof})["missing"] == 1);
  CHECK(p.run({"namespace", "add", p.dir, "acme", "--proof", proof}).exit_code == 7);
  CHECK(p.good({"sign", "namespace", proof, "--keys", p.ben})["documents"][0]["missing"] == 0);
  CHECK(p.good({"namespace", "add", p.dir, "acme", "--proof", proof})["threshold"] == 2);

  CHECK(p.run({"add", p.dir, p.package()}).exit_code == 8);
  const std::string drafts = (p.temp / "to-sign").string();
  const auto added = p.good({"add", p.dir, p.package(), "-o", drafts});
  CHECK(added["releases"][0]["missing"] == 2);
  const std::string draft = added["releases"][0]["draft"];
  CHECK(draft == drafts + "/2.ns.acme.json");
  CHECK(p.run({"sign", "root", draft, "--keys", p.ann}).exit_code == 2);  // not what it says
  const auto first = p.run({"sign", "namespace", draft, "--keys", p.ann});
  CHECK(first.exit_code == 0);
  CHECK(first.out.find("needs 1 more signature") != std::string::npos);
  CHECK(p.run({"sign", "namespace", draft, "--into", p.dir}).exit_code == 7);
  CHECK(p.good({"namespace", "list", p.dir})["namespaces"][0]["releases"] == 0);
  const auto second = p.good({"sign", "namespace", draft, "--keys", p.ben});
  CHECK(second["documents"][0]["missing"] == 0);
  CHECK(second["documents"][0]["says"][0].get<std::string>().find("/acme/set/1.0.0.json") !=
        std::string::npos);
  REQUIRE(p.run({"sign", "namespace", draft, "--into", p.dir}).exit_code == 0);
  CHECK(p.good({"namespace", "list", p.dir})["namespaces"][0]["releases"] == 1);
  CHECK(p.good({"yank", p.dir, "acme/set@1.0.0", "--reason", "broken", "-o", drafts})["missing"] == 2);
  CHECK(p.run({"add", p.dir, p.package(), p.package(), "-o", drafts}).exit_code == 2);  // one at a time
}

TEST_CASE("a key said to be lost: announced, refused, made after the wait, or taken back") {
  People p;
  constexpr int64_t kDay = 86'400;
  const int64_t start = now();
  const auto at = [](int64_t when) { return server::KeyOptions{.now = when}; };
  REQUIRE(server::namespace_add(p.dir, "acme", {}, at(start)));
  const std::string lost = p.good({"namespace", "list", p.dir})["namespaces"][0]["keys"][0];
  std::filesystem::remove(p.dir + ".keys/ns.acme.pem");
  std::filesystem::remove(p.dir + ".keys/ns.acme.pub");
  const auto announced = server::namespace_rekey(p.dir, "acme", {}, at(start));
  REQUIRE(announced);
  CHECK(announced->key_ids.front() == lost);
  REQUIRE(announced->announced.size() == 1);
  CHECK(announced->possible_at == format_time(start + 7 * kDay));
  CHECK(p.run({"namespace", "list", p.dir}).out.find("announced: other keys") != std::string::npos);
  CHECK(server::namespace_rekey(p.dir, "acme", {}, at(start + 6 * kDay)).error().code == Errc::refused);
  CHECK(server::namespace_withdraw(p.dir, "acme", at(start)).value().announced.empty());
  CHECK(p.run({"namespace", "rekey", p.dir, "acme", "--withdraw"}).exit_code == 3);
  CHECK_FALSE(server::namespace_rekey(p.dir, "acme", {}, at(start)).value().announced.empty());
  // The operator's settings may ask for longer; nonsense in them is refused.
  const std::string settings = p.dir + ".keys/settings.json";
  const std::string before = test::read(settings);
  test::write(settings, R"({"schema":"nano.registry-settings/1","mode":"simple","rekey_wait_days":30})");
  CHECK(server::namespace_rekey(p.dir, "acme", {}, at(start + 29 * kDay)).error().code == Errc::refused);
  test::write(settings, R"({"schema":"nano.registry-settings/1","mode":"simple","rekey_wait_days":-1})");
  CHECK(p.run({"status", p.dir}).exit_code == 13);
  test::write(settings, before);
  // The same command again, without naming the key that it made: the announced one.
  const auto done = server::namespace_rekey(p.dir, "acme", {}, at(start + 7 * kDay));
  REQUIRE(done);
  CHECK(done->key_ids.size() == 1);
  CHECK(done->key_ids.front() != lost);
  CHECK(done->announced.empty());
}

TEST_CASE(
    "status and lists take no lock and write nothing: a tree that another command works on can be looked "
    "at") {
  People p;
  const auto lock = fs::FileLock::acquire(p.dir + "/.lock", std::chrono::seconds(1), "a long publish");
  REQUIRE(lock);
  CHECK(p.run({"status", p.dir}).exit_code == 0);
  CHECK(p.run({"namespace", "list", p.dir}).exit_code == 0);
  CHECK(p.run({"advisory", "list", p.dir}).exit_code == 0);
}
