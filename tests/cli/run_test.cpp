// tests/cli/run_test.cpp: `nano run` and `nano embed` from the outside: what is said of texts, and how sure a model is.
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/text.h"
#include "runtime_shim/gguf/reader.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

struct RunHome {
  test::TempDir dir;
  test::RunResult nano(std::vector<std::string> args, std::string_view in = {}) const {
    args.insert(args.begin(), test::bin("nano"));
    return test::run(args, in, {{"NANO_HOME", dir.path().string()}, {"NANO_JSON", ""}, {"NANO_STORE", ""}});
  }
};

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// bert_tiny with other words for what its outputs mean.
std::filesystem::path changed(const RunHome& home, const std::string& problem, std::vector<std::string> labels = {}) {
  const auto path = home.dir / (problem + ".gguf");
  const std::string key = "bert.classifier.output_labels";
  test::Changes changes;
  if (!labels.empty()) changes.without = {key};
  changes.add = [&](gguf::Builder& b) {
    b.set_string("nano.classifier.problem", problem);
    if (!labels.empty()) b.set_string_array(key, labels);
  };
  test::write_changed(changes, path);
  return path;
}

Json answer_of(const test::RunResult& r) {
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  const auto doc = parse_json(r.out, {.allow_floats = true});
  REQUIRE(doc);
  return *doc;
}

}  // namespace

TEST_CASE("logits are shown where they are asked for") {
  const RunHome home;
  const std::string model = test::bert_tiny().string();
  const Json plain = answer_of(home.nano({"run", "--jsonl", model, "the film is good"}));
  CHECK_FALSE(plain.contains("logits"));
  const Json both = answer_of(home.nano({"run", "--jsonl", "--logits", model, "the film is good"}));
  REQUIRE(both.at("logits").size() == 3);
  CHECK(both.at("scores") == plain.at("scores"));
  const auto line = home.nano({"run", "--logits", model, "the film is good"});
  CHECK(line.out.find("\t" + std::to_string(both.at("logits").at("neutral").get<double>()).substr(0, 6)) != std::string::npos);
}

TEST_CASE("a regression gives its outputs, and equal labels keep a score each") {
  const RunHome home;
  const std::string model = changed(home, "regression").string();
  const Json raw = answer_of(home.nano({"run", "--jsonl", "--logits", model, "the film is good"}));
  for (const auto& [label, score] : raw.at("scores").items())
    CHECK(score.get<double>() == Approx(raw.at("logits").at(label).get<double>()).epsilon(1e-4));
  const std::string same = changed(home, "single_label", {"x", "y", "x"}).string();
  const Json three = answer_of(home.nano({"run", "--jsonl", same, "the film is good"}));
  REQUIRE(three.at("scores").size() == 3);
  CHECK(three.at("scores").contains("x (2)"));
  double total = 0;
  for (const auto& [label, score] : three.at("scores").items()) total += score.get<double>();
  CHECK(total == Approx(1.0).margin(1e-4));
  // And in a golden file.
  const auto golden = home.nano({"golden", same, "the film is good"});
  INFO(golden.err);
  REQUIRE(golden.exit_code == 0);
  const auto doc = parse_json(golden.out);
  REQUIRE(doc);
  CHECK(doc->at("inputs")[0].at("scores").size() == 3);
}

TEST_CASE("what is wrong with many texts is said once, and counted") {
  const RunHome home;
  const std::string model = test::bert_tiny().string();
  std::string long_line, lines;
  for (int i = 0; i < 80; ++i) long_line += "good ";
  for (int i = 0; i < 5; ++i) lines += long_line + "\n\n";
  for (const std::string command : {"run", "embed"}) {
    const auto r = home.nano({command, model}, lines);
    CHECK(r.exit_code == 0);
    CHECK(times(r.out, "\n") == 10);
    CHECK(times(r.err, "text 1 is longer than the model's context") == 1);
    CHECK(times(r.err, "text 2 is empty") == 1);
    CHECK(times(r.err, "4 more texts are longer") == 1);
    CHECK(times(r.err, "4 more texts are empty") == 1);
    CHECK(times(r.err, "warning") == 4);
  }
  const Json doc = answer_of(home.nano({"run", "--json", model, "", "good"}));
  CHECK(doc.at("warnings").size() == 1);
}

TEST_CASE("a tagger takes no pair") {
  const RunHome home;
  const auto out = home.dir / "ner.gguf";
  REQUIRE(home.nano({"convert", test::data("hf/bert_ner").string(), out.string()}).exit_code == 0);
  const auto r = home.nano({"run", "--pair", out.string(), "a film", "a story"});
  CHECK(r.exit_code == 2);
  CHECK(r.err.find("takes no pair") != std::string::npos);
}

TEST_CASE("a package for single texts says so when it is given pairs") {
  const RunHome home;
  const auto folder = home.dir / "one";
  REQUIRE(home.nano({"new", folder.string(), "--from", test::bert_tiny().string(), "--name", "one"}).exit_code == 0);
  const auto r = home.nano({"run", "--pair", folder.string() + "/", "a film", "a story"});
  CHECK(r.exit_code == 0);
  CHECK(times(r.err, "made for single texts") == 1);
  CHECK(home.nano({"run", folder.string() + "/", "a film"}).err.empty());
}

TEST_CASE("a model file cut short while it is read ends with an error line") {
  const RunHome home;
  const auto model = home.dir / "m.gguf";
  std::filesystem::copy_file(test::bert_tiny(), model);
  for (const std::string flag : {"", "--json"}) {
    std::filesystem::copy_file(test::bert_tiny(), model, std::filesystem::copy_options::overwrite_existing);
    // The first line is answered, so that the model is open; then the file loses its end.
    const std::string script = "(echo good; sleep 1; : > '" + model.string() + "'; echo bad) | '" + test::bin("nano") +
                               "' run --jsonl " + flag + " '" + model.string() + "'";
    const auto r = test::run({"/bin/sh", "-c", script}, {}, {{"NANO_HOME", home.dir.path().string()}, {"NANO_JSON", ""}});
    INFO(r.out << r.err);
    CHECK(r.exit_code == 9);
    CHECK(times(r.out, "\"input\"") == 1);
    CHECK(r.err.find("became shorter") != std::string::npos);
    if (!flag.empty()) CHECK(parse_json(r.err));
  }
}

TEST_CASE("a question has an answer in its text, in JSON and as a line") {
  const RunHome home;
  const auto out = home.dir / "qa.gguf";
  REQUIRE(home.nano({"convert", test::data("hf_kin/bert_qa").string(), out.string()}).exit_code == 0);
  const std::string question = "is it good", context = "the film was very bad . it is a good story .";
  const Json one = answer_of(home.nano({"run", "--jsonl", "--pair", out.string(), question, context}));
  const std::string answer = one.at("answer");
  CHECK(context.substr(one.at("begin"), one.at("end").get<std::size_t>() - one.at("begin").get<std::size_t>()) == answer);
  CHECK(one.at("answers")[0].at("answer") == one.at("answer"));
  CHECK(one.at("answers").size() > 1);
  CHECK(one.contains("no_answer"));
  const auto line = home.nano({"run", "--pair", out.string(), question, context});
  CHECK(line.out.ends_with("\t" + answer + "\n"));
  CHECK(times(line.out, "\n") == 1);
  CHECK(times(home.nano({"run", "--top-k", "2", "--pair", out.string(), question, context}).out, "\n") == 2);
  CHECK(answer_of(home.nano({"run", "--jsonl", "--pair", out.string(), question, ""})).at("answer").is_null());
  const auto alone = home.nano({"run", out.string(), question});
  CHECK(alone.exit_code == 2);
  CHECK(alone.err.find("--pair") != std::string::npos);
  // Its package says what it takes.
  const auto folder = home.dir / "qa";
  REQUIRE(home.nano({"new", folder.string(), "--from", out.string(), "--name", "qa"}).exit_code == 0);
  const auto pair = home.nano({"run", "--pair", folder.string() + "/", question, context});
  CHECK(pair.exit_code == 0);
  CHECK(pair.err.empty());
}
