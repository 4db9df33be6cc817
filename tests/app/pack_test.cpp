// `nano pack`, `new`, `quantize`: every problem at once, the same bytes every time.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>

#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/quant/types.h"
#include "schemas/vocabulary.h"
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

TEST_CASE("the same folder gives the same bytes whenever, wherever and by whomever it is packed") {
  World w;
  const std::string dir = w.make_package("tiny", "1.0.0", {{"x-note", {{"of", "mine"}}}});
  REQUIRE(w.nano({"pack", dir, "-o", w.path("a.nano")}).exit_code == 0);
  // Another folder with files of another age, made in another order, with other modes, a nano.json written otherwise, packed by its
  // relative path with a slash behind it, a second later, under another date, umask and locale.
  namespace stdfs = std::filesystem;
  const std::string other = w.path("some where/else");
  Json m = parse_json(read(dir + "/nano.json")).value();
  write(other + "/nano.json", m.dump());
  std::vector<stdfs::path> files;
  for (const auto& e : stdfs::recursive_directory_iterator(dir))
    if (e.is_regular_file() && e.path().filename() != "nano.json") files.push_back(e.path().lexically_relative(dir));
  std::sort(files.rbegin(), files.rend());
  for (const auto& f : files) {
    write(stdfs::path(other) / f, read(stdfs::path(dir) / f));
    stdfs::last_write_time(stdfs::path(other) / f, stdfs::file_time_type::clock::now() - std::chrono::hours(30000));
    stdfs::permissions(stdfs::path(other) / f, stdfs::perms::owner_read | stdfs::perms::owner_exec);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  const auto r = run({"/bin/sh", "-c", "cd '" + w.path("some where") + "' && umask 077 && exec '" + bin("nano") + "' pack else/ -o ../b.nano"}, {},
                     [&] {
                       auto env = w.environment();
                       env["SOURCE_DATE_EPOCH"] = "1234567890";
                       env["LC_ALL"] = "C.UTF-8";
                       env["TZ"] = "Asia/Tokyo";
                       return env;
                     }());
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(read(w.path("a.nano")) == read(w.path("b.nano")));
  // The registry's own packing of the folder is the same release.
  const std::string digest = w.json(w.nano({"pack", dir, "-o", w.path("c.nano"), "--json"}))["data"]["release_digest"];
  const auto added = w.program("nano-registry", {"add", w.registry(), dir});
  INFO(added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(has(added.out, digest));
}

TEST_CASE("a bundle says no date: it is never old enough for --min-age") {
  World w;
  const std::string bundle = w.pack(w.make_package("tiny"));
  const auto r = w.nano({"install", bundle, "--allow-unsigned", "--min-age", "7d"});
  CHECK(r.exit_code == 4);
  CHECK(has(r.err, "says no date that could be older than 7d"));
  CHECK(w.nano({"install", bundle, "--allow-unsigned"}).exit_code == 0);
}

namespace {

/// Pack `dir` and give its problems as "line pointer".
std::vector<std::string> problems_of(World& w, const std::string& dir) {
  const auto r = w.nano({"pack", dir, "-o", w.path("x.nano"), "--json"});
  CHECK(r.exit_code == 13);
  CHECK_FALSE(std::filesystem::exists(w.path("x.nano")));
  std::vector<std::string> out;
  const Json doc = w.json(r);
  for (const auto& p : doc["data"]["problems"])
    out.push_back((p["line"].is_null() ? "-" : p["line"].dump()) + " " + p["pointer"].get<std::string>());
  return out;
}

}  // namespace

TEST_CASE("problems of the manifest, of its files, of the weights and of their answers are told together, each with its line") {
  World w;
  const std::string dir = w.make_package("tiny");
  Json m = parse_json(read(dir + "/nano.json")).value();
  m["title"] = 7;
  m["license"]["spdx"] = "no such (licence";
  m["model"]["parameters"] = 7;
  m["labels"] = {"good", "bad", "ugly"};
  m["files"].push_back({{"path", "absent.txt"}, {"role", "other"}});
  write(dir + "/nano.json", dump_pretty(m));
  const auto all = problems_of(w, dir);
  const std::string text = read(dir + "/nano.json");
  const auto line = [&](const std::string& key) {
    return std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(key)), '\n'));
  };
  const auto told = [&](const std::string& one) { return std::find(all.begin(), all.end(), one) != all.end(); };
  INFO(Json(all).dump());
  CHECK(all.size() == 5);
  CHECK(told(line("\"title\"") + " /title"));
  CHECK(told(line("\"spdx\"") + " /license/spdx"));
  CHECK(told(line("\"parameters\"") + " /model/parameters"));
  CHECK(told(line("\"labels\"") + " /labels"));
  CHECK(told(line("absent.txt") + " /files/" + std::to_string(m["files"].size() - 1) + "/path"));
  const auto prose = w.nano({"pack", dir, "-o", w.path("x.nano")});
  CHECK(has(prose.out, "nano.json:" + line("\"title\"") + ": /title: must be a string"));
  CHECK(has(prose.err, "5 problems"));
}

TEST_CASE("wrong answers are told beside problems of the prose") {
  World w;
  const std::string dir = w.make_package("tiny");
  write(dir + "/golden.json", R"({"inputs": [{"text": "good film", "label": "no such label"}]})");
  Json m = parse_json(read(dir + "/nano.json")).value();
  m["files"].push_back({{"path", "golden.json"}, {"role", "golden"}});
  m["title"] = "";
  write(dir + "/nano.json", dump_pretty(m));
  const auto all = problems_of(w, dir);
  INFO(Json(all).dump());
  CHECK(all.size() == 2);
}

TEST_CASE("a number where a string belongs is one problem, with its place") {
  World w;
  for (const auto& [pointer, wrong] : std::vector<std::pair<std::string, Json>>{
           {"/version", 1.0}, {"/version", 1}, {"/name", 7}, {"/kind", 3}, {"/files/0/role", 7}, {"/files/0/path", 7}, {"/variants/0/name", 7},
           {"/variants/0/quantization", 4}, {"/variants/0/files/0", 7}, {"/task", 5}, {"/model/architecture", 5}, {"/model/parameters", 1.5},
           {"/license/spdx", 2}}) {
    const std::string dir = w.make_package("tiny");
    Json m = parse_json(read(dir + "/nano.json")).value();
    m[Json::json_pointer(pointer)] = wrong;
    write(dir + "/nano.json", m.dump(2));
    const auto r = w.nano({"pack", dir, "-o", w.path("x.nano"), "--json"});
    INFO(pointer << " " << r.out);
    const Json problems = w.json(r)["data"]["problems"];
    REQUIRE(problems.size() == 1);
    CHECK(problems[0]["pointer"] == pointer);
    CHECK_FALSE(has(r.out, "does not name it"));
    std::filesystem::remove_all(dir);
  }
}

TEST_CASE("q3 and q2 have one name in quantize, new, pack, info and run") {
  World w;
  const std::string from = data("bert_tiny/bert_tiny.gguf").string();
  for (const std::string said : {"q3", "q2"}) {
    const std::string file = w.path(said + ".gguf"), dir = w.path("tiny-" + said);
    REQUIRE(w.nano({"quantize", from, file, "--type", said}).exit_code == 0);
    REQUIRE(w.nano({"quantize", from, w.path("same.gguf"), "--type", "nano_" + said, "--force"}).exit_code == 0);
    CHECK(read(file) == read(w.path("same.gguf")));
    REQUIRE(w.nano({"new", dir, "--from", file}).exit_code == 0);
    Json m = parse_json(read(dir + "/nano.json")).value();
    CHECK(m["variants"][0]["quantization"] == "nano_" + said);
    CHECK(m["variants"][0]["name"] == said);
    REQUIRE(w.nano({"pack", dir, "-o", w.path(said + ".nano")}).exit_code == 0);
    m["variants"][0]["quantization"] = said;  // as people say it: the same package
    write(dir + "/nano.json", dump_pretty(m));
    REQUIRE(w.nano({"pack", dir, "-o", w.path(said + "-again.nano")}).exit_code == 0);
    CHECK(read(w.path(said + ".nano")) == read(w.path(said + "-again.nano")));
    REQUIRE(w.nano({"install", w.path(said + ".nano"), "--allow-unsigned"}).exit_code == 0);
    CHECK(w.nano({"run", "tiny-" + said + ":" + said, "good film"}).exit_code == 0);
    CHECK(has(w.nano({"info", "tiny-" + said}).out, "nano_" + said));
  }
}

TEST_CASE("the runtime's types and the manifest's words are one list") {
  for (const quant::TypeInfo& type : quant::all_types()) {
    INFO(type.name);
    const bool integers = type.name[0] == 'i' && type.name[1] != 'q';
    if (integers || type.name == "f64" || type.name == "q8_1") continue;  // no weights are of these
    CHECK(schemas::quantization_named(type.name));
    CHECK(quant::parse_type(type.name).has_value() == type.computable);
  }
  for (const auto spelling : schemas::quantize_spellings()) CHECK(quant::parse_type(spelling));
}

TEST_CASE("new makes a variant of each file of one model, and refuses two of a type or of two models") {
  World w;
  const std::string f32 = data("bert_tiny/bert_tiny.gguf").string(), q8 = w.path("a, b.gguf");
  REQUIRE(w.nano({"quantize", f32, q8, "--type", "q8"}).exit_code == 0);
  REQUIRE(w.nano({"new", w.path("tiny"), "--from", q8, "--from", f32}).exit_code == 0);
  const Json m = parse_json(read(w.path("tiny/nano.json"))).value();
  REQUIRE(m["variants"].size() == 2);
  CHECK(m["variants"][0]["name"] == "q8");
  CHECK(m["variants"][0]["default"] == true);
  CHECK(m["variants"][1]["name"] == "f32");
  CHECK(read(w.path("tiny/tiny-q8.gguf")) == read(q8));
  CHECK(w.nano({"pack", w.path("tiny"), "-o", w.path("x.nano")}).exit_code == 0);
  CHECK(w.nano({"new", w.path("b"), "--from", q8, "--from", q8}).exit_code == 2);
  CHECK(w.nano({"new", w.path("c"), "--from", q8, "--from", data("family/head_classify.gguf").string()}).exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(w.path("b/nano.json")));
}

TEST_CASE("a golden file that nano.json does not name is noticed by pack, and golden --record names it") {
  World w;
  const std::string dir = w.make_package("tiny");
  REQUIRE(w.nano({"golden", dir + "/", "-o", dir + "/golden.json", "good film"}).exit_code == 0);
  const auto noticed = w.nano({"pack", dir, "-o", w.path("x.nano")});
  CHECK(noticed.exit_code == 0);
  CHECK(has(noticed.err, R"(it is a golden file: add {"path": "golden.json", "role": "golden"} to the files)"));
  std::filesystem::remove(dir + "/golden.json");
  const auto doc = w.json(w.nano({"golden", dir + "/", "--record", "--json", "good film"}))["data"];
  CHECK(doc["output"] == dir + "/golden.json");
  CHECK(doc["recorded"] == dir + "/nano.json");
  const auto packed = w.nano({"pack", dir, "-o", w.path("y.nano")});
  CHECK(packed.exit_code == 0);
  CHECK_FALSE(has(packed.err, "golden.json"));
  // Again is fine, elsewhere is not.
  CHECK(w.nano({"golden", dir + "/", "--record", "--force", "bad film"}).exit_code == 0);
  CHECK(w.nano({"golden", dir + "/", "--record", "-o", w.path("golden.json"), "bad film"}).exit_code == 2);
  CHECK(w.nano({"golden", data("bert_tiny/bert_tiny.gguf").string(), "--record", "bad film"}).exit_code == 2);
  const Json m = parse_json(read(dir + "/nano.json")).value();
  std::size_t named = 0;
  for (const auto& f : m["files"]) named += f["role"] == "golden" ? 1 : 0;
  CHECK(named == 1);
}

TEST_CASE("each variant's golden file is recorded as that variant's") {
  World w;
  const std::string f32 = data("bert_tiny/bert_tiny.gguf").string(), q8 = w.path("q8.gguf"), dir = w.path("tiny");
  REQUIRE(w.nano({"quantize", f32, q8, "--type", "q8"}).exit_code == 0);
  REQUIRE(w.nano({"new", dir, "--from", q8, "--from", f32}).exit_code == 0);
  REQUIRE(w.nano({"golden", dir + "/", "--record", "good film"}).exit_code == 0);
  REQUIRE(w.nano({"golden", dir + "/tiny-f32.gguf", "--record", "good film"}).exit_code == 0);
  const Json m = parse_json(read(dir + "/nano.json")).value();
  CHECK(m["variants"][0]["files"] == Json({"tiny-q8.gguf", "golden-q8.json"}));
  CHECK(m["variants"][1]["files"] == Json({"tiny-f32.gguf", "golden-f32.json"}));
  CHECK(w.nano({"pack", dir, "-o", w.path("x.nano")}).exit_code == 0);
}

TEST_CASE("bench --record writes claims that pack takes, and measures them anew without doubling them") {
  World w;
  const std::string dir = w.make_package("tiny");
  const std::string label = w.json(w.nano({"run", dir + "/", "--json", "good film"}))["data"]["results"][0]["label"];
  write(dir + "/eval.tsv", label + "\tgood film\n");
  for (int i = 0; i < 2; ++i) {
    const auto r = w.nano({"bench", dir + "/", "--record", "--eval-file", dir + "/eval.tsv", "--tokens", "8,32", "--runs", "3", "--json"});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    CHECK(w.json(r)["data"]["recorded"].size() == 2);
  }
  const Json m = parse_json(read(dir + "/nano.json")).value();
  REQUIRE(m["claims"].size() == 2);
  CHECK(m["claims"][0]["metric"]["value"] == "1.0000");
  CHECK(m["claims"][0]["dataset"]["id"] == "eval.tsv");
  CHECK(m["files"].back() == Json({{"path", "eval.tsv"}, {"role", "eval"}}));
  CHECK(m["claims"][1]["latency"].contains("p50_ms"));
  CHECK(m["claims"][1]["conditions"]["threads"] == 1);
  CHECK(m["claims"][1]["conditions"].contains("calibration_us"));
  CHECK(has(m["claims"][1]["command"].get<std::string>(), "--tokens 32"));
  CHECK(w.nano({"pack", dir, "-o", w.path("x.nano")}).exit_code == 0);
  CHECK(w.nano({"bench", data("bert_tiny/bert_tiny.gguf").string(), "--record", "--runs", "1"}).exit_code == 2);
}

TEST_CASE("a bundle's card is shown, of a packed file and of an export") {
  World w;
  const std::string dir = w.make_package("tiny");
  write(dir + "/README.md", "# Tiny\n\nThe card inside.\n");
  const std::string bundle = w.pack(dir);
  const auto card = w.nano({"card", bundle});
  INFO(card.err);
  CHECK(card.exit_code == 0);
  CHECK(has(card.out, "The card inside."));
  w.publish("other");
  w.use_registry();
  REQUIRE(w.nano({"install", "other"}).exit_code == 0);
  REQUIRE(w.nano({"export", "other", "-o", w.path("e.nano")}).exit_code == 0);
  const auto exported = w.nano({"card", w.path("e.nano"), "--raw"});
  INFO(exported.err);
  CHECK(exported.exit_code == 0);
  CHECK(has(exported.out, "# other"));
  CHECK(w.nano({"card", w.path("none.nano")}).exit_code == 3);
  std::string bytes = read(bundle);
  write(w.path("cut.nano"), bytes.substr(0, bytes.size() / 2));
  const auto cut = w.nano({"card", w.path("cut.nano")});
  CHECK((cut.exit_code == 13 || cut.exit_code == 6));
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

TEST_CASE("quantize says which weights are of another type than was asked for, and what the new file will not do") {
  World w;
  // Rows of 16 values: no block type holds them.
  const std::string narrow = w.path("narrow.gguf");
  REQUIRE(w.nano({"convert", data("hf/bert_cls").string(), narrow}).exit_code == 0);
  const auto r = w.nano({"quantize", narrow, w.path("a.gguf"), "--type", "q4_0"});
  REQUIRE(r.exit_code == 0);
  CHECK(has(r.out, "f16, not q4_0"));
  CHECK(has(r.out, "rows of 16 values are no multiple of 32"));
  CHECK(has(r.out, "f32, not q4_0"));
  CHECK_FALSE(has(r.err, "warning"));
  // Wider blocks give nothing back.
  const std::string from = data("bert_tiny/bert_tiny.gguf").string();
  REQUIRE(w.nano({"quantize", from, w.path("q4.gguf"), "--type", "q4"}).exit_code == 0);
  const auto back = w.nano({"quantize", w.path("q4.gguf"), w.path("q8.gguf"), "--type", "q8"});
  CHECK(back.exit_code == 0);
  CHECK(has(back.err, "nothing that was lost comes back"));
  const auto doc = w.json(w.nano({"quantize", w.path("q4.gguf"), w.path("q8b.gguf"), "--type", "q8", "--json"}));
  CHECK(doc["data"]["type"] == "q8_0");
  CHECK(doc["warnings"].size() == 1);
  CHECK(w.json(w.nano({"quantize", from, w.path("q8c.gguf"), "--type", "q8", "--json"}))["warnings"].empty());
}

TEST_CASE("quantize of a model that writes text warns of the types that make nonsense of it") {
  World w;
  const std::string from = w.path("llama.gguf");
  gguf::Builder b;
  b.set_string("general.architecture", "llama");
  const std::vector<float> values(64 * 2, 0.5f);
  REQUIRE(b.add_f32("blk.0.ffn_up.weight", {64, 2}, values));
  REQUIRE(b.write(from));
  const auto low = w.nano({"quantize", from, w.path("q2.gguf"), "--type", "q2"});
  CHECK(low.exit_code == 0);
  CHECK(has(low.err, "nonsense in q2"));
  CHECK(has(w.nano({"quantize", from, w.path("q3.gguf"), "--type", "q3"}).err, "nonsense in q3"));
  CHECK_FALSE(has(w.nano({"quantize", from, w.path("q4.gguf"), "--type", "q4"}).err, "nonsense"));
  const std::string encoder = data("bert_tiny/bert_tiny.gguf").string();
  CHECK_FALSE(has(w.nano({"quantize", encoder, w.path("b.gguf"), "--type", "q2"}).err, "nonsense"));
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
