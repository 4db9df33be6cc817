// `nano pack`, `new`, `quantize`: every problem at once, the same bytes every time.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

TEST_CASE("pack reports every problem at once and writes nothing") {
  World w;
  const std::string dir = w.make_package("tiny");
  Json m = parse_json(read(dir + "/nano.json")).value();
  m["titel"] = "x";
  m["version"] = "1.02.0";
  m["license"]["spdx"] = "no such (licence";
  write(dir + "/nano.json", dump_pretty(m));
  std::filesystem::remove(dir + "/README.md");
  const auto r = w.nano({"pack", dir, "-o", w.path("x.nano")});
  CHECK(r.exit_code == 13);
  const std::string all = r.out + r.err;
  INFO(all);
  CHECK(has(all, "titel"));
  CHECK(has(all, "title"));  // the nearest known key
  CHECK(has(all, "1.02.0"));
  CHECK(has(all, "licence"));
  CHECK(has(all, "README.md"));
  CHECK_FALSE(std::filesystem::exists(w.path("x.nano")));
}

TEST_CASE("weights that are not what nano.json says are a problem of the package") {
  World w;
  const auto problem = [&](const Json& change) {
    const std::string dir = w.make_package("tiny");
    Json m = parse_json(read(dir + "/nano.json")).value();
    for (const auto& [k, v] : change.items()) m[k] = v;
    write(dir + "/nano.json", dump_pretty(m));
    const auto r = w.nano({"pack", dir, "-o", w.path("x.nano")});
    std::filesystem::remove_all(dir);
    CHECK(r.exit_code == 13);
    return r.out + r.err;
  };
  CHECK(has(problem({{"labels", {"good", "bad", "ugly"}}}), "labels"));
  CHECK(has(
      problem({{"model",
                {{"architecture", "bert"}, {"family", "bert"}, {"parameters", 7}, {"context_length", 48}}}}),
      "parameters"));
  const std::string dir = w.make_package("tiny");
  write(dir + "/tiny.gguf", std::string("\x80\x04") + std::string(100, 'x'));  // a pickle
  const auto r = w.nano({"pack", dir, "-o", w.path("x.nano")});
  CHECK(r.exit_code == 13);
  CHECK(has(r.out + r.err, "tiny.gguf"));
}

TEST_CASE("packing twice gives the same bytes") {
  World w;
  const std::string dir = w.make_package("tiny");
  const std::map<std::string, std::string> when = {{"SOURCE_DATE_EPOCH", "1700000000"}};
  REQUIRE(w.nano({"pack", dir, "-o", w.path("a.nano")}, {}, when).exit_code == 0);
  REQUIRE(w.nano({"pack", dir, "-o", w.path("b.nano")}, {}, when).exit_code == 0);
  CHECK(read(w.path("a.nano")) == read(w.path("b.nano")));
}

TEST_CASE("quantize makes a smaller model that answers alike, and the same bytes every time") {
  World w;
  const std::string from = data("bert_tiny/bert_tiny.gguf").string();
  REQUIRE(w.nano({"quantize", from, w.path("a.gguf"), "--type", "q8"}).exit_code == 0);
  REQUIRE(w.nano({"quantize", from, w.path("b.gguf"), "--type", "q8_0"}).exit_code == 0);
  CHECK(read(w.path("a.gguf")) == read(w.path("b.gguf")));
  CHECK(read(w.path("a.gguf")).size() < read(from).size() / 2);
  CHECK(w.nano({"quantize", from, w.path("a.gguf")}).exit_code == 2);  // it exists
  CHECK(w.nano({"quantize", from, w.path("c.gguf"), "--type", "q7"}).exit_code == 2);
  const auto label = [&](const std::string& file) {
    return w.json(w.nano({"run", file, "good film", "--json"}))["data"]["results"][0];
  };
  const auto a = label(from), b = label(w.path("a.gguf"));
  for (const auto& [k, v] : a["scores"].items())
    CHECK(b["scores"][k].get<double>() == Approx(v.get<double>()).margin(0.02));
}

TEST_CASE(
    "quantize to the low types says what each tensor lost and how many texts are right before and after") {
  World w;
  const std::string from = data("bert_tiny/bert_tiny.gguf").string();
  write(w.path("texts.tsv"), "positive\tgood film\nnegative\tbad film\n");
  const auto doc = w.json(w.nano(
      {"quantize", from, w.path("a.gguf"), "--type", "q2", "--eval", w.path("texts.tsv"), "--json"}))["data"];
  CHECK(doc["eval"]["before"]["texts"] == 2);
  CHECK(doc["eval"]["after"]["texts"] == 2);
  std::map<std::string, std::string> types;
  for (const auto& t : doc["tensors"]) {
    types[t["name"]] = t["to"];
    if (t["to"] == "nano_q2") CHECK(t["relative_error"].get<double>() > t["rmse"].get<double>());
  }
  CHECK(types["blk.0.attn_q.weight"] == "nano_q2");
  CHECK(types["token_embd.weight"] == "nano_q3");
  CHECK(w.nano({"run", w.path("a.gguf"), "good film"}).exit_code == 0);
  REQUIRE(w.nano({"quantize", from, w.path("b.gguf"), "--type", "q2", "--uniform"}).exit_code == 0);
  CHECK(read(w.path("b.gguf")).size() < read(w.path("a.gguf")).size());
  write(w.path("texts.tsv"), "happy\tgood film\n");
  CHECK(w.nano({"quantize", from, w.path("c.gguf"), "--eval", w.path("texts.tsv")}).exit_code == 13);
  CHECK_FALSE(std::filesystem::exists(w.path("c.gguf")));
}

TEST_CASE("convert makes a GGUF that answers, and refuses what it does not do") {
  World w;
  const std::string dir = data("hf/distilbert_cls").string();
  const auto doc = w.json(w.nano({"convert", dir, w.path("a.gguf"), "--json"}))["data"];
  CHECK(doc["class"] == "DistilBertForSequenceClassification");
  CHECK(doc["task"] == "text-classification");
  CHECK(w.nano({"run", w.path("a.gguf"), "the film is good"}).exit_code == 0);
  CHECK(w.nano({"convert", dir, w.path("a.gguf")}).exit_code == 2);  // it exists
  const auto text = w.nano({"convert", dir, w.path("a.gguf"), "--force"});
  CHECK(has(text.out, "DistilBertForSequenceClassification"));
  CHECK(w.nano({"convert", w.path("none"), w.path("b.gguf")}).exit_code == 3);
  write(w.path("m/config.json"), "{}");
  write(w.path("m/pytorch_model.bin"), "\x80\x02");
  const auto pickle = w.nano({"convert", w.path("m"), w.path("b.gguf")});
  CHECK(pickle.exit_code == 14);
  CHECK(has(pickle.err, "safe_serialization=True"));
}

TEST_CASE("pack says what was left as new wrote it") {
  World w;
  REQUIRE(w.nano({"new", w.path("mine"), "--from", data("bert_tiny/bert_tiny.gguf").string()}).exit_code == 0);
  const auto doc = w.json(w.nano({"pack", w.path("mine"), "-o", w.path("a.nano"), "--json"}));
  const std::string warnings = doc["warnings"].dump();
  for (const char* part : {"description", "licence", "model card"}) CHECK(has(warnings, part));
  std::string manifest = read(w.path("mine/nano.json")), card = read(w.path("mine/README.md"));
  for (const auto& [from, to] : {std::pair{"What this model does, in a sentence or two.", "Tells good from bad."},
                                 std::pair{"LicenseRef-not-stated", "MIT"}}) {
    REQUIRE(has(manifest, from));
    manifest.replace(manifest.find(from), std::string(from).size(), to);
  }
  write(w.path("mine/nano.json"), manifest);
  write(w.path("mine/README.md"), card.replace(card.find("What it does"), 12, "It tells"));
  CHECK(w.json(w.nano({"pack", w.path("mine"), "-o", w.path("b.nano"), "--json"}))["warnings"].empty());
}

TEST_CASE("pack says that a head's base is still nobody's") {
  World w;
  REQUIRE(w.nano({"new", w.path("mine"), "--from", data("family/head_classify.gguf").string()}).exit_code == 0);
  const auto doc = w.json(w.nano({"pack", w.path("mine"), "-o", w.path("a.nano"), "--json"}));
  CHECK(has(doc["warnings"].dump(), "the base is still 'name-of-the-base'"));
}

TEST_CASE("new refuses a folder that holds something") {
  World w;
  write(w.path("full/file"), "x");
  const auto r = w.nano({"new", w.path("full")});
  CHECK(r.exit_code == 2);
  CHECK(read(w.path("full/file")) == "x");
}

}  // namespace
}  // namespace nano::test
