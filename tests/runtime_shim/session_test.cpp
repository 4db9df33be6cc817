// tests/runtime_shim/session_test.cpp: opening by path and by name, threads, tasks, many callers at once.
#include "runtime_shim/session.h"

#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "bench/random_bert.h"
#include "runtime_shim/tasks/classify.h"
#include "runtime_shim/tasks/embed.h"
#include "schemas/generation.h"
#include "schemas/manifest.h"
#include "tests/runtime_shim/model_files.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

// An environment of its own: nothing of the tester's leaks in.
OpenOptions with_env(std::map<std::string, std::string> env, unsigned threads = 1) {
  OpenOptions o;
  o.threads = threads;
  o.getenv = [env = std::move(env)](const char* name) -> const char* {
    const auto at = env.find(name);
    return at == env.end() ? nullptr : at->second.c_str();
  };
  return o;
}

std::unique_ptr<Model> open_tiny(unsigned threads = 1) {
  auto model = Model::open(test::bert_tiny().string(), with_env({}, threads));
  REQUIRE(model);
  return std::move(model).value();
}

Errc code_of(const Result<std::unique_ptr<Model>>& r) {
  return r ? Errc::ok : r.error().code;
}

tasks::Classified classify(const Model& model, std::string_view text) {
  auto r = tasks::classify(model, {&text, 1});
  REQUIRE(r);
  return r->front();
}

// A store with bert-tiny 1.2.0 (variant f32, labels of its own) installed in generation 3.
void make_store(const std::filesystem::path& root) {
  const schemas::StoreLayout store(root);
  schemas::Manifest m;
  m.name = *schemas::PackageName::parse("bert-tiny");
  m.version = *schemas::Version::parse("1.2.0");
  m.title = "Tiny";
  m.description = "A random model.";
  m.authors = {{.name = "nano"}};
  m.license = {.spdx = "Apache-2.0", .file = "LICENSE"};
  m.task = "text-classification";
  m.languages = {"en"};
  m.model = schemas::ModelInfo{
      .family = "bert", .architecture = "bert", .parameters = 86595, .context_length = 48, .base_models = {}};
  m.labels = {"bad", "fair", "good"};
  m.variants = {
      {.name = "f32", .is_default = true, .quantization = "f32", .files = {"tiny.gguf"}, .needs = {}}};
  m.files = {{"tiny.gguf", schemas::Role::weights, "f32"},
             {"README.md", schemas::Role::card, ""},
             {"LICENSE", schemas::Role::license, ""}};
  const auto dir = store.package(m.name, m.version, "f32");
  test::write(dir / "nano.json", schemas::write_manifest(m));
  test::write(dir / "tiny.gguf", test::read(test::bert_tiny()));
  schemas::Generation g;
  g.number = 3;
  g.created = "2026-11-20T00:00:00Z";
  g.parent = 2;
  g.command = "nano install bert-tiny";
  g.entries = {{.name = m.name, .version = m.version, .variant = "f32", .release = sha256("a release")}};
  test::write(store.generation(3), schemas::write_generation(g));
  test::write(store.current(), schemas::current_text(3));
}

}  // namespace

TEST_CASE("a team runs every item exactly once, loop after loop") {
  for (const unsigned threads : {1u, 2u, 4u}) {
    Team team(threads);
    CHECK(team.size() == threads);
    for (std::size_t loop = 0; loop < 3000; ++loop) {
      const std::size_t items = loop % 19;
      std::vector<std::atomic<int>> seen(items);
      std::atomic<bool> strange{false};
      team.run(items, [&](std::size_t begin, std::size_t end, unsigned worker) {
        for (std::size_t item = begin; item < end; ++item) seen[item].fetch_add(1);
        if (worker >= threads) strange = true;
      });
      for (auto& s : seen) REQUIRE(s.load() == 1);
      REQUIRE_FALSE(strange.load());
      if (loop % 1000 == 999)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // let the helpers fall asleep
    }
  }
}

TEST_CASE("texts get PyTorch's scores and embeddings through the tokenizer") {
  const auto model = open_tiny(2);
  CHECK(model->info().name == "bert-tiny");
  CHECK(model->info().labels == std::vector<std::string>{"negative", "neutral", "positive"});
  std::vector<std::string_view> texts;
  const auto cases = test::golden_cases();
  for (const auto& g : cases) texts.push_back(g.text);
  const auto scores = tasks::classify(*model, texts);
  const auto vectors = tasks::embed(*model, texts);
  REQUIRE(scores);
  REQUIRE(vectors);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].text);
    CHECK(model->encode(cases[i].text).ids == cases[i].ids);
    CHECK((*scores)[i].tokens == cases[i].ids.size());
    for (std::size_t l = 0; l < 3; ++l) CHECK(std::fabs((*scores)[i].scores[l] - cases[i].scores[l]) < 1e-4f);
    for (std::size_t d = 0; d < 64; ++d) CHECK(std::fabs((*vectors)[i].vector[d] - cases[i].mean[d]) < 1e-4f);
    CHECK(classify(*model, cases[i].text).scores == (*scores)[i].scores);
  }
}

TEST_CASE("empty, huge, broken and emoji texts are answered") {
  const auto model = open_tiny();
  CHECK_FALSE(classify(*model, "").truncated);
  const std::string big(1 << 20, 'a'), words = [] {
    std::string s;
    while (s.size() < (1u << 20)) s += "good film ";
    return s;
  }();
  CHECK(classify(*model, big).tokens == 3);  // one word longer than a word may be
  CHECK(classify(*model, words).truncated);
  CHECK(classify(*model, words).tokens == model->info().context_length);
  std::string broken;
  for (int i = 0; i < 256; ++i) broken += static_cast<char>(i);
  for (const std::string& text :
       {broken, std::string("\xF0\x9F\x98\x80 good"), std::string("\xFF\xFE\x80"), std::string(3, '\0')}) {
    const auto answer = classify(*model, text);
    float sum = 0;
    for (const float s : answer.scores) sum += s;
    CHECK(sum == Approx(1.0f));
  }
}

TEST_CASE("more texts than fit one pass give the same answers as one by one") {
  const auto model = open_tiny(2);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i)
    texts.push_back(i % 3 == 0 ? "a very good film"
                               : std::string(static_cast<std::size_t>(i), 'x') + " bad " + std::to_string(i));
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto all = tasks::classify(*model, views);
  REQUIRE(all);
  for (std::size_t i = 0; i < texts.size(); ++i)
    REQUIRE((*all)[i].scores == classify(*model, texts[i]).scores);
}

TEST_CASE("eight threads on one handle get the answers one thread gets") {
  const auto model = open_tiny(2);
  const auto cases = test::golden_cases();
  std::vector<std::vector<float>> want;
  for (const auto& g : cases) want.push_back(classify(*model, g.text).scores);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 8; ++t) {
    callers.emplace_back([&, t] {
      for (std::size_t i = 0; i < 40; ++i) {
        const std::size_t at = (i + static_cast<std::size_t>(t)) % cases.size();
        const std::string_view text = cases[at].text;
        const auto r = tasks::classify(*model, {&text, 1});
        if (!r || r->front().scores != want[at]) ++wrong;
      }
    });
  }
  for (auto& t : callers) t.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("a model without a classifier embeds and does not classify") {
  const test::TempDir dir;
  const auto path = (dir / "embedder.gguf").string();
  REQUIRE(bench::write_random_bert({.vocabulary = 60, .context = 16, .labels = 0, .pooling = 2}, path));
  const auto model = Model::open(path, with_env({}));
  REQUIRE(model);
  const std::string_view text = "w10 w11";
  const auto scores = tasks::classify(**model, {&text, 1});
  REQUIRE_FALSE(scores);
  CHECK(scores.error().code == Errc::unsupported);
  const auto vectors = tasks::embed(**model, {&text, 1});
  REQUIRE(vectors);
  float square = 0;
  for (const float v : vectors->front().vector) square += v * v;
  CHECK(square == Approx(1.0f));
}

TEST_CASE("threads and kernels come from the options, then the environment, and nonsense is refused") {
  const std::string path = test::bert_tiny().string();
  const auto opened = Model::open(path, with_env({{"NANO_THREADS", "3"}, {"NANO_KERNELS", "ref"}}, 0));
  REQUIRE(opened);
  CHECK((*opened)->info().threads == 3);
  CHECK((*opened)->info().kernels == "ref");
  for (const char* bad : {"0", "-1", "65", "two", "2 ", "99999999999999999999"}) {
    CHECK(code_of(Model::open(path, with_env({{"NANO_THREADS", bad}}, 0))) == Errc::usage);
  }
  CHECK(code_of(Model::open(path, with_env({{"NANO_KERNELS", "sse9"}}))) == Errc::usage);
  CHECK(code_of(Model::open(path, with_env({}, 65))) == Errc::usage);
}

TEST_CASE("a model is found by name, version, variant, folder and path") {
  const test::TempDir dir;
  make_store(dir / "store");
  const OpenOptions env = with_env({{"NANO_STORE", (dir / "store").string()}});
  for (const char* name :
       {"bert-tiny", "bert-tiny@1.2.0", "bert-tiny@^1.0", "bert-tiny:f32", "bert-tiny@1:f32"}) {
    INFO(name);
    const auto model = Model::open(name, env);
    REQUIRE(model);
    CHECK((*model)->info().name == "bert-tiny");
    CHECK((*model)->info().version == "1.2.0");
    CHECK((*model)->info().variant == "f32");
    CHECK((*model)->info().labels == std::vector<std::string>{"bad", "fair", "good"});
  }
  REQUIRE(Model::open((dir / "store/pkgs/_/bert-tiny/1.2.0~f32").string(), env));
  // config.json may say where, when nobody else does
  test::write(dir / "config/nanom/config.json",
              R"({"schema": "nano.config/1", "store": ")" + (dir / "store").string() + "\"}");
  REQUIRE(Model::open("bert-tiny", with_env({{"HOME", (dir / "home").string()},
                                             {"XDG_CONFIG_HOME", (dir / "config").string()}})));
  // a second, read-only store is searched after the first
  const OpenOptions second =
      with_env({{"NANO_STORE", (dir / "empty").string()}, {"NANO_STORE_PATH", (dir / "store").string()}});
  REQUIRE(Model::open("bert-tiny", second));
}

TEST_CASE("heads that name each other as their base are refused, not followed") {
  const test::TempDir dir;
  const schemas::StoreLayout store(dir / "store");
  schemas::Generation g;
  g.number = 1;
  g.created = "2026-11-20T00:00:00Z";
  g.command = "nano install one";
  for (const auto& [own, other] : {std::pair("one", "two"), std::pair("two", "one")}) {
    schemas::Manifest m;
    m.name = *schemas::PackageName::parse(own);
    m.version = *schemas::Version::parse("1.0.0");
    m.kind = schemas::Kind::head;
    m.title = m.description = "A head.";
    m.authors = {{.name = "nano"}};
    m.license = {.spdx = "Apache-2.0", .file = "LICENSE"};
    m.task = "token-classification";
    m.languages = {"en"};
    m.model = schemas::ModelInfo{.family = "bert", .architecture = "bert", .parameters = 300, .context_length = 48, .base_models = {}};
    m.labels = {"a", "b"};
    m.dependencies = {{.name = *schemas::PackageName::parse(other), .range = *schemas::Range::parse("^1")}};
    m.variants = {{.name = "f16", .is_default = true, .quantization = "f16", .files = {"head.gguf"}, .needs = {}}};
    m.files = {{"head.gguf", schemas::Role::weights, "f16"},
               {"README.md", schemas::Role::card, ""},
               {"LICENSE", schemas::Role::license, ""}};
    const auto folder = store.package(m.name, m.version, "f16");
    test::write(folder / "nano.json", schemas::write_manifest(m));
    test::write(folder / "head.gguf", test::read(test::family("head_tag.gguf")));
    g.entries.push_back({.name = m.name, .version = m.version, .variant = "f16", .release = sha256("a release")});
  }
  test::write(store.generation(1), schemas::write_generation(g));
  test::write(store.current(), schemas::current_text(1));
  const OpenOptions env = with_env({{"NANO_STORE", (dir / "store").string()}});
  for (const char* name : {"one", "two", "one+two"}) {
    const auto model = Model::open(name, env);
    REQUIRE_FALSE(model);
    INFO(model.error().message);
    CHECK(model.error().code == Errc::unsupported);
    CHECK(model.error().message.find("general.type is 'head'") != std::string::npos);
  }
}

TEST_CASE("a model that is not there is named, with the nearest installed one") {
  const test::TempDir dir;
  make_store(dir / "store");
  const OpenOptions env = with_env({{"NANO_STORE", (dir / "store").string()}});
  const auto misspelt = Model::open("bert-tinny", env);
  REQUIRE_FALSE(misspelt);
  CHECK(misspelt.error().code == Errc::not_found);
  CHECK(misspelt.error().hint.find("bert-tiny") != std::string::npos);
  const auto version = Model::open("bert-tiny@2", env);
  REQUIRE_FALSE(version);
  CHECK(version.error().code == Errc::not_found);
  CHECK(version.error().message.find("1.2.0") != std::string::npos);
  CHECK(code_of(Model::open("bert-tiny:q4", env)) == Errc::not_found);
  CHECK(code_of(Model::open("Bad Name", env)) == Errc::usage);
  CHECK(code_of(Model::open("", env)) == Errc::usage);
  CHECK(code_of(Model::open("missing.gguf", env)) == Errc::not_found);
  CHECK(code_of(Model::open(dir.path().string(), env)) == Errc::not_found);
  CHECK(code_of(Model::open("bert-tiny", with_env({{"NANO_STORE", (dir / "none").string()}}))) ==
        Errc::not_found);
  test::write(dir / "store/current", "not a number\n");
  CHECK(code_of(Model::open("bert-tiny", env)) == Errc::store);
}
