// tests/schemas/manifest_test.cpp: what a manifest's reader says, and what its look-ups find.
#include "schemas/manifest.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/json.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::schemas;

namespace {

std::string golden(const char* name) {
  const char* source = std::getenv("NANO_SOURCE");
  REQUIRE(source != nullptr);
  return test::read(std::filesystem::path(source) / "tests/schemas/golden/manifest" / name);
}
Json example() { return Json::parse(golden("valid/sentiment-50m.json")); }
bool reports(const Problems& problems, const std::string& pointer, const std::string& message, const std::string& hint = "") {
  for (const Problem& p : problems)
    if (p.pointer == pointer && p.message.find(message) != std::string::npos && p.hint.find(hint) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("the example manifest says what was written in it") {
  const auto m = parse_manifest(golden("valid/sentiment-50m.json"));
  REQUIRE(m);
  CHECK(m->name.text() == "sentiment-50m");
  CHECK(m->version.text() == "1.0.0");
  CHECK(m->kind == Kind::model);
  CHECK(m->license.spdx == "Apache-2.0");
  CHECK(m->task == "text-classification");
  CHECK(m->labels == std::vector<std::string>{"negative", "positive"});
  REQUIRE(m->model);
  CHECK(m->model->parameters == 50331648);
  CHECK(m->model->context_length == 256);
  CHECK(m->datasets.size() == 4);
  REQUIRE(m->claims.size() == 1);
  CHECK(m->claims[0].metric->value.text() == "0.8633");
  CHECK(m->claims[0].conditions->threads == 2u);
  CHECK(m->extensions.at("/x-recipe") == R"({"script":"recipe/train.py","seed":1})");
}

TEST_CASE("a variant's files are its own and the shared ones") {
  const auto m = parse_manifest(golden("valid/sentiment-50m.json"));
  REQUIRE(m);
  REQUIRE(m->default_variant() != nullptr);
  CHECK(m->default_variant()->name == "q8");
  CHECK(m->find_variant("q4") != nullptr);
  CHECK(m->find_variant("q5") == nullptr);
  CHECK(m->file_of(Role::weights, "q4")->path == "sentiment-50m-q4.gguf");
  CHECK(m->file_of(Role::card, "q4")->path == "README.md");
  CHECK(m->file_of(Role::weights) == nullptr);
  std::vector<std::string> paths;
  for (const FileEntry* f : m->files_of("q4")) paths.push_back(f->path);
  CHECK(paths == std::vector<std::string>{"sentiment-50m-q4.gguf", "README.md", "LICENSE", "eval/eval300.tsv", "eval/golden.json"});
}

TEST_CASE("a sole variant is the default without saying so") {
  const auto m = parse_manifest(golden("valid/minimal.json"));
  REQUIRE(m);
  CHECK(m->default_variant()->name == "f32");
}

TEST_CASE("all problems are reported at once, each with its place") {
  Json doc = example();
  doc["version"] = "1.02.0";
  doc["task"] = "text-clasification";
  doc["license"]["spdx"] = "Apache 2.0";
  doc["variants"][0]["quantisation"] = "q8_0";
  doc["variants"][0].erase("quantization");
  doc["variants"][1]["files"] = {"sentiment-50m-q5.gguf"};
  doc["files"][2]["path"] = "../README.md";
  doc["claims"][0]["conditions"].erase("threads");
  const Problems p = check_manifest(doc.dump());
  CHECK(reports(p, "/version", "leading zero"));
  CHECK(reports(p, "/task", "is not one of", "did you mean 'text-classification'?"));
  CHECK(reports(p, "/license/spdx", "not an SPDX"));
  CHECK(reports(p, "/variants/0/quantisation", "unknown key 'quantisation'", "did you mean 'quantization'?"));
  CHECK(reports(p, "/variants/1/files/0", "not among the files", "did you mean 'sentiment-50m-q8.gguf'?"));
  CHECK(reports(p, "/files/2/path", "not a package path"));
  CHECK(reports(p, "/claims/0", "without device and threads"));
  CHECK(p.size() == 7);  // and nothing that follows from these
}

TEST_CASE("a misspelt key is one problem, not two") {
  Json doc = Json::parse(golden("valid/minimal.json"));
  doc["verison"] = doc["version"];
  doc.erase("version");
  const Problems p = check_manifest(doc.dump());
  REQUIRE(p.size() == 1);
  CHECK(p[0].pointer == "/verison");
  CHECK_THAT(p[0].hint, Catch::Contains("'version'"));
}

TEST_CASE("the first problem becomes the error, with thing, place and remedy") {
  Json doc = example();
  doc["kind"] = "modle";
  const auto m = parse_manifest(doc.dump());
  REQUIRE_FALSE(m);
  CHECK(m.error().code == Errc::invalid);
  CHECK_THAT(m.error().message, Catch::StartsWith("manifest: /kind: 'modle' is not one of"));
  CHECK(m.error().hint == "did you mean 'model'?");
}

TEST_CASE("keys that begin with x- come back word for word, wherever they stood") {
  const auto m = parse_manifest(golden("valid/extensions_at_every_level.json"));
  REQUIRE(m);
  const Json before = Json::parse(golden("valid/extensions_at_every_level.json"));
  const Json after = Json::parse(write_manifest(m.value()));
  for (const char* pointer : {"/x-note", "/variants/0/x-speed", "/model/x-layers", "/files/1/x-lang", "/claims/0/x-host", "/x-recipe"}) {
    INFO(pointer);
    CHECK(after.at(Json::json_pointer(pointer)) == before.at(Json::json_pointer(pointer)));
  }
}

TEST_CASE("foreign text in a message cannot drive a terminal") {
  Json doc = Json::parse(golden("valid/minimal.json"));
  doc["kind"] = "mo\x1b[31mdel";
  doc["\x1b]0;x"] = 1;
  for (const Problem& p : check_manifest(doc.dump())) CHECK(p.message.find('\x1b') == std::string::npos);
}

TEST_CASE("a hostile manifest of many faults costs little") {
  Json doc = Json::parse(golden("valid/minimal.json"));
  Json files = Json::array();
  for (int i = 0; i < 1000; ++i) files.push_back({{"path", "file-of-many-" + std::to_string(i)}, {"role", "other"}});
  doc["files"] = files;
  Json variants = Json::array();
  for (int i = 0; i < 32; ++i) {
    Json names = Json::array();
    for (int k = 0; k < 500; ++k) names.push_back("fiel-of-many-" + std::to_string(k));
    variants.push_back({{"name", "v" + std::to_string(i)}, {"quantization", "f32"}, {"files", names}});
  }
  doc["variants"] = variants;
  CHECK(check_manifest(doc.dump()).size() > 16000);
  CHECK_FALSE(parse_manifest(std::string(kMaxManifestBytes + 1, ' ')));
}

TEST_CASE("SPDX expressions, URLs and language tags are told from what is not") {
  for (const char* s : {"MIT", "Apache-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0", "(MIT OR Apache-2.0) AND CC-BY-4.0", "GPL-2.0+", "LicenseRef-x"})
    CHECK(is_spdx_expression(s));
  for (const char* s : {"", "MIT OR", "OR MIT", "MIT Apache-2.0", "(MIT", "MIT)", "MIT/Apache", " MIT", "()", "MIT OR OR MIT"}) CHECK_FALSE(is_spdx_expression(s));
  CHECK_FALSE(is_spdx_expression(std::string(400, '(') + "MIT"));
  for (const char* s : {"https://a.b/c?d#e", "http://localhost:8080"}) CHECK(is_web_url(s));
  for (const char* s : {"", "ftp://a", "https://", "https://a b", "javascript:alert(1)", "https:/a", "//a", "https://a\n"}) CHECK_FALSE(is_web_url(s));
  CHECK(is_language("en"));
  CHECK_FALSE(is_language("EN"));
}

namespace {

/// Every place of a document below `x-` keys excepted.
void places(const Json& doc, const std::string& at, std::vector<std::string>& out) {
  const auto add = [&](const std::string& key, const Json& value) {
    const std::string place = at + "/" + key;
    out.push_back(place);
    places(value, place, out);
  };
  if (doc.is_object())
    for (const auto& [key, value] : doc.items())
      if (key.rfind("x-", 0) != 0) add(key, value);
  if (doc.is_array())
    for (std::size_t i = 0; i < doc.size(); ++i) add(std::to_string(i), doc[i]);
}

bool within(const std::string& place, const std::string& outer) { return place == outer || place.rfind(outer + "/", 0) == 0; }

}  // namespace

TEST_CASE("a value of a wrong type, anywhere in a manifest, is told with its place and nothing else is") {
  for (const char* file : {"valid/sentiment-50m.json", "valid/head_gated.json", "valid/grid.json", "valid/project_with_override_and_pin.json"}) {
    const std::string text = golden(file);
    REQUIRE_FALSE(text.empty());
    const Json good = Json::parse(text);
    std::vector<std::string> all;
    places(good, "", all);
    REQUIRE(all.size() > 10);
    for (const std::string& pointer : all) {
      for (const Json& wrong : {Json(7), Json(1.5), Json(true), Json("\x01"), Json(Json::array()), Json(Json::object()), Json(nullptr)}) {
        Json bad = good;
        Json& value = bad[Json::json_pointer(pointer)];
        if (value.type() == wrong.type() || (value.is_number() && wrong.is_number_integer())) continue;
        value = wrong;
        const Problems problems = check_manifest(dump_pretty(bad));
        INFO(file << " " << pointer << " = " << wrong.dump());
        CHECK_FALSE(problems.empty());
        for (const Problem& p : problems) {
          INFO(p.pointer << ": " << p.message);
          CHECK(within(p.pointer, pointer));
        }
      }
    }
  }
}

TEST_CASE("a number with a fraction is a fault of its place, also in a key of one's own") {
  Json m = example();
  m["version"] = 1.0;
  m["x-mine"] = {{"share", 0.5}};
  m["titel"] = "x";
  const Problems problems = check_manifest(dump_pretty(m));
  CHECK(reports(problems, "/version", "must be a string"));
  CHECK(reports(problems, "/x-mine/share", "a number with a fraction"));
  CHECK(reports(problems, "/titel", "unknown key"));
  CHECK(problems.size() == 3);
  CHECK_FALSE(parse_manifest(dump_pretty(m)));
}

TEST_CASE("64 zeros are no digest") {
  Json m = example();
  m["claims"][0]["dataset"]["digest"] = "sha256:" + std::string(64, '0');
  CHECK(reports(check_manifest(dump_pretty(m)), "/claims/0/dataset/digest", "64 zeros"));
  m["claims"][0]["dataset"]["digest"] = "sha256:" + std::string(63, '0') + "1";
  CHECK(check_manifest(dump_pretty(m)).empty());
}

TEST_CASE("a quantization may be written as people say it, and is kept by its name") {
  Json m = example();
  for (const auto& [said, name] : {std::pair{"q3", "nano_q3"}, {"q2", "nano_q2"}, {"q8", "q8_0"}, {"nano_q3", "nano_q3"}, {"iq4_nl", "iq4_nl"}}) {
    m["variants"][0]["quantization"] = said;
    const auto parsed = parse_manifest(dump_pretty(m));
    REQUIRE(parsed);
    CHECK(parsed->variants[0].quantization == name);
  }
  m["variants"][0]["quantization"] = "q7";
  CHECK(reports(check_manifest(dump_pretty(m)), "/variants/0/quantization", "'q7' is not one of"));
  for (const std::string& word : quantization_words()) CHECK(quantization_named(word) == word);
  CHECK(quantization_short("nano_q3") == "q3");
  CHECK(quantization_short("q4_1") == "q4-1");
  CHECK_FALSE(quantization_named("q9"));
}

TEST_CASE("as much of a faulty manifest as can be read is given beside its problems") {
  Json m = example();
  m["title"] = 7;
  const ManifestReading r = read_manifest(dump_pretty(m));
  REQUIRE(r.manifest);
  CHECK(r.manifest->name.text() == "sentiment-50m");
  CHECK(r.manifest->variants.size() == 2);
  CHECK(r.problems.size() == 1);
  CHECK(any_about(r.problems, "/title"));
  CHECK_FALSE(any_about(r.problems, "/titles"));
  CHECK_FALSE(read_manifest("[1").manifest);
}
