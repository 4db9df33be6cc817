// Golden files: what each kind of model answers is written down, replayed, and told apart from anything else.
#include <catch2/catch.hpp>

#include <cmath>

#include "app/golden_tasks.h"
#include "runtime_shim/tasks/spans.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

using schemas::GoldenFile;
using schemas::GoldenInput;
using Strings = std::vector<std::string>;

std::string family(const char* name) {
  return test::data(std::string("family/") + name + ".gguf").string();
}

const std::string& tagger() {
  static const std::string name = family("minilm") + "+" + family("head_tag");
  return name;
}

std::unique_ptr<Model> opened(const std::string& name) {
  auto model = Model::open(name, {.threads = 1});
  INFO((model ? "" : model.error().message));
  REQUIRE(model);
  return std::move(*model);
}

GoldenFile recorded(const Model& model, const std::vector<app::GoldenText>& texts) {
  auto record = app::record_golden_inputs(model, texts);
  INFO((record ? "" : record.error().message));
  REQUIRE(record);
  // As it is read back by others.
  auto parsed = schemas::parse_golden(schemas::write_golden(record->golden));
  REQUIRE(parsed);
  CHECK(*parsed == record->golden);
  return *parsed;
}

Strings failures(const Model& model, const GoldenFile& golden) {
  auto out = app::replay_golden_inputs(golden, model);
  INFO((out ? "" : out.error().message));
  REQUIRE(out);
  return out->failures;
}

/// The one failure that a change makes; exactly one.
std::string failure(const Model& model, const GoldenFile& golden) {
  const Strings all = failures(model, golden);
  for (const auto& f : all) UNSCOPED_INFO(f);
  REQUIRE(all.size() == 1);
  return all.front();
}

Error refusal(const Model& model, const GoldenFile& golden) {
  auto out = app::replay_golden_inputs(golden, model);
  REQUIRE_FALSE(out);
  return out.error();
}

schemas::Decimal decimal(double value) {
  return schemas::Decimal::of(value, 6).value();
}

/// The recorded score, moved.
schemas::Decimal moved(const schemas::Decimal& score, double by) {
  return decimal(score.value() + by);
}

TEST_CASE("a classifier's golden file holds, and one planted label or score fails it") {
  const auto model = opened(data("bert_tiny/bert_tiny.gguf").string());
  const GoldenFile good = recorded(*model, {{"a good film", {}}, {"never", {}}, {"", {}}});
  REQUIRE(good.inputs[0].answer == GoldenInput::Answer::label);
  CHECK(good.inputs[0].scores.size() == 3);
  CHECK(failures(*model, good).empty());
  GoldenFile changed = good;
  const std::string label = good.inputs[1].labels[0], other = label == "neutral" ? "positive" : "neutral";
  changed.inputs[1].labels = {other};
  CHECK(failure(*model, changed) == "input 2: " + label + ", not " + other);
  changed = good;
  auto& score = changed.inputs[2].scores.at("negative");
  score = moved(score, 0.009);
  CHECK(failures(*model, changed).empty());
  score = moved(score, 0.002);
  CHECK(has(failure(*model, changed), "input 3: score of negative "));
  changed = good;
  changed.inputs[0].scores.clear();
  CHECK(failures(*model, changed).empty());
  changed.inputs[0].scores.emplace("positve", decimal(0.5));
  CHECK(refusal(*model, changed).message == "the golden file's input 1: the model has no label 'positve'");
  CHECK(refusal(*model, changed).hint == "did you mean 'positive'?");
  changed.inputs[0] = {.text = "a", .answer = GoldenInput::Answer::entities};
  CHECK(refusal(*model, changed).code == Errc::invalid);
  CHECK(has(refusal(*model, changed).message, "answers with label"));
}

TEST_CASE("a multi-label classifier's golden file holds its labels above one half, and only these") {
  const auto model = opened(family("distilbert"));
  const GoldenFile good = recorded(*model, {{"the film is good", {}}, {"never", {}}, {"really boring", {}}});
  REQUIRE(good.inputs[0].answer == GoldenInput::Answer::labels);
  CHECK(failures(*model, good).empty());
  std::size_t have = 0, have_not = 0;
  for (std::size_t i = 0; i < good.inputs.size(); ++i) {
    const GoldenInput& in = good.inputs[i];
    for (const auto& [label, score] : in.scores) {
      const auto at = std::find(in.labels.begin(), in.labels.end(), label);
      CHECK((at != in.labels.end()) == (score.value() >= 0.5));
      if (std::abs(score.value() - 0.5) < 0.02) continue;
      GoldenFile changed = good;
      auto& labels = changed.inputs[i].labels;
      if (at != in.labels.end()) {
        labels.erase(labels.begin() + (at - in.labels.begin()));
        CHECK(has(failure(*model, changed), ": the label " + label + " ("));
        ++have;
      } else {
        labels.push_back(label);
        CHECK(has(failure(*model, changed), ": no label " + label + " ("));
        ++have_not;
      }
    }
  }
  CHECK(have > 0);
  CHECK(have_not > 0);
  GoldenFile changed = good;
  auto& [label, score] = *changed.inputs[0].scores.begin();
  score = moved(score, -0.011);
  CHECK(has(failure(*model, changed), "score of " + label));
}

TEST_CASE("labels that lie on the edge hold on either side of it") {
  const auto model = opened(family("distilbert"));
  GoldenFile golden = recorded(*model, {{"the film is good", {}}});
  // Whatever the model says: a label is wanted and refused by the file in turn; only what is clear fails.
  for (const auto& [label, score] : golden.inputs[0].scores) {
    for (const bool wanted : {true, false}) {
      GoldenFile one;
      one.inputs = {{.text = golden.inputs[0].text, .answer = GoldenInput::Answer::labels}};
      for (const auto& [l, s] : golden.inputs[0].scores)
        if (l == label ? wanted : s.value() >= 0.5) one.inputs[0].labels.push_back(l);
      const bool fails = wanted ? score.value() < 0.49 : score.value() >= 0.51;
      CHECK(failures(*model, one).size() == (fails ? 1 : 0));
    }
  }
}

TEST_CASE("a tagger's golden file holds, and a planted label, end, stretch or score fails it") {
  const auto model = opened(tagger());
  // Texts with few and with many stretches.
  const GoldenFile good = recorded(*model, {{"never", {}}, {"the film is good, but not really fun", {}}, {"", {}}});
  REQUIRE(good.inputs[1].answer == GoldenInput::Answer::entities);
  REQUIRE_FALSE(good.inputs[1].entities.empty());
  CHECK(failures(*model, good).empty());
  const auto& first = good.inputs[1].entities.front();
  const std::string at = " at bytes " + std::to_string(first.begin) + "-";
  GoldenFile changed = good;
  changed.inputs[1].entities[0].label = "XYZ";
  CHECK(has(failure(*model, changed), "input 2: " + first.label + at));
  CHECK(has(failure(*model, changed), ", not XYZ" + at));
  changed = good;
  changed.inputs[1].entities[0].end -= 1;
  CHECK(has(failure(*model, changed), ", not " + first.label + at + std::to_string(first.end - 1)));
  changed = good;
  changed.inputs[1].entities.erase(changed.inputs[1].entities.begin());
  CHECK(failure(*model, changed) == "input 2: " + first.label + at + std::to_string(first.end) + ", which the file does not have");
  changed = good;
  changed.inputs[2].text = "x";
  changed.inputs[2].entities = {{.begin = 0, .end = 1, .label = "PER", .score = {}}};
  GoldenFile alone;
  alone.inputs = {changed.inputs[2]};
  const Strings none = failures(*model, alone);
  REQUIRE(none.size() == 1);  // "no PER …", or another label than the model gives that text
  CHECK(has(none[0], "PER at bytes 0-1"));
  changed = good;
  auto& score = changed.inputs[1].entities[0].score;
  REQUIRE(score);
  score = moved(*score, 0.011);
  CHECK(has(failure(*model, changed), "input 2: score of " + first.label + at));
  score.reset();
  CHECK(failures(*model, changed).empty());
  changed.inputs[0] = {.text = "a", .answer = GoldenInput::Answer::label, .labels = {"PER"}};
  CHECK(has(refusal(*model, changed).message, "answers with entities"));
}

TEST_CASE("what is missing and what is too much are both told when stretches differ in number") {
  const auto model = opened(tagger());
  GoldenFile golden = recorded(*model, {{"the film is good, but not really fun", {}}});
  auto& entities = golden.inputs[0].entities;
  REQUIRE_FALSE(entities.empty());
  const auto last = entities.back();
  entities.pop_back();
  golden.inputs[0].text += "  zz";  // behind everything the model tags, or not: the file says it is one
  const std::size_t n = golden.inputs[0].text.size();
  entities.push_back({.begin = n - 3, .end = n - 2, .label = "NONE", .score = {}});
  const Strings all = failures(*model, golden);
  CHECK(std::any_of(all.begin(), all.end(), [](const auto& f) { return has(f, "input 1: no NONE at bytes"); }));
  CHECK(std::any_of(all.begin(), all.end(), [](const auto& f) { return has(f, "which the file does not have"); }));
}

TEST_CASE("sentence pairs are replayed as pairs") {
  const auto model = opened(family("minilm") + "+" + family("head_classify"));
  const GoldenFile good = recorded(*model, {{"the film is good", "it is not bad"}, {"the film is good", {}}});
  REQUIRE(good.inputs[0].pair == "it is not bad");
  CHECK(failures(*model, good).empty());
  CHECK_FALSE(good.inputs[0].scores == good.inputs[1].scores);
  GoldenFile changed = good;
  changed.inputs[0].pair.reset();
  CHECK_FALSE(failures(*model, changed).empty());
  changed = good;
  changed.inputs[1].pair = "it is not bad";
  CHECK_FALSE(failures(*model, changed).empty());
}

TEST_CASE("golden files made of PyTorch's answers hold here") {
  const Json all = parse_json(read(data("family/golden.json")), {.max_bytes = 1 << 20, .allow_floats = true}).value();
  const auto classifier = opened(family("minilm") + "+" + family("head_classify")), tags = opened(tagger()),
             vectors = opened(family("minilm") + "+" + family("head_embed"));
  std::size_t cases = 0;
  for (const Json& c : all.at("heads")) {
    if (c.at("adapter").get<bool>()) continue;
    ++cases;
    const std::string text = c.at("text");
    GoldenFile golden;
    GoldenInput& in = golden.inputs.emplace_back(GoldenInput{.text = text});
    const auto& labels = classifier->info().labels;
    const std::vector<double> scores = c.at("classify");
    for (std::size_t l = 0; l < labels.size(); ++l) in.scores.emplace(labels[l], decimal(scores[l]));
    in.labels = {labels[static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin())]};
    CHECK(failures(*classifier, golden).empty());
    in = {.text = text, .answer = GoldenInput::Answer::entities};
    const std::vector<float> probabilities = c.at("tag");
    for (const auto& s : tasks::decode_spans(text, tags->encode(text), tags->info().labels, probabilities))
      in.entities.push_back({s.begin, s.end, s.label, decimal(static_cast<double>(s.score))});
    CHECK(failures(*tags, golden).empty());
    in = {.text = text, .answer = GoldenInput::Answer::vector};
    for (const double x : c.at("embed")) in.vector.push_back(decimal(x));
    CHECK(failures(*vectors, golden).empty());
    std::reverse(in.vector.begin(), in.vector.end());
    CHECK(has(failure(*vectors, golden), "points elsewhere"));
    in.vector.assign(in.vector.size(), decimal(0));
    CHECK(has(failure(*vectors, golden), "points elsewhere"));
  }
  CHECK(cases >= 3);
}

TEST_CASE("what no golden file holds is not written down") {
  const auto model = opened(data("bert_tiny/bert_tiny.gguf").string());
  const auto refused = [&](const Model& m, const std::vector<app::GoldenText>& texts) {
    const auto r = app::record_golden_inputs(m, texts);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
    return r.error().message;
  };
  CHECK(has(refused(*model, {}), "1 to 32"));
  CHECK(has(refused(*model, std::vector<app::GoldenText>(33, {"a", {}})), "33 are given"));
  CHECK(has(refused(*model, {{"a", {}}, {std::string(16'385, 'x'), {}}}), "input 2: the text has 16385 bytes"));
  CHECK(has(refused(*model, {{"a", std::string(16'385, 'x')}}), "16385 bytes"));
  CHECK(has(refused(*model, {{"\xff", {}}}), "not UTF-8"));
  CHECK(has(refused(*opened(family("minilm")), {{"a", "b"}}), "embeds"));
  CHECK(has(refused(*opened(tagger() + "+" + family("head_classify")), {{"a", {}}}), "one head"));
  CHECK(app::record_golden_inputs(*model, {{std::string(16'384, 'x'), {}}}));
}

// --- with the programs ----------------------------------------------------------------------------------------

/// A world with a project in it, and packages of any weights.
struct GoldenWorld : World {
  GoldenWorld() { REQUIRE(nano({"init", project()}).exit_code == 0); }
  std::string project() const { return path("project"); }
  std::string lock() const { return read(project() + "/nano.lock"); }
  RunResult in(Strings args) { return nano(std::move(args), {}, {{"NANO_PROJECT", project()}}); }
  /// A folder of `weights` that names golden.json.
  std::string folder(const std::string& name, const std::string& weights, const Json& change) {
    const std::string dir_of = path("packages/" + name);
    REQUIRE(nano({"new", dir_of, "--from", weights, "--name", name}).exit_code == 0);
    Json m = parse_json(read(dir_of + "/nano.json")).value();
    m["version"] = "1.0.0";
    m["title"] = "A small random model called " + name;
    m["files"].push_back({{"path", "golden.json"}, {"role", "golden"}});
    m.update(change);
    write(dir_of + "/nano.json", dump_pretty(m));
    return dir_of;
  }
  void change(const std::string& dir_of, const Json& update) {
    Json m = parse_json(read(dir_of + "/nano.json")).value();
    m.update(update);
    write(dir_of + "/nano.json", dump_pretty(m));
  }
  void add_to_registry(const std::string& bundle) {
    const auto r = program("nano-registry", {"add", registry(), bundle});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    std::filesystem::remove(bundle);
  }
};

TEST_CASE("a tagger's golden file is written, packed, replayed and locked, what breaks it is said by pack and refused by sync") {
  GoldenWorld w;
  REQUIRE(w.nano({"convert", data("hf/bert_ner").string(), w.path("ner.gguf")}).exit_code == 0);
  const std::string dir = w.folder("places", w.path("ner.gguf"), Json::object());
  CHECK(w.nano({"pack", dir, "-o", w.path("x.nano")}).exit_code == 13);  // it names a file that is not there yet
  const auto wrote = w.nano({"golden", dir + "/", "-o", dir + "/golden.json"}, "good film, not bad\nbad\n\nfilm of the film\n");
  INFO(wrote.out << wrote.err);
  REQUIRE(wrote.exit_code == 0);
  CHECK(has(wrote.out, "golden.json: 4 inputs, sha256:"));
  w.add_to_registry(w.pack(dir));
  w.use_registry();
  const auto added = w.in({"add", "places"});
  INFO(added.out << added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(has(added.out, "places 1.0.0 behaves as its golden file says (4 inputs)"));
  CHECK(has(w.lock(), "\"golden\""));
  const auto verified = w.json(w.in({"verify", "--behaviour", "--json"}))["data"]["golden"][0];
  CHECK(verified["inputs"] == 4);
  CHECK(verified["ok"] == true);
  const std::string before = w.lock();
  const Json good = parse_json(read(dir + "/golden.json")).value();
  int version = 1;
  const auto broken = [&](const std::string& text, int code) {
    write(dir + "/golden.json", text);
    w.change(dir, {{"version", "1." + std::to_string(version) + ".0"}});
    const auto packed = w.nano({"pack", dir, "-o", w.path("x.nano")});
    CHECK(packed.exit_code == 13);
    CHECK_FALSE(std::filesystem::exists(w.path("x.nano")));
    w.add_to_registry(w.pack_unchecked(dir));
    const auto r = w.in({"add", "places@1." + std::to_string(version++) + ".0"});
    INFO(r.out << r.err);
    CHECK(r.exit_code == code);
    CHECK(w.lock() == before);
    return packed.out + r.err;
  };
  Json bad = good;
  bad["inputs"][0]["entities"][0]["end"] = bad["inputs"][0]["entities"][0]["end"].get<int>() - 1;
  std::string said = broken(dump_pretty(bad), 10);
  CHECK(has(said, "/files/2/path: 'golden.json', variant f16: input 1: LOC at bytes"));
  CHECK(has(said, "does not behave here as its golden file says: input 1: LOC at bytes"));
  said = broken(dump_pretty(good).substr(0, 300), 13);
  CHECK(has(said, "'golden.json': "));
  CHECK(has(said, "reading golden.json of places"));
  bad = good;
  while (bad["inputs"].size() < 33) bad["inputs"].push_back(good["inputs"][0]);
  CHECK(has(broken(dump_pretty(bad), 13), "/inputs: has 33 items, more than 32"));
  bad = good;
  bad["inputs"][0]["entities"][0]["score"] = "NaN";
  CHECK(has(broken(dump_pretty(bad), 13), "/inputs/0/entities/0/score"));
  bad = good;
  bad["inputs"][1]["text"] = std::string(16'385, 'x');
  CHECK(has(broken(dump_pretty(bad), 13), "/inputs/1/text: has 16385 bytes, more than 16384"));
  CHECK(has(broken(dump_pretty(good) + std::string(1'000'000, ' '), 13), "golden.json"));
}

TEST_CASE("a head's golden file is replayed on its base, again when the base changes, and holds the base back") {
  GoldenWorld w;
  const std::string abi = "bert/64/family-test";
  Json trunk_model = {{"family", "bert"}, {"architecture", "bert"}, {"parameters", 41664}, {"context_length", 48}, {"abi", abi}};
  const std::string trunk = w.path("packages/trunk");
  REQUIRE(w.nano({"new", trunk, "--from", family("minilm"), "--name", "trunk"}).exit_code == 0);
  w.change(trunk, {{"version", "1.0.0"}, {"title", "A small random trunk"}, {"kind", "base"}});
  w.add_to_registry(w.pack(trunk));
  const std::string head = w.folder("tags", family("head_tag"), {{"dependencies", {{{"name", "trunk"}, {"range", "^1"}, {"use", "base"}, {"abi", abi}}}}});
  const auto wrote = w.nano({"golden", trunk + "/+" + head + "/", "the film is good", "never", "-o", head + "/golden.json"});
  INFO(wrote.err);
  REQUIRE(wrote.exit_code == 0);
  const auto packed = w.nano({"pack", head, "-o", w.path("tags.nano")});
  CHECK(packed.exit_code == 0);
  CHECK(has(packed.err, "not replayed: its base trunk is not here"));
  w.add_to_registry(w.path("tags.nano"));
  w.use_registry();
  const auto added = w.in({"add", "tags"});
  INFO(added.out << added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(has(added.out, "tags 1.0.0 behaves as its golden file says (2 inputs)"));
  CHECK(has(w.in({"verify", "--behaviour", "tags"}).out, "tags 1.0.0 f16: behaves as its golden file says, 2 inputs"));
  // With the base installed, pack replays it too.
  REQUIRE(w.nano({"install", "trunk"}).exit_code == 0);
  Json bad = parse_json(read(head + "/golden.json")).value();
  bad["inputs"][0]["entities"][0]["label"] = "MISC";
  const std::string good = read(head + "/golden.json");
  write(head + "/golden.json", dump_pretty(bad));
  CHECK(has(w.nano({"pack", head, "-o", w.path("tags.nano"), "--force"}).out, ", not MISC at bytes"));
  write(head + "/golden.json", good);
  // A base that promises the same and answers otherwise.
  REQUIRE(w.nano({"quantize", family("minilm"), trunk + "/trunk.gguf", "--type", "q2", "--uniform", "--force"}).exit_code == 0);
  w.change(trunk, {{"version", "1.1.0"}});
  w.add_to_registry(w.pack(trunk));
  const std::string before = w.lock();
  const auto r = w.in({"upgrade"});
  INFO(r.out << r.err);
  CHECK(r.exit_code == 10);
  CHECK(has(r.err, "tags 1.0.0 on trunk 1.1.0 does not behave here as its golden file says: input 1: "));
  CHECK(has(r.err, "`nano pin`"));
  CHECK(w.lock() == before);
}

TEST_CASE("nano golden shows, writes, refuses, and warns of labels that lie close together") {
  World w;
  const std::string model = data("bert_tiny/bert_tiny.gguf").string();
  const auto shown = w.nano({"golden", model, "a good film"});
  REQUIRE(shown.exit_code == 0);
  CHECK(schemas::parse_golden(shown.out));
  const Json doc = w.json(w.nano({"golden", model, "--pair", "a good film", "never", "-o", w.path("g.json"), "--json"}));
  CHECK(doc["schema"] == "nano.golden/1");
  CHECK(doc["data"]["golden"]["inputs"][0]["text_pair"] == "never");
  CHECK(dump_pretty(doc["data"]["golden"]) == read(w.path("g.json")));
  const auto exists = w.nano({"golden", model, "a", "-o", w.path("g.json")});
  CHECK(exists.exit_code == 2);
  CHECK(has(exists.err, "--force"));
  CHECK(w.nano({"golden", model, "a", "-o", w.path("g.json"), "--force"}).exit_code == 0);
  std::string many;
  for (int i = 0; i < 33; ++i) many += "text\n";
  CHECK(w.nano({"golden", model}, many).exit_code == 2);
  CHECK(w.nano({"golden", model}, "").exit_code == 2);
  CHECK(w.nano({"golden", "no-such-model", "a"}).exit_code == 3);
  CHECK(w.nano({"golden", model, "a", "-o", w.path("none/there/g.json")}).exit_code == 9);
  const std::string close = family("minilm") + "+" + family("head_classify");
  std::string texts;
  for (const char* t : {"good", "bad", "never", "film", "the film", "not bad", "really", "fun", "boring", "it is", "a", "b", "c", "d", "is it"})
    texts += std::string(t) + "\n";
  const Json close_doc = w.json(w.nano({"golden", close, "--json"}, texts));
  std::size_t near = 0;
  for (const Json& in : close_doc["data"]["golden"]["inputs"]) {
    std::vector<double> scores;
    for (const auto& [label, s] : in["scores"].items()) scores.push_back(std::stod(s.get<std::string>()));
    std::sort(scores.rbegin(), scores.rend());
    near += scores[0] - scores[1] <= 0.02 ? 1 : 0;
  }
  CHECK(close_doc["warnings"].size() == near);
}

}  // namespace
}  // namespace nano::test
