// What a person asked for is kept, and `outdated` and `upgrade` make one plan of it.
#include <catch2/catch.hpp>

#include "schemas/generation.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

using Strings = std::vector<std::string>;

struct UpgradeWorld : World {
  /// A data set, which needs no model to be run before it is packed.
  void data_set(const std::string& name, const std::string& version, const Json& dependencies = Json::array()) {
    const std::string folder = path("sets/" + name + "-" + version);
    write(folder + "/data.tsv", "text\tlabel of " + name + " " + version + "\n");
    write(folder + "/README.md", "---\nlicense: cc0-1.0\n---\n# " + name + "\n\nA small data set.\n");
    Json m = {{"schema", "nano.manifest/1"}, {"kind", "dataset"}, {"name", name}, {"version", version}, {"title", "T " + name},
              {"description", "D."}, {"license", {{"spdx", "CC0-1.0"}}},
              {"files", {{{"path", "README.md"}, {"role", "card"}}, {{"path", "data.tsv"}, {"role", "eval"}}}}};
    if (!dependencies.empty()) m["dependencies"] = dependencies;
    write(folder + "/nano.json", dump_pretty(m));
    registry_does({"add", registry(), folder});
  }
  /// A model with these variants; all have the same weights.
  void model(const std::string& name, const std::string& version, const Strings& variants) {
    const std::string folder = make_package(name, version);
    Json m = parse_json(read(folder + "/nano.json")).value();
    const std::string weights = m["variants"][0]["files"][0];
    const std::string quantization = m["variants"][0]["quantization"];
    Json files = Json::array();
    for (const Json& f : m["files"])
      if (f["path"] != weights) files.push_back(f);
    m["variants"] = Json::array();
    for (const auto& v : variants) {
      std::filesystem::copy_file(folder + "/" + weights, folder + "/" + v + ".gguf", std::filesystem::copy_options::overwrite_existing);
      files.push_back({{"path", v + ".gguf"}, {"role", "weights"}});
      m["variants"].push_back({{"name", v}, {"quantization", quantization}, {"files", {v + ".gguf"}}, {"default", v == variants.front()}});
    }
    if (variants.size() == 1) m["variants"][0].erase("default");
    m["files"] = files;
    write(folder + "/nano.json", dump_pretty(m));
    registry_does({"add", registry(), pack(folder)});
  }
  void registry_does(Strings args) {
    const auto r = program("nano-registry", std::move(args));
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
  }
  std::string good(Strings args, std::map<std::string, std::string> env = {}) {
    const auto r = nano(std::move(args), {}, std::move(env));
    INFO(r.err << r.out);
    REQUIRE(r.exit_code == 0);
    return r.out + r.err;
  }
  Json outdated_rows() { return json(nano({"outdated", "--json"}))["data"]["packages"]; }
  /// Without a blank where there is no variant.
  Strings there() {
    Strings out = installed();
    for (auto& s : out)
      if (s.back() == ' ') s.pop_back();
    return out;
  }
  /// "a 1.0.0 -> 1.1.0": what `outdated` wants, and what the dry run of `upgrade` would do, which must be the same.
  Strings plan() {
    Strings wanted;
    const Json rows = outdated_rows();
    for (const Json& r : rows)
      if (r["wanted"] != r["version"] || r["wanted_variant"] != r["variant"])
        wanted.push_back(r["name"].get<std::string>() + " " + r["version"].get<std::string>() + " -> " + r["wanted"].get<std::string>());
    Strings would;
    const Json dry_run = json(nano({"upgrade", "--dry-run", "--json"}));
    for (const Json& i : dry_run["data"]["items"])
      would.push_back(i["name"].get<std::string>() + " " + i.value("from_version", "none") + " -> " + i["version"].get<std::string>());
    CHECK(wanted == would);
    CHECK(nano({"outdated", "--exit-code"}).exit_code == (wanted.empty() ? 0 : 11));
    return would;
  }
};

Json needs(const std::string& name, const std::string& range) {
  return Json::array({{{"name", name}, {"range", range}, {"use", "dataset"}}});
}

TEST_CASE("the range that was asked for is kept: upgrade stays in it, outdated shows what is newest beyond it") {
  UpgradeWorld w;
  w.data_set("set", "1.0.0");
  w.use_registry();
  w.good({"install", "set@^1"});
  w.data_set("set", "1.1.0");
  w.data_set("set", "2.0.0");
  CHECK(w.plan() == Strings{"set 1.0.0 -> 1.1.0"});
  const Json row = w.outdated_rows()[0];
  CHECK(row["newest"] == "2.0.0");
  CHECK(has(row["blocked"].get<std::string>(), "you asked for set ^1"));
  w.good({"upgrade"});
  CHECK(w.there() == Strings{"set 1.1.0"});
  CHECK(w.plan().empty());
  // The name alone changes nothing of what was asked for; another range does.
  CHECK(has(w.good({"install", "set"}), "installed already"));
  CHECK(w.plan().empty());
  const auto no = w.nano({"upgrade", "set@2"});
  CHECK(no.exit_code == 4);
  CHECK(has(no.err, "`nano install set@*` first would allow set 2.0.0"));
  w.good({"install", "set@*"});
  CHECK(w.plan() == Strings{"set 1.1.0 -> 2.0.0"});
  // A name with a range that is there already is remembered without a step.
  w.good({"install", "set@1.1.0"});
  CHECK(w.plan().empty());
  w.good({"rollback"});
  CHECK(w.plan() == Strings{"set 1.1.0 -> 2.0.0"});
}

TEST_CASE("the variant that was asked for is kept, also where a newer version has it no more") {
  UpgradeWorld w;
  w.model("tiny", "1.0.0", {"plain", "other"});
  w.use_registry();
  w.good({"install", "tiny:other"});
  w.model("tiny", "1.1.0", {"plain"});
  CHECK(w.plan().empty());
  CHECK(has(w.outdated_rows()[0]["blocked"].get<std::string>(), "you chose tiny in variant other"));
  w.model("tiny", "1.2.0", {"plain", "other"});
  w.good({"upgrade"});
  CHECK(w.there() == Strings{"tiny 1.2.0 other"});
  // A range that has no such variant lets go of it, and says so.
  CHECK(has(w.good({"install", "tiny@1.1.0"}), "in variant other before"));
  CHECK(w.there() == Strings{"tiny 1.1.0 plain"});
  // An unknown variant is answered with those that there are, everywhere.
  for (const Strings& args : {Strings{"install", "tiny:q9"}, Strings{"resolve", "tiny@1.2.0:q9"}, Strings{"run", "tiny:q9", "x"}, Strings{"why-variant", "tiny@1.2.0:q9"}}) {
    const auto r = w.nano(args);
    INFO(args[0] << ": " << r.err);
    CHECK(r.exit_code == 3);
    CHECK(has(r.err, "it has "));
    CHECK(has(r.err, "plain"));
  }
}

TEST_CASE("a pin holds version and variant, and list shows it") {
  UpgradeWorld w;
  w.model("tiny", "1.0.0", {"plain", "other"});
  w.use_registry();
  w.good({"install", "tiny:other"});
  CHECK(has(w.good({"pin", "tiny"}), "pinned tiny at 1.0.0 other"));
  w.model("tiny", "1.1.0", {"plain", "other"});
  CHECK(w.plan().empty());
  const auto r = w.nano({"install", "tiny:plain"});
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "nano unpin tiny"));
  CHECK(has(w.good({"list"}), "tiny [pinned]"));
  CHECK(w.json(w.nano({"list", "--json"}))["data"]["packages"][0]["pinned"] == true);

  const std::map<std::string, std::string> project{{"NANO_PROJECT", w.path("project")}};
  w.good({"init", w.path("project")});
  w.good({"add", "tiny@1.0.0:other"}, project);
  w.good({"pin", "tiny"}, project);
  CHECK(has(read(w.path("project/nano.json")), "\"variant\": \"other\""));
  CHECK(parse_json(read(w.path("project/nano.json"))).value()["pins"][0]["variant"] == "other");
  CHECK(has(w.good({"list"}, project), "tiny [pinned]"));
  CHECK(has(w.good({"pin", "tiny@1.1.0:plain"}, project), "1.1.0 plain in nano.json; `nano lock` moves it there"));
  CHECK(w.nano({"pin", "tiny@1.1.0:q9"}, {}, project).exit_code == 3);
}

TEST_CASE("an upgrade never goes down to an older release, and moves on from a pre-release") {
  UpgradeWorld w;
  w.data_set("set", "1.5.0");
  w.data_set("set", "2.0.0-rc.1");
  w.data_set("first", "1.0.0-beta.1");
  w.use_registry();
  w.good({"install", "set@2.0.0-rc.1", "first"});
  CHECK(w.plan().empty());
  w.good({"upgrade"});
  CHECK(w.there() == Strings{"first 1.0.0-beta.1", "set 2.0.0-rc.1"});
  // Without a range: the pre-release was the only one there is. An older release is no upgrade, a newer pre-release is.
  w.data_set("first", "0.9.0");
  w.data_set("first", "1.0.0-beta.2");
  CHECK(w.plan() == Strings{"first 1.0.0-beta.1 -> 1.0.0-beta.2"});
  w.data_set("first", "1.0.0");
  CHECK(w.plan() == Strings{"first 1.0.0-beta.1 -> 1.0.0"});
  const auto down = w.nano({"upgrade", "first@0.9.0"});
  CHECK(down.exit_code == 4);
  CHECK(has(down.err, "an upgrade goes down only from a yanked version"));
  // A dependency is not taken down by what would need an older one.
  w.data_set("part", "1.0.0");
  w.data_set("part", "2.0.0");
  w.data_set("whole", "1.0.0", needs("part", "^2"));
  w.good({"install", "whole"});
  w.data_set("whole", "1.1.0", needs("part", "^1"));
  CHECK(w.plan() == Strings{"first 1.0.0-beta.1 -> 1.0.0"});
  CHECK(has(w.outdated_rows().back()["blocked"].get<std::string>(), "part"));
}

TEST_CASE("a yank is the one reason to go down, and is said, what nothing can replace stays and holds up nobody") {
  UpgradeWorld w;
  for (const char* v : {"1.0.0", "1.1.0"}) w.data_set("set", v);
  w.data_set("alone", "1.0.0");
  w.data_set("other", "1.0.0");
  w.use_registry();
  w.good({"install", "set", "alone", "other"});
  w.registry_does({"yank", w.registry(), "set@1.1.0", "--reason", "labels are swapped"});
  w.registry_does({"yank", w.registry(), "alone@1.0.0", "--reason", "it is empty"});
  w.data_set("other", "1.1.0");
  w.data_set("new", "1.0.0");
  // Another install leaves what is there alone, yanked or not.
  w.good({"install", "new"});
  CHECK(w.there() == Strings{"alone 1.0.0", "new 1.0.0", "other 1.0.0", "set 1.1.0"});
  CHECK(w.plan() == Strings{"other 1.0.0 -> 1.1.0", "set 1.1.0 -> 1.0.0"});
  const std::string said = w.good({"upgrade"});
  CHECK(has(said, "set goes down from 1.1.0 to 1.0.0: set 1.1.0 was yanked (labels are swapped)"));
  CHECK(has(said, "alone 1.0.0 was yanked (it is empty), and no other version fits: it stays"));
  CHECK(w.there() == Strings{"alone 1.0.0", "new 1.0.0", "other 1.1.0", "set 1.0.0"});
  CHECK(w.json(w.nano({"upgrade", "--json"}))["warnings"].size() == 1);
}

TEST_CASE("one rule for pre-releases: info, resolve, search and outdated choose alike") {
  UpgradeWorld w;
  for (const char* v : {"1.5.0", "1.6.0", "2.0.0-rc.1", "2.0.0-rc.2"}) w.data_set("set", v);
  w.use_registry();
  const std::vector<std::pair<std::string, std::string>> cases{{"set", "1.6.0"},
                                                               {"set@*", "1.6.0"},
                                                               {"set@^1 || ^2.0.0-rc.0", "2.0.0-rc.2"},
                                                               {"set@>=1.5.0 <=2.0.0-rc.1", "1.6.0"},
                                                               {"set@1.6.0 || 2.0.0-rc.1", "2.0.0-rc.1"},
                                                               {"set@>=2.0.0-rc.1", "2.0.0-rc.2"},
                                                               {"set@~1.5", "1.5.0"},
                                                               {"set@<2", "1.6.0"}};
  for (const auto& [request, version] : cases) {
    INFO(request);
    CHECK(w.json(w.nano({"info", request, "--json"}))["data"]["manifest"]["version"] == version);
    CHECK(w.json(w.nano({"resolve", request, "--json"}))["data"]["items"][0]["version"] == version);
  }
  CHECK(w.json(w.nano({"search", "set", "--json"}))["data"]["hits"][0]["version"] == "1.6.0");
  w.good({"install", "set@1.5.0"});
  CHECK(w.outdated_rows()[0]["newest"] == "1.6.0");
  w.good({"install", "set@1.5.0 || ^2.0.0-rc.0"});
  CHECK(w.outdated_rows()[0]["newest"] == "2.0.0-rc.2");
  CHECK(w.plan() == Strings{"set 1.5.0 -> 2.0.0-rc.2"});
}

TEST_CASE("with --minimal the lowest versions are taken, whatever is installed or locked, of what is named and what that needs") {
  UpgradeWorld w;
  for (const char* v : {"1.0.0", "1.1.0"}) {
    w.data_set("part", v);
    w.data_set("set", v, needs("part", "^1"));
    w.data_set("other", v);
  }
  w.use_registry();
  w.good({"install", "set", "other"});
  w.good({"install", "set", "--minimal"});
  CHECK(w.there() == Strings{"other 1.1.0", "part 1.0.0", "set 1.0.0"});
  w.good({"upgrade"});
  CHECK(w.there() == Strings{"other 1.1.0", "part 1.1.0", "set 1.1.0"});

  const std::map<std::string, std::string> project{{"NANO_PROJECT", w.path("project")}};
  const auto locked = [&] {
    Strings out;
    const Json lock = parse_json(read(w.path("project/nano.lock"))).value();
    for (const Json& p : lock["packages"])
      out.push_back(p["name"].get<std::string>() + " " + p["version"].get<std::string>());
    return out;
  };
  w.good({"init", w.path("project")});
  w.good({"add", "set@^1", "other@^1"}, project);
  CHECK(locked() == Strings{"other 1.1.0", "part 1.1.0", "set 1.1.0"});
  w.good({"lock", "--minimal"}, project);
  CHECK(locked() == Strings{"other 1.0.0", "part 1.0.0", "set 1.0.0"});
  w.good({"lock"}, project);  // what is locked stays
  CHECK(locked() == Strings{"other 1.0.0", "part 1.0.0", "set 1.0.0"});
  w.good({"upgrade"}, project);
  CHECK(locked() == Strings{"other 1.1.0", "part 1.1.0", "set 1.1.0"});
  w.good({"sync", "--minimal"}, project);
  CHECK(locked() == Strings{"other 1.0.0", "part 1.0.0", "set 1.0.0"});
  CHECK(w.nano({"upgrade", "set"}, {}, project).exit_code == 0);
  CHECK(locked() == Strings{"other 1.0.0", "part 1.1.0", "set 1.1.0"});
}

TEST_CASE("in a project an upgrade goes down only where nano.json asks for it, or for a yank") {
  UpgradeWorld w;
  for (const char* v : {"1.0.0", "1.1.0", "2.0.0"}) w.data_set("set", v);
  w.use_registry();
  const std::map<std::string, std::string> project{{"NANO_PROJECT", w.path("project")}};
  w.good({"init", w.path("project")});
  w.good({"add", "set@>=1"}, project);
  Json m = parse_json(read(w.path("project/nano.json"))).value();
  m["dependencies"][0]["range"] = "^1";
  write(w.path("project/nano.json"), dump_pretty(m));
  CHECK(has(w.good({"upgrade"}, project), "set goes down from 2.0.0 to 1.1.0: another range is asked for now"));
  w.registry_does({"yank", w.registry(), "set@1.1.0", "--reason", "bad"});
  CHECK(has(w.good({"upgrade"}, project), "set goes down from 1.1.0 to 1.0.0: set 1.1.0 was yanked (bad)"));
  CHECK(w.json(w.nano({"outdated", "--json"}, {}, project))["data"]["updates"] == false);
}

TEST_CASE("in a project list shows the project's packages, with --global what is installed") {
  UpgradeWorld w;
  w.data_set("set", "1.0.0");
  w.data_set("other", "1.0.0");
  w.use_registry();
  w.good({"install", "other"});
  const std::map<std::string, std::string> project{{"NANO_PROJECT", w.path("project")}};
  w.good({"init", w.path("project")});
  CHECK(has(w.good({"list"}, project), "nothing is locked"));
  w.good({"add", "set"}, project);
  const std::string here = w.good({"list"}, project);
  CHECK(has(here, "set"));
  CHECK_FALSE(has(here, "other"));
  CHECK(has(here, "nano list --global"));
  CHECK(has(w.good({"list", "--global"}, project), "other"));
  CHECK(w.json(w.nano({"list", "--json"}, {}, project))["data"]["project"] == w.path("project"));
  std::filesystem::remove_all(w.path("home/store/v1/roots"));
  CHECK(has(w.good({"list"}, project), "not in place: `nano sync`"));
}

TEST_CASE("a generation written before requests were kept is read, and counts as asked for in any version") {
  UpgradeWorld w;
  w.data_set("set", "1.0.0");
  w.use_registry();
  w.good({"install", "set@1.0.0"});
  const std::string file = w.path("home/store/v1/generations/1.json");
  Json g = parse_json(read(file)).value();
  REQUIRE(g["entries"][0]["asked"]["range"] == "1.0.0");
  g["entries"][0].erase("asked");
  std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  write(file, dump_pretty(g));
  w.data_set("set", "1.1.0");
  CHECK(w.plan() == Strings{"set 1.0.0 -> 1.1.0"});
}

TEST_CASE("a choice of nano's own is not remembered as the person's") {
  UpgradeWorld w;
  const Json sentiment = {{"keywords", {"sentiment"}}};
  w.publish("tiny", "1.0.0", sentiment);
  w.use_registry();
  w.good({"install", "--task", "sentiment"});
  w.publish("tiny", "1.1.0", sentiment);
  CHECK(w.plan() == Strings{"tiny 1.0.0 -> 1.1.0"});
}

TEST_CASE("search knows tasks by their short names, forgives a slip, and finds by some of the words") {
  UpgradeWorld w;
  w.publish("mood", "1.0.0", {{"keywords", {"sentiment", "reviews"}}, {"description", "Says how people feel."}});
  w.publish("topics", "1.0.0", {{"keywords", {"news"}}});
  w.use_registry();
  const auto hits = [&](Strings args) {
    args.insert(args.begin(), "search");
    args.push_back("--json");
    Strings out;
    const Json data = w.json(w.nano(args))["data"];
    for (const Json& h : data["hits"]) out.push_back(h["name"]);
    if (data.contains("meant")) out.push_back("~" + data["meant"].get<std::string>());
    return out;
  };
  CHECK(hits({"--task", "sentiment"}) == Strings{"mood"});
  CHECK(hits({"--task", "text-classification"}).size() == 2);
  CHECK(w.nano({"search", "--task", "sentimant"}).exit_code == 2);
  CHECK(hits({"sentiment"}) == Strings{"mood"});
  CHECK(hits({"sentimant"}) == Strings{"mood", "~sentiment"});
  CHECK(hits({"toipcs"}) == Strings{"topics", "~topics"});
  CHECK(hits({"sentiment", "zzzzzzzzzz"}) == Strings{"mood", "~sentiment"});
  CHECK(hits({"zzzzzzzzzzzz"}).empty());
}

TEST_CASE("uninstalling what is not there does not offer to install it") {
  UpgradeWorld w;
  w.data_set("set", "1.0.0");
  w.use_registry();
  w.good({"install", "set"});
  const auto near = w.nano({"uninstall", "sett"});
  CHECK(near.exit_code == 3);
  CHECK(has(near.err, "did you mean 'set'?"));
  CHECK_FALSE(has(near.err, "install it"));
  const auto none = w.nano({"uninstall", "quite-else"});
  CHECK(has(none.err, "nano list"));
  CHECK_FALSE(has(none.err, "nano install"));
}

TEST_CASE("run warns of an advisory that was read before, and asks nobody") {
  UpgradeWorld w;
  w.publish("tiny", "1.0.0");
  w.use_registry();
  w.good({"install", "tiny"});
  CHECK_FALSE(has(w.good({"run", "tiny", "x"}), "advisory"));
  w.registry_does({"advisory", "add", w.registry(), "nano-2026-0001", "--title", "labels are swapped", "--affects", "tiny@<1.1.0", "--severity", "high"});
  CHECK(w.nano({"audit"}).exit_code == 15);
  std::filesystem::rename(w.registry(), w.path("away"));
  const std::string said = w.good({"run", "tiny", "x"});
  CHECK(has(said, "tiny 1.0.0 f32 is hit by the advisory nano-2026-0001 (high): labels are swapped"));
}

TEST_CASE("the remedy of an unsigned package can be followed") {
  UpgradeWorld w;
  const std::string bundle = w.pack(w.make_package("tiny", "1.0.0"));
  w.use_registry();
  w.good({"install", "--allow-unsigned", bundle});
  const auto remedy = [&] { return w.json(w.nano({"audit", "--json"}))["data"]["findings"][0]["remedy"].get<std::string>(); };
  CHECK(has(remedy(), "no configured registry has it"));
  w.registry_does({"add", w.registry(), bundle});
  CHECK(has(remedy(), "`nano uninstall tiny`, then `nano install tiny`"));
  w.good({"uninstall", "tiny"});
  w.good({"install", "tiny"});
  CHECK(w.nano({"audit"}).exit_code == 0);
}

}  // namespace
}  // namespace nano::test
