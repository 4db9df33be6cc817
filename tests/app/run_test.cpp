// `nano run`: every kind of text, every way in, streaming.
#include <catch2/catch.hpp>

#include "base/json.h"
#include "base/text.h"
#include "tests/app/world.h"

namespace nano::test {
namespace {

struct Installed : World {
  Installed() {
    publish("tiny");
    use_registry();
    REQUIRE(nano({"install", "tiny"}).exit_code == 0);
  }
};

TEST_CASE("empty, very long, non-UTF-8 and emoji text all get an answer") {
  Installed w;
  for (const std::string& text :
       std::vector<std::string>{"", " ", "\xff\xfe\xc3(", "😀🎉👩‍👩‍👧",
                                std::string(100000, 'a'), "a\x1b[31mb", "\n\n"}) {
    const auto r = w.nano({"run", "tiny", "--json", "--", text});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    CHECK(w.json(r)["data"]["results"].size() == 1);
    CHECK_FALSE(has(r.out, "\x1b"));
  }
  std::string megabyte;
  while (megabyte.size() < (1U << 20)) megabyte += "good film bad ";
  const auto r = w.nano({"run", "tiny", "-", "--json"}, megabyte);
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(w.json(r)["data"]["results"].size() == 1);
}

TEST_CASE("lines from a pipe give one result a line, and --jsonl one object a line") {
  Installed w;
  const auto plain = w.nano({"run", "tiny"}, "one\ntwo\n\nthree");
  CHECK(plain.exit_code == 0);
  CHECK(split(trim(plain.out), '\n').size() == 4);
  const auto lines = w.nano({"run", "tiny", "--jsonl"}, "one\ntwo\n");
  REQUIRE(lines.exit_code == 0);
  const auto rows = split(trim(lines.out), '\n');
  REQUIRE(rows.size() == 2);
  JsonLimits limits;
  limits.allow_floats = true;
  CHECK(parse_json(rows[1], limits).value()["input"] == "two");
}

TEST_CASE("a path of a GGUF and a package folder work where a name does") {
  Installed w;
  const std::string gguf = data("bert_tiny/bert_tiny.gguf").string();
  const std::string by_name = w.nano({"run", "tiny", "good"}).out;
  CHECK(w.nano({"run", gguf, "good"}).out == by_name);
  CHECK(w.nano({"run", w.path("packages/tiny-1.0.0") + "/", "good"}).out == by_name);
  const auto none = w.nano({"run", "./nothing.gguf", "x"});
  CHECK(none.exit_code == 3);
  CHECK(has(none.err, "nothing.gguf"));
}

TEST_CASE("a package that is not installed is installed by --install and offered otherwise") {
  World w;
  w.publish("tiny");
  w.use_registry();
  const auto no = w.nano({"run", "tiny", "x"});
  CHECK(no.exit_code == 3);
  CHECK(has(no.err, "nano install tiny"));
  CHECK(w.nano({"run", "tiny", "x", "--install"}).exit_code == 0);
  const auto slip = w.nano({"run", "tinny", "x"});
  CHECK(slip.exit_code == 3);
  CHECK(has(slip.err, "tiny"));
}

TEST_CASE("a broken GGUF is an invalid file, whatever is cut or overwritten") {
  World w;
  const std::string whole = read(data("bert_tiny/bert_tiny.gguf"));
  const std::string file = w.path("broken.gguf");
  for (int percent = 0; percent < 100; percent += 10) {
    write(file, whole.substr(0, whole.size() * static_cast<std::size_t>(percent) / 100));
    const auto r = w.nano({"run", file, "x"});
    INFO(percent << "%: " << r.err);
    CHECK(r.exit_code == 13);
    CHECK(has(r.err, "broken.gguf"));
  }
  for (const std::size_t at : {0U, 4U, 8U, 16U, 24U, 32U}) {
    for (const char fill : {'\x00', '\x7f', '\xff'}) {
      std::string bytes = whole;
      for (std::size_t i = at; i < at + 4; ++i) bytes[i] = fill;
      write(file, bytes);
      const auto r = w.nano({"run", file, "x"});
      INFO(at << ": " << r.err);
      CHECK((r.exit_code == 13 || r.exit_code == 14));
    }
  }
  write(file, "PK\x03\x04 this is a zip");
  CHECK(w.nano({"run", file, "x"}).exit_code == 13);
  CHECK(w.nano({"inspect", file}).exit_code == 13);
}

TEST_CASE("NANO_KERNELS forces a table and a name that is none is an error") {
  Installed w;
  const auto ref = w.nano({"run", "tiny", "good film", "--json"}, {}, {{"NANO_KERNELS", "ref"}});
  REQUIRE(ref.exit_code == 0);
  const auto bad = w.nano({"run", "tiny", "x"}, {}, {{"NANO_KERNELS", "sse9"}});
  CHECK((bad.exit_code == 2 || bad.exit_code == 3));
  CHECK(has(bad.err, "sse9"));
}

TEST_CASE("embed gives a vector of length one") {
  Installed w;
  const auto doc = w.json(w.nano({"embed", "tiny", "good film", "--json"}));
  const auto& vector = doc["data"]["results"][0]["vector"];
  CHECK(vector.size() == 64);
  double sum = 0;
  for (const auto& x : vector) sum += x.get<double>() * x.get<double>();
  CHECK(sum == Approx(1).margin(1e-3));
}

Json parsed(const std::string& line) {
  const auto doc = parse_json(line, {.allow_floats = true});
  REQUIRE(doc);
  return *doc;
}

// Heads, an adapter and their base, by path.
std::string family(const std::string& names) {
  std::string out;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find('+', at), names.size());
    out += (at == 0 ? "" : "+") + test::data("family/" + names.substr(at, end - at) + ".gguf").string();
    at = end + 1;
  }
  return out;
}

TEST_CASE("a tagger prints a line for each entity, with its bytes and characters") {
  World w;
  const std::string text = "A really boring movie, not fun at all!";
  const auto r = w.nano({"run", family("minilm+head_tag"), text, ""});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  const auto j = w.json(w.nano({"run", family("minilm+head_tag"), "--json", text, ""}))["data"]["results"];
  REQUIRE(j.size() == 2);
  const auto& entities = j[0]["entities"];
  REQUIRE_FALSE(entities.empty());
  std::string lines;
  for (const auto& e : entities) {
    const auto begin = e["begin"].get<std::size_t>(), end = e["end"].get<std::size_t>();
    CHECK(e["text"] == text.substr(begin, end - begin));
    CHECK(e["char_begin"] == begin);  // all of it is ASCII
    char score[16];
    std::snprintf(score, sizeof score, "%.4f", e["score"].get<double>());
    const std::string range = std::to_string(begin) + "-" + std::to_string(end);
    lines += "1\t" + e["label"].get<std::string>() + "\t" + score + "\tbytes " + range + "\tchars " + range + "\t" +
             e["text"].get<std::string>() + "\n";
  }
  CHECK(r.out == lines + "2\tnone\n");
}

TEST_CASE("several heads answer by their names, in lines and in JSON, and an adapter changes them") {
  World w;
  const std::string model = family("minilm+head_classify+head_tag+head_embed");
  const auto r = w.nano({"run", model, "the film is good"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  CHECK(r.out.starts_with("head_classify\t"));
  CHECK(has(r.out, "\nhead_tag\t1\t"));
  CHECK(has(r.out, "\nhead_embed\t["));
  const auto j = w.json(w.nano({"run", model, "--json", "the film is good"}))["data"]["results"][0]["heads"];
  CHECK(j.size() == 3);
  CHECK(j["head_classify"]["scores"].size() == 3);
  CHECK(j["head_embed"]["vector"].size() == 32);
  const auto scores = [&](std::vector<std::string> args) {
    args.insert(args.begin(), "run");
    args.insert(args.end(), {"--jsonl", "the film is good"});
    const auto run = w.nano(args);
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    return parsed(run.out)["scores"];
  };
  const auto plain = scores({family("minilm+head_classify")}), adapted = scores({family("minilm+head_classify+lora")}),
             merged = scores({family("minilm+head_classify+lora"), "--merge"});
  CHECK(plain != adapted);
  for (const auto& [label, score] : adapted.items())
    CHECK(score.get<double>() == Approx(merged[label].get<double>()).margin(1e-3));
  CHECK(w.nano({"run", family("minilm+head_embed"), "a"}).exit_code == 14);
  CHECK(w.nano({"run", family("distilbert+head_classify"), "a"}).exit_code == 14);
}

TEST_CASE("a base and a head are packed, published, installed and run by their names, and a head of another ABI is refused") {
  World w;
  const std::string abi = "bert/64/family-test";
  const auto publish = [&](const std::string& name, const std::string& file, const Json& change) {
    const std::string folder = w.path("packages/" + name);
    auto r = w.nano({"new", folder, "--from", test::data("family/" + file).string(), "--name", name});
    INFO(r.err);
    REQUIRE(r.exit_code == 0);
    Json m = parse_json(read(folder + "/nano.json")).value();
    m["title"] = name;
    m["model"]["abi"] = abi;
    m["license"]["spdx"] = "MIT";
    for (const auto& [key, value] : change.items()) m[key] = value;
    if (change.contains("dependencies")) m["model"].erase("abi");
    write(folder + "/nano.json", dump_pretty(m));
    r = w.nano({"pack", folder, "-o", folder + ".nano"});
    if (r.exit_code != 0) return r;
    return w.program("nano-registry", {"add", w.registry(), folder + ".nano"});
  };
  const auto needs = [&](const std::string& tag) {
    return Json::array({{{"name", "trunk"}, {"range", "*"}, {"use", "base"}, {"abi", tag}}});
  };
  auto r = publish("trunk", "minilm.gguf", {{"kind", "base"}});
  INFO(r.err << r.out);
  REQUIRE(r.exit_code == 0);
  r = publish("topic", "head_classify.gguf",
              {{"kind", "head"}, {"task", "text-classification"}, {"dependencies", needs(abi)}});
  INFO(r.err << r.out);
  REQUIRE(r.exit_code == 0);
  r = publish("other", "head_classify.gguf",
              {{"kind", "head"}, {"task", "text-classification"}, {"dependencies", needs("bert/64/other")}});
  CHECK(r.exit_code == 13);
  CHECK(has(r.err + r.out, "nano.head.abi"));
  w.use_registry();
  const auto run = w.nano({"run", "--install", "trunk+topic", "--jsonl", "the film is good"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(parsed(run.out)["scores"].size() == 3);
  const auto alone = w.nano({"run", "topic", "--jsonl", "the film is good"});  // its base comes with it
  INFO(alone.err);
  REQUIRE(alone.exit_code == 0);
  CHECK(parsed(alone.out)["scores"] == parsed(run.out)["scores"]);
  CHECK(w.installed().size() == 2);
}

TEST_CASE("texts come as pairs with --pair, from arguments and from lines") {
  World w;
  const std::string model = family("minilm+head_classify");
  const auto args = w.nano({"run", model, "--pair", "--jsonl", "the film is good", "it is not bad"});
  INFO(args.err);
  REQUIRE(args.exit_code == 0);
  const auto j = parsed(args.out);
  CHECK(j["input"] == "the film is good");
  CHECK(j["text_pair"] == "it is not bad");
  const auto lines = w.nano({"run", model, "--pair", "--jsonl"},
                            R"({"text": "the film is good", "text_pair": "it is not bad"})" "\n");
  REQUIRE(lines.exit_code == 0);
  CHECK(parsed(lines.out)["scores"] == j["scores"]);
  CHECK(parsed(w.nano({"run", model, "--jsonl", "the film is good"}).out)["scores"] != j["scores"]);
  CHECK(w.nano({"run", model, "--pair", "one"}).exit_code == 2);
  CHECK(w.nano({"run", model, "--pair"}, "no json\n").exit_code == 13);
  CHECK(w.nano({"run", model, "--pair"}, "{\"text\": \"a\"}\n").exit_code == 13);
}

}  // namespace
}  // namespace nano::test
