// Projects and choosing with the real programs: add, lock, sync, upgrade, pin, why, and what is refused.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

using Strings = std::vector<std::string>;

/// A world with a project in it; commands find it by NANO_PROJECT.
struct ProjectWorld : World {
  ProjectWorld() { REQUIRE(nano({"init", project()}).exit_code == 0); }
  std::string project() const { return path("project"); }
  RunResult in(Strings args) { return nano(std::move(args), {}, {{"NANO_PROJECT", project()}}); }
  std::string manifest() const { return read(project() + "/nano.json"); }
  std::string lock() const { return read(project() + "/nano.lock"); }
  bool has_lock() const { return std::filesystem::exists(project() + "/nano.lock"); }
  void write_manifest(const Json& change) {
    Json m = parse_json(manifest()).value();
    m.update(change);
    write(project() + "/nano.json", dump_pretty(m));
  }
};

Json needs(const std::string& name, const std::string& range, const std::string& abi = "") {
  Json d = {{"name", name}, {"range", range}, {"use", "base"}};
  if (!abi.empty()) d["abi"] = abi;
  return {{"dependencies", Json::array({d})}};
}

TEST_CASE("a model is added, locked and run through the project, and removed again") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "1.1.0");
  w.use_registry();
  const auto added = w.in({"add", "tiny@1.0.0"});
  INFO(added.err << added.out);
  REQUIRE(added.exit_code == 0);
  CHECK(has(w.manifest(), "\"range\": \"1.0.0\""));
  CHECK(has(w.lock(), "\"version\": \"1.0.0\""));
  CHECK(w.installed().empty());  // a project's packages are its own
  const auto run = w.in({"run", "tiny", "a good film", "--json"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(w.json(run)["data"]["version"] == "1.0.0");
  CHECK(w.nano({"run", "tiny", "x"}).exit_code == 3);  // not outside
  REQUIRE(w.nano({"gc", "--keep", "0"}).exit_code == 0);
  CHECK(w.in({"run", "tiny", "x"}).exit_code == 0);  // gc keeps what a project wants
  const std::string before = w.lock();
  const auto again = w.json(w.in({"sync", "--locked", "--json"}));
  CHECK(again["data"]["items"].empty());
  CHECK(again["data"]["wrote_lock"] == false);
  CHECK(w.lock() == before);
  REQUIRE(w.in({"remove", "tiny"}).exit_code == 0);
  CHECK_FALSE(has(w.lock(), "tiny"));
  CHECK(w.in({"remove", "tiny"}).exit_code == 3);
}

TEST_CASE("without a range an add asks for what is compatible, upgrade moves the lock, pins hold it") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.in({"add", "tiny"}).exit_code == 0);
  CHECK(has(w.manifest(), "\"range\": \"^1.0.0\""));
  w.publish("tiny", "1.2.0");
  w.publish("tiny", "2.0.0");
  REQUIRE(w.in({"sync"}).exit_code == 0);
  CHECK(has(w.lock(), "\"version\": \"1.0.0\""));
  CHECK(w.in({"outdated", "--exit-code"}).exit_code == 11);
  const auto rows = w.json(w.in({"outdated", "--json"}));
  CHECK(rows["data"]["packages"][0]["wanted"] == "1.2.0");
  CHECK(rows["data"]["packages"][0]["newest"] == "2.0.0");
  CHECK(has(rows["data"]["packages"][0]["blocked"].get<std::string>(), "the project requires tiny ^1.0.0"));
  const std::string before = w.lock();
  const auto plan = w.json(w.in({"upgrade", "--dry-run", "--json"}));
  CHECK(plan["data"]["changes"][0]["before"] == "1.0.0 f32");
  CHECK(plan["data"]["changes"][0]["after"] == "1.2.0 f32");
  CHECK(w.lock() == before);
  REQUIRE(w.in({"pin", "tiny"}).exit_code == 0);
  REQUIRE(w.in({"upgrade"}).exit_code == 0);
  CHECK(w.lock() == before);
  REQUIRE(w.in({"unpin", "tiny"}).exit_code == 0);
  CHECK(w.in({"unpin", "tiny"}).exit_code == 3);
  REQUIRE(w.in({"upgrade", "tiny"}).exit_code == 0);
  CHECK(has(w.lock(), "\"version\": \"1.2.0\""));
  CHECK(w.in({"outdated", "--exit-code"}).exit_code == 0);
}

TEST_CASE("sync --locked refuses a lock that would change, --frozen takes it as it is") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.publish("other", "1.0.0");
  w.use_registry();
  CHECK(w.in({"sync", "--locked"}).exit_code == 12);
  CHECK(w.in({"sync", "--frozen"}).exit_code == 12);
  REQUIRE(w.in({"add", "tiny"}).exit_code == 0);
  const std::string before = w.lock();
  w.write_manifest({{"dependencies", Json::array({{{"name", "tiny"}, {"range", "^1"}, {"use", "model"}},
                                                  {{"name", "other"}, {"range", "^1"}, {"use", "model"}}})}});
  const auto refused = w.in({"sync", "--locked"});
  CHECK(refused.exit_code == 12);
  CHECK(has(refused.err, "other"));
  CHECK(w.in({"sync", "--frozen"}).exit_code == 0);
  CHECK(w.lock() == before);
  CHECK(w.in({"sync", "--frozen", "--locked"}).exit_code == 2);
  REQUIRE(w.in({"lock"}).exit_code == 0);
  CHECK(has(w.lock(), "other"));
}

TEST_CASE("a lock with conflict markers, of a newer nano, edited or of another registry is refused and nothing changes") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.in({"add", "tiny"}).exit_code == 0);
  const std::string good = w.lock();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    write(w.project() + "/nano.lock", text);
    const auto r = w.in({"sync"});
    CHECK(w.lock() == text);
    return r;
  };
  const auto markers = with("{\n", "{\n<<<<<<< ours\n");
  CHECK(markers.exit_code == 13);
  CHECK(has(markers.err, "conflict markers"));
  const auto newer = with("nano.lock/1", "nano.lock/2");
  CHECK(newer.exit_code == 13);
  CHECK(has(newer.err, "newer nano"));
  CHECK(with("\"version\": \"1.0.0\"", "\"version\": \"1.02.0\"").exit_code == 13);
  const auto at = good.find("sha256:") + 7;
  const std::string other = std::string(1, good[at] == '0' ? '1' : '0');
  const auto edited = with("sha256:" + good.substr(at, 1), "sha256:" + other);
  CHECK(edited.exit_code == 7);
  CHECK(has(edited.err, "disagree about tiny 1.0.0"));
  const auto elsewhere = with("\"registry_id\": \"", "\"registry_id\": \"00");
  CHECK(elsewhere.exit_code == 7);
  CHECK(has(elsewhere.err, "another registry"));
  CHECK(w.in({"sync", "--frozen"}).exit_code == 7);
  write(w.project() + "/nano.json", "{\"schema\": \"nano.manifest/1\", \"kind\": \"project\", \"dependencies\": 3}\n");
  CHECK(w.in({"sync"}).exit_code == 13);
}

TEST_CASE("a lock that says what no registry said is refused, whatever is done with it, and nothing changes") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "1.1.0");
  w.use_registry();
  REQUIRE(w.in({"add", "tiny@1.0.0"}).exit_code == 0);
  const Json good = parse_json(w.lock()).value();
  const auto refused = [&](const Json& change, const Strings& command, int code) {
    Json lock = good;
    lock["packages"][0].update(change);
    const std::string before = dump_pretty(lock), manifest = w.manifest();
    write(w.project() + "/nano.lock", before);
    const auto r = w.in(command);
    INFO(change << " " << command[0] << ": " << r.out << r.err);
    CHECK(r.exit_code == code);
    CHECK(w.lock() == before);
    CHECK(w.manifest() == manifest);
    return r.err;
  };
  for (const Strings& command : {Strings{"sync"}, Strings{"lock"}, Strings{"sync", "--locked"}, Strings{"sync", "--frozen"}}) {
    const bool frozen = command.back() == "--frozen";
    CHECK(has(refused({{"version", "9.9.9"}}, command, 7), "the release of tiny 1.0.0 under the version 9.9.9"));
    CHECK(has(refused({{"variant", "q4"}}, command, 7), "the variant 'q4' of tiny 1.0.0, which has none of that name"));
    if (frozen) continue;  // asks no registry for sizes
    CHECK(has(refused({{"size", 1}}, command, 7), "1 bytes, its release has"));
    const Json gone = {{"version", "9.9.9"}, {"release", "sha256:" + std::string(64, 'a')}};
    CHECK(has(refused(gone, command, 4), "tiny 9.9.9, which the registry does not list"));
  }
  // A machine that has never seen the package.
  std::filesystem::remove_all(w.path("home/store"));
  CHECK(has(refused({{"variant", "q4"}}, {"sync", "--frozen"}, 7), "none of that name"));
  // What the registry lists no more may be moved.
  Json lock = good;
  lock["packages"][0].update({{"version", "0.9.0"}, {"release", "sha256:" + std::string(64, 'a')}});
  write(w.project() + "/nano.lock", dump_pretty(lock));
  REQUIRE(w.in({"upgrade", "tiny"}).exit_code == 0);
  CHECK(parse_json(w.lock()).value()["packages"][0]["version"] == "1.0.0");
}

TEST_CASE("a pin is on a version that there is, and says when the lock has another") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "1.1.0");
  w.use_registry();
  REQUIRE(w.in({"add", "tiny@^1"}).exit_code == 0);
  const std::string before = w.manifest();
  const auto none = w.in({"pin", "tiny@9.9.9"});
  CHECK(none.exit_code == 3);
  CHECK(has(none.err, "no version of tiny fits '9.9.9'"));
  CHECK(w.manifest() == before);
  CHECK(has(w.in({"unpin", "tiny"}).err, "hint: nothing is"));
  const auto other = w.in({"pin", "tiny@1.0.0"});
  CHECK(other.exit_code == 0);
  CHECK(has(other.out, "`nano lock` moves it there"));
  REQUIRE(w.in({"lock"}).exit_code == 0);
  CHECK(has(w.lock(), "\"1.0.0\""));
  CHECK_FALSE(has(w.in({"pin", "tiny"}).out, "nano lock"));
  CHECK(has(w.in({"unpin", "tinny"}).err, "hint: pinned is tiny"));
}

TEST_CASE("why-not in a project names what moves the project's own range, and nothing that misses the question") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.publish("tiny", "2.0.0");
  w.use_registry();
  REQUIRE(w.in({"add", "tiny@^1"}).exit_code == 0);
  const auto r = w.in({"why-not", "tiny@2.0.0"});
  CHECK(has(r.out, "`nano add tiny@2.0.0` first would allow tiny 2.0.0"));
  CHECK_FALSE(has(r.out, "1.0.0."));
}

TEST_CASE("a broken nano.json beside a lock is told, and nothing outside the project is touched in its stead") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const auto there = [&](Strings args) {
    std::filesystem::create_directories(w.path("p"));
    Strings argv{"/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", w.path("p"), std::filesystem::absolute(bin("nano")).string()};
    argv.insert(argv.end(), args.begin(), args.end());
    return run(argv, {}, w.environment());
  };
  REQUIRE(there({"init"}).exit_code == 0);
  REQUIRE(there({"add", "tiny"}).exit_code == 0);
  const std::string good = read(w.path("p/nano.json"));
  for (const std::string& bytes : {std::string("{"), std::string(), "<<<<<<< ours\n" + good + "=======\n" + good + ">>>>>>> theirs\n"}) {
    write(w.path("p/nano.json"), bytes);
    for (const Strings& command : {Strings{"pin", "tiny"}, Strings{"upgrade"}, Strings{"outdated"}, Strings{"sync"}, Strings{"tree"}}) {
      const auto r = there(command);
      INFO(command[0] << ": " << r.out << r.err);
      CHECK(r.exit_code == 13);
      CHECK(has(r.err, "p/nano.json"));
      CHECK(has(r.err, "conflict markers") == (bytes.size() > 1));
    }
  }
  CHECK(has(w.nano({"unpin", "tiny"}).err, "not pinned"));
  write(w.path("p/nano.json"), good);
  std::filesystem::remove(w.path("p/nano.lock"));
  const auto none = there({"outdated"});
  CHECK(none.exit_code == 3);
  CHECK(has(none.err, "`nano lock` writes one"));
}

TEST_CASE("a dependency in a namespace that no registry owns says which and how to add one") {
  ProjectWorld w;
  w.publish("odd", "1.0.0", needs("acme/secret", "^1"));
  w.use_registry();
  const auto r = w.in({"add", "odd"});
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "no configured registry owns the namespace 'acme'"));
  CHECK(has(r.err, "--namespaces acme"));
  w.publish("lost", "1.0.0", needs("nowhere", "^1"));
  CHECK(has(w.in({"add", "lost"}).err, "the registry 'work' owns its namespace and has no nowhere"));
  CHECK_FALSE(w.has_lock());
}

TEST_CASE("keys that are not the locked ones are announced loudly on a machine that never saw the package") {
  ProjectWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.in({"add", "tiny"}).exit_code == 0);
  const auto elsewhere = [&](Strings args) {
    return w.nano(std::move(args), {}, {{"NANO_PROJECT", w.project()}, {"NANO_STORE", w.path("other-store")}});
  };
  const auto calm = elsewhere({"sync"});
  REQUIRE(calm.exit_code == 0);
  CHECK_FALSE(has(calm.err, "HAVE CHANGED"));
  REQUIRE(w.program("nano-registry", {"namespace", "rekey", w.registry(), "_"}).exit_code == 0);
  std::filesystem::remove_all(w.path("other-store"));
  const auto loud = elsewhere({"sync", "--frozen"});
  INFO(loud.err);
  CHECK(loud.exit_code == 0);
  CHECK(has(loud.err, "THE KEYS THAT SIGN tiny HAVE CHANGED"));
}

TEST_CASE("a project that cannot be resolved stays as it was, and the explanation names who asks") {
  ProjectWorld w;
  w.publish("trunk", "1.0.0");
  w.publish("trunk", "2.0.0");
  w.publish("one", "1.0.0", needs("trunk", "^1"));
  w.publish("two", "1.0.0", needs("trunk", "^2"));
  w.use_registry();
  REQUIRE(w.in({"add", "one"}).exit_code == 0);
  const std::string manifest = w.manifest(), lock = w.lock();
  const auto r = w.in({"add", "two"});
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "the project requires"));
  CHECK(w.manifest() == manifest);
  CHECK(w.lock() == lock);
  CHECK(w.in({"add", "nobody"}).exit_code == 3);
  CHECK(w.in({"add", "acme/one"}).exit_code == 3);
  CHECK(w.manifest() == manifest);
}

TEST_CASE("an override decides against every range") {
  ProjectWorld w;
  w.publish("trunk", "1.0.0");
  w.publish("trunk", "2.0.0");
  w.publish("one", "1.0.0", needs("trunk", "^1"));
  w.use_registry();
  REQUIRE(w.in({"add", "one"}).exit_code == 0);
  w.write_manifest({{"overrides", Json::array({{{"name", "trunk"}, {"range", "^2"}}})}});
  REQUIRE(w.in({"lock"}).exit_code == 0);
  CHECK(has(w.lock(), "\"version\": \"2.0.0\""));
}

TEST_CASE("golden inputs are replayed: a package that behaves otherwise is not put in place") {
  ProjectWorld w;
  const std::string folder = w.make_package("tiny");
  const auto answer = w.json(w.nano({"run", folder + "/", "a good film", "--json"}));
  const auto& result = answer["data"]["results"][0];
  const std::string label = result["label"];
  Json scores = Json::object();
  for (const auto& [l, p] : result["scores"].items()) scores[l] = std::to_string(p.get<double>());
  const auto golden = [&](const Json& s) {
    return dump_pretty({{"inputs", Json::array({{{"text", "a good film"}, {"label", label}, {"scores", s}}})}});
  };
  const auto publish = [&](const std::string& version, const std::string& text) {
    Json m = parse_json(read(folder + "/nano.json")).value();
    m["version"] = version;
    if (version == "1.0.0") m["files"].push_back({{"path", "golden.json"}, {"role", "golden"}});
    write(folder + "/nano.json", dump_pretty(m));
    write(folder + "/golden.json", text);
    const auto r = w.program("nano-registry", {"add", w.registry(), w.pack_unchecked(folder)});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    std::filesystem::remove(folder + ".nano");
  };
  publish("1.0.0", golden(scores));
  w.use_registry();
  const auto added = w.in({"add", "tiny@1.0.0"});
  INFO(added.err << added.out);
  REQUIRE(added.exit_code == 0);
  CHECK(has(added.out, "behaves as its golden file says (1 input)"));
  CHECK(has(w.lock(), "\"golden\""));
  CHECK(w.in({"verify", "--behaviour"}).exit_code == 0);
  Json wrong = scores;
  wrong[label] = "0.011";
  publish("1.1.0", golden(wrong));
  const std::string before = w.lock();
  const auto r = w.in({"add", "tiny@1.1.0"});
  CHECK(r.exit_code == 10);
  CHECK(has(r.err, "score of"));
  CHECK(w.lock() == before);
  publish("1.2.0", "{\"inputs\": [{\"text\": 3}]}\n");
  CHECK(w.in({"add", "tiny@1.2.0"}).exit_code == 13);
  CHECK(w.lock() == before);
}

TEST_CASE("upgrading a base moves its heads, a head that cannot follow is named, the base is stored once") {
  World w;
  const auto base = [](const char* abi) {
    return Json{{"model", {{"family", "bert"}, {"architecture", "bert"}, {"parameters", 86595}, {"abi", abi}}}};
  };
  w.publish("trunk", "1.0.0", base("bert/32/aa"));
  w.publish("topics", "1.0.0", needs("trunk", "^1", "bert/32/aa"));
  w.publish("tone", "1.0.0", needs("trunk", "^1", "bert/32/aa"));
  w.use_registry();
  REQUIRE(w.nano({"install", "topics", "tone"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tone 1.0.0 f32", "topics 1.0.0 f32", "trunk 1.0.0 f32"});
  const auto why = w.nano({"why", "trunk"});
  CHECK(has(why.out, "topics 1.0.0, which you asked for, needs trunk ^1"));
  CHECK(has(w.nano({"tree"}).out, "`-- trunk 1.0.0 f32 (^1)"));
  w.publish("trunk", "2.0.0", base("bert/32/bb"));
  w.publish("topics", "1.1.0", needs("trunk", "^2", "bert/32/bb"));
  const auto not_yet = w.nano({"why-not", "trunk@2.0.0"});
  CHECK(not_yet.exit_code == 0);
  CHECK(has(not_yet.out, "you have installed tone"));
  CHECK(has(not_yet.out, "`nano uninstall tone` first would allow trunk 2.0.0"));
  CHECK(w.nano({"install", "trunk@2.0.0"}).exit_code == 4);
  w.publish("tone", "1.1.0", needs("trunk", "^2", "bert/32/bb"));
  CHECK(has(w.nano({"why-not", "trunk@2.0.0"}).out, "Nothing stands in the way"));
  REQUIRE(w.nano({"upgrade"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tone 1.1.0 f32", "topics 1.1.0 f32", "trunk 2.0.0 f32"});
}

TEST_CASE("pins of the generation hold until they are taken back") {
  World w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  w.publish("tiny", "1.1.0");
  REQUIRE(w.nano({"pin", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"upgrade"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 1.0.0 f32"});
  const auto r = w.nano({"install", "tiny@1.1.0"});
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "nano unpin tiny"));
  REQUIRE(w.nano({"unpin", "tiny"}).exit_code == 0);
  REQUIRE(w.nano({"upgrade"}).exit_code == 0);
  CHECK(w.installed() == Strings{"tiny 1.1.0 f32"});
}

TEST_CASE("a task is chosen by claims, or every failed claim is told") {
  World w;
  const auto claim = [](const char* accuracy) {
    return Json{{"keywords", {"sentiment"}},
                {"claims", Json::array({{{"variant", "f32"},
                                         {"task", "text-classification"},
                                         {"dataset", {{"id", "sst2"}, {"digest", "sha256:" + std::string(64, 'a')}, {"split", "dev"}, {"n", 872}}},
                                         {"metric", {{"id", "accuracy"}, {"value", accuracy}, {"unit", "fraction"}, {"direction", "higher"}}},
                                         {"harness_version", "1"},
                                         {"command", "none"},
                                         {"date", "2026-01-01T00:00:00Z"}}})}};
  };
  w.publish("good", "1.0.0", claim("0.91"));
  w.publish("weak", "1.0.0", claim("0.71"));
  w.use_registry();
  const auto ranking = w.json(w.nano({"resolve", "--task", "sentiment", "--min", "accuracy=0.8", "--json"}));
  CHECK(ranking["data"]["candidates"][0]["name"] == "good");
  CHECK(ranking["data"]["rejected"][0]["name"] == "weak");
  CHECK(has(ranking["data"]["rejected"][0]["failed"][0].get<std::string>(), "0.71"));
  CHECK(w.nano({"resolve", "--task", "sentiment", "--min", "accuracy=0.95"}).exit_code == 10);
  CHECK(w.nano({"install", "--task", "sentiment", "--min", "accuracy=0.95"}).exit_code == 10);
  CHECK(w.nano({"install", "--task", "sentimental"}).exit_code == 2);
  REQUIRE(w.nano({"install", "--task", "sentiment", "--min", "accuracy=0.8"}).exit_code == 0);
  CHECK(w.installed() == Strings{"good 1.0.0 f32"});
  CHECK(has(w.nano({"why-variant", "good"}).out, "the only one"));
  CHECK(w.nano({"install", "good", "--min", "acuracy=1"}).exit_code == 2);
  // Languages stand in the index only; what is signed without them must not lose them.
  Json german = claim("0.8");
  german["languages"] = {"de"};
  w.publish("gut", "1.0.0", german);
  const auto in_german = w.json(w.nano({"resolve", "--task", "sentiment", "--language", "de", "--json"}));
  REQUIRE(in_german["data"]["candidates"].size() == 1);
  CHECK(in_german["data"]["candidates"][0]["name"] == "gut");
  CHECK(w.json(w.nano({"resolve", "--task", "sentiment", "--language", "en", "--json"}))["data"]["candidates"].size() == 2);
  const auto french = w.nano({"resolve", "--task", "sentiment", "--language", "fr"});
  CHECK(french.exit_code == 3);
  CHECK(has(french.err, "in the language 'fr'"));
  CHECK(has(w.nano({"install", "--task", "sentiment", "--language", "de", "--dry-run"}).out, "gut 1.0.0"));
}

}  // namespace
}  // namespace nano::test
