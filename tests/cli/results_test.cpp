// tests/cli/results_test.cpp: what every command of `nano` prints with --json against its JSON Schema in schemas/v1/results.
#include <algorithm>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

#include "cli/nano/commands.h"
#include "tests/app/world.h"
#include "tests/schemas/json_schema.h"

namespace nano::test {
namespace {

/// An object with named members has no others: what a command prints and no schema names is found.
void close(Json& node) {
  for (auto& item : node)
    if (item.is_structured()) close(item);
  if (node.is_object() && node.contains("properties") && node["properties"].is_object() && node.contains("required"))
    node["additionalProperties"] = false;
}

/// Runs commands and holds each document against the schema that it names; remembers which were seen.
class Judge {
 public:
  explicit Judge(World& world) : world_(world) {}

  Json document(std::vector<std::string> args, int exit_code = 0, std::map<std::string, std::string> env = {}) {
    args.emplace_back("--json");
    const auto r = world_.nano(args, "", env);
    std::string line;
    for (const auto& a : args) line += " " + a;
    INFO("nano" << line << "\n" << r.out << r.err);
    CHECK(r.exit_code == exit_code);
    const Json doc = world_.json(r);
    REQUIRE(doc.contains("schema"));
    const std::string name = doc["schema"];
    REQUIRE(name.rfind("nano.", 0) == 0);
    REQUIRE(name.ends_with("/1"));
    const std::string command = name.substr(5, name.size() - 7);
    seen_.insert(command);
    const auto path = std::filesystem::path(env_source()) / "schemas/v1/results" / (command + ".schema.json");
    REQUIRE(std::filesystem::exists(path));
    Json schema = Json::parse(read(path));
    close(schema);
    CHECK(JsonSchema(JsonSchema::Parsed{schema}).fault(doc) == "");
    return doc;
  }
  void error(std::vector<std::string> args, int exit_code) {
    args.emplace_back("--json");
    const auto r = world_.nano(args);
    INFO(r.out << r.err);
    CHECK(r.exit_code == exit_code);
    CHECK(r.out.empty());
    const auto doc = parse_json(r.err);
    REQUIRE(doc);
    CHECK(JsonSchema("results/error").fault(*doc) == "");
    CHECK((*doc)["error"]["code"] == exit_code);
  }
  [[nodiscard]] const std::set<std::string>& seen() const { return seen_; }
  static std::string env_source() {
    const auto source = env("NANO_SOURCE");
    REQUIRE(source);
    return *source;
  }

 private:
  World& world_;
  std::set<std::string> seen_{};
};

}  // namespace

TEST_CASE("every command's --json document is what its JSON Schema says") {
  World w;
  const std::string model = data("bert_tiny/bert_tiny.gguf").string();
  const std::string claim =
      R"({"claims": [{"variant": "f32", "task": "text-classification", "dataset": {"id": "d", "digest": "sha256:)" + std::string(64, 'a') +
      R"(", "split": "test", "n": 10}, "metric": {"id": "accuracy", "value": "0.9", "unit": "fraction", "direction": "higher"},
      "harness_version": "1", "command": "x", "date": "2026-11-20T12:00:00Z"}]})";
  w.publish("tiny", "1.0.0", Json::parse(claim));
  w.use_registry();
  Judge j(w);
  j.document({"install", "tiny"});
  w.publish("tiny", "1.1.0", Json::parse(claim));
  w.publish("other");

  j.document({"search"});
  j.document({"info", "tiny"});
  j.document({"card", "tiny"});
  j.document({"run", "tiny", "good film", "bad film"});
  j.document({"convert", data("hf/bert_ner").string(), w.path("ner.gguf")});
  j.document({"run", w.path("ner.gguf"), "Anna from Paris"});
  j.document({"run", model, "good film", "--logits"});
  j.document({"embed", data("family/minilm.gguf").string(), "good"});
  j.document({"path", "tiny"});
  j.document({"bench", "tiny", "--tokens", "4", "--runs", "2"});
  j.document({"bench", model, "--tokens", "4", "--runs", "2", "--no-cold-start"});
  j.document({"list"});
  j.document({"history"});
  j.document({"gc", "--dry-run"});
  j.document({"resolve", "other"});
  j.document({"resolve", "--task", "text-classification", "--min", "accuracy=0.5"});
  j.document({"why", "tiny"});
  j.document({"why-not", "other"});
  j.document({"why-variant", "tiny"});
  j.document({"tree"});
  j.document({"outdated"});
  j.document({"pin", "tiny"});
  j.document({"unpin", "tiny"});
  j.document({"upgrade", "--dry-run"});
  j.document({"upgrade"});
  j.document({"rollback"});
  j.document({"audit"});
  j.document({"verify"});
  j.document({"verify", "--behaviour"});
  j.document({"policy", "check"});
  j.document({"policy", "explain", "tiny"});
  j.document({"export", "tiny", "-o", w.path("e.nano")});
  j.document({"import", w.path("e.nano")});
  j.document({"uninstall", "tiny"});

  const std::map<std::string, std::string> project = {{"NANO_PROJECT", w.path("project")}};
  j.document({"init", w.path("project")});
  j.document({"add", "tiny@^1"}, 0, project);
  j.document({"lock"}, 0, project);
  j.document({"sync"}, 0, project);
  j.document({"upgrade"}, 0, project);
  j.document({"remove", "tiny"}, 0, project);

  j.document({"new", w.path("mine"), "--from", model});
  j.document({"golden", w.path("mine") + "/", "--record", "good film"});
  j.document({"pack", w.path("mine"), "-o", w.path("mine.nano")});
  write(w.path("mine/nano.json"), R"({"schema": 7})");
  j.document({"pack", w.path("mine"), "-o", w.path("bad.nano")}, 13);
  j.document({"inspect", model});
  j.document({"convert", data("hf/distilbert_cls").string(), w.path("c.gguf")});
  write(w.path("texts.tsv"), "positive\tgood film\n");
  j.document({"quantize", model, w.path("q.gguf"), "--type", "q2", "--eval", w.path("texts.tsv")});

  j.document({"registry", "list"});
  j.document({"trust", "list"});
  j.document({"trust", "show", "work"});
  j.document({"trust", "reset", "work", "--yes"});
  j.document({"registry", "remove", "work"});
  j.document({"registry", "add", "again", w.registry(), "--root-namespace", "--root", w.root()});
  j.document({"config", "set", "quiet", "true"});
  j.document({"config", "get", "quiet"});
  j.document({"config", "unset", "quiet"});
  j.document({"config", "list"});
  const auto doctor = w.nano({"doctor", "--json"});  // what it finds depends on the machine
  j.document({"doctor"}, doctor.exit_code);
  j.document({"doctor", "hw"});
  j.document({"version"});

  const std::string key = w.path("key.pem");
  if (run({"/usr/bin/openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key}).exit_code == 0 &&
      run({"/usr/bin/openssl", "pkey", "-in", key, "-pubout", "-out", w.path("key.pub")}).exit_code == 0) {
    write(w.path("signed/weights.bin"), "weights");
    j.document({"sign", w.path("signed"), "--key", key});
    j.document({"verify", "--oms", w.path("signed"), "--public-key", w.path("key.pub")});
  } else {
    FAIL("no openssl program to make a key with");
  }

  j.error({"info", "no-such-package"}, 3);
  j.error({"nonsense"}, 2);
  j.error({"run"}, 2);

  // None was forgotten: a command of the table that prints a document, and a schema that no command prints.
  for (const auto& command : cli::nano_program().commands) {
    if (command.hidden || command.name == "help" || command.name == "completions") continue;  // these print text only
    std::string name(command.name);
    std::replace(name.begin(), name.end(), ' ', '-');
    INFO(name);
    CHECK(j.seen().count(name == "lock" ? "lock-changes" : name) == 1);
  }
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(Judge::env_source()) / "schemas/v1/results")) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(".schema.json") || name == "error.schema.json") continue;
    name.resize(name.size() - std::string(".schema.json").size());
    INFO(name);
    CHECK(j.seen().count(name) == 1);
  }
}

TEST_CASE("a line of --jsonl is an element of the document's list") {
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  for (const auto& [args, list] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"list"}, "packages"}, {{"search"}, "hits"}, {{"run", "tiny", "good"}, "results"}}) {
    auto lines = args, document = args;
    lines.emplace_back("--jsonl");
    document.emplace_back("--json");
    Json one = parse_json(w.nano(lines).out, {.allow_floats = true}).value();
    Json many = w.json(w.nano(document))["data"][list];
    one.erase("ms");
    many[0].erase("ms");
    CHECK(one == many[0]);
  }
}

TEST_CASE("the schemas of results are what their table writes") {
  const std::string make = Judge::env_source() + "/schemas/v1/results/make.py";
  if (run({"/usr/bin/python3", "--version"}).exit_code != 0) {
    WARN("SKIPPED: no python3 here");
    return;
  }
  const auto r = run({"/usr/bin/python3", make, "--check"});
  INFO(r.out << r.err);
  CHECK(r.exit_code == 0);
}

}  // namespace nano::test
