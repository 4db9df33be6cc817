// tests/runtime_shim/derived_test.cpp: packed weights kept in the store: made, mapped, replaced, done without.
#include "runtime_shim/packed/derived.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/hash.h"
#include "bench/random_bert.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/classify.h"
#include "schemas/generation.h"
#include "schemas/release.h"
#include "tests/support/support.h"

using namespace nano;

namespace {

// A store with one installed model of random weights, as `nano install` leaves it.
struct Installed {
  explicit Installed(quant::Type type = quant::Type::q8_0, uint32_t hidden = 64) : store(dir / "store") {
    REQUIRE(
        bench::write_random_bert({.vocabulary = 300, .hidden = hidden, .type = type}, dir / "model.gguf"));
    const std::string weights = test::read(dir / "model.gguf");
    schemas::Release r;
    schemas::Manifest& m = r.manifest;
    m.name = *schemas::PackageName::parse("tiny");
    m.version = *schemas::Version::parse("1.0.0");
    m.title = "Tiny";
    m.description = "A random model.";
    m.authors = {{.name = "nano"}};
    m.license = {.spdx = "Apache-2.0", .file = "LICENSE"};
    m.task = "text-classification";
    m.languages = {"en"};
    m.model = schemas::ModelInfo{.family = "bert",
                                 .architecture = "bert",
                                 .parameters = 1000,
                                 .context_length = 512,
                                 .base_models = {}};
    m.labels = {"bad", "good"};
    m.variants = {
        {.name = "q8", .is_default = true, .quantization = "q8_0", .files = {"tiny.gguf"}, .needs = {}}};
    m.files = {{"tiny.gguf", schemas::Role::weights, "q8"},
               {"README.md", schemas::Role::card, ""},
               {"LICENSE", schemas::Role::license, ""}};
    r.created = "2026-11-20T00:00:00Z";
    r.files = {{"LICENSE", 1, sha256("a"), schemas::Role::license, ""},
               {"README.md", 1, sha256("a"), schemas::Role::card, ""},
               {"tiny.gguf", weights.size(), sha256(weights), schemas::Role::weights, "q8"}};
    const auto bytes = schemas::release_bytes(r);
    REQUIRE(bytes);
    const auto folder = store.package(m.name, m.version, "q8");
    test::write(folder / "nano.json", schemas::write_manifest(m));
    test::write(folder / "~release.json", *bytes);
    test::write(folder / "tiny.gguf", weights);
    schemas::Generation g;
    g.number = 1;
    g.created = "2026-11-20T00:00:00Z";
    g.command = "nano install tiny";
    g.entries = {{.name = m.name, .version = m.version, .variant = "q8", .release = sha256("a release")}};
    test::write(store.generation(1), schemas::write_generation(g));
    test::write(store.current(), schemas::current_text(1));
    std::filesystem::create_directories(store.derived());
    file = store.derived() / packed::derived_name(sha256(weights));
  }

  [[nodiscard]] std::unique_ptr<Model> open(bool read_only = false) const {
    OpenOptions o;
    o.threads = 1;
    o.getenv = [read_only, root = store.root().string(),
                none = (dir / "none").string()](const char* name) -> const char* {
      if (std::string_view(name) == "NANO_STORE") return read_only ? none.c_str() : root.c_str();
      return std::string_view(name) == "NANO_STORE_PATH" && read_only ? root.c_str() : nullptr;
    };
    auto model = Model::open("tiny", o);
    REQUIRE(model);
    return std::move(model).value();
  }

  test::TempDir dir;
  schemas::StoreLayout store;
  std::filesystem::path file{};
};

std::vector<float> scores(const Model& model) {
  const std::string_view text = "w10 w11 w12 something w299";
  const auto r = tasks::classify(model, {&text, 1});
  REQUIRE(r);
  return r->front().scores;
}

}  // namespace

TEST_CASE("the first start leaves the packed form, the second maps it and gives the same bits") {
  for (const auto type : {quant::Type::q8_0, quant::Type::q4_0}) {
    const Installed i(type);
    const auto first = i.open();
    CHECK_FALSE(first->info().mapped);
    struct stat st = {};
    REQUIRE(::stat(i.file.c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0600);
    const auto second = i.open();
    CHECK(second->info().mapped);
    CHECK(scores(*second) == scores(*first));
    CHECK(second->encode("w10 [CLS] w299 ?").ids == first->encode("w10 [CLS] w299 ?").ids);
    CHECK(second->words().id_to_piece(100) == first->words().id_to_piece(100));
    CHECK(second->words().special().cls == first->words().special().cls);
  }
}

TEST_CASE("a derived file that is foreign, old, cut or damaged in its header is made again") {
  const Installed i;
  const auto want = scores(*i.open());
  const std::string good = test::read(i.file);
  const auto spoil = [&](std::size_t at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
  };
  // magic, version, CRC, layout, digest, source length, image length; shorter, longer, headless, empty
  for (const std::string& bytes :
       {spoil(0), spoil(8), spoil(12), spoil(20), spoil(40), spoil(64), spoil(72),
        good.substr(0, good.size() - 64), good + std::string(64, '\0'), good.substr(0, 50), std::string()}) {
    std::filesystem::remove(i.file);
    test::write(i.file, bytes);
    const auto model = i.open();
    CHECK_FALSE(model->info().mapped);
    CHECK(scores(*model) == want);
    CHECK(test::read(i.file) == good);
  }
  CHECK(i.open()->info().mapped);
}

TEST_CASE("a store that cannot be written, or only read, works without derived files") {
  const Installed i;
  CHECK_FALSE(i.open(true)->info().mapped);
  CHECK_FALSE(std::filesystem::exists(i.file));  // writes go to the first store only
  std::filesystem::remove_all(i.store.derived());
  const auto want = scores(*i.open());
  CHECK_FALSE(std::filesystem::exists(i.store.derived()));
  std::filesystem::create_directories(i.store.derived());
  CHECK(scores(*i.open()) == want);
  CHECK(i.open(true)->info().mapped);  // what the store has is used
}

TEST_CASE("a link in the place of a derived file is not followed") {
  const Installed i;
  (void)i.open();
  std::filesystem::rename(i.file, i.dir / "elsewhere");
  std::filesystem::create_symlink(i.dir / "elsewhere", i.file);
  CHECK_FALSE(i.open()->info().mapped);
  CHECK_FALSE(std::filesystem::is_symlink(i.file));  // replaced by one of our own
}

TEST_CASE("whatever a derived file's body holds, using it stays inside it") {
  const Installed i(quant::Type::q4_0);
  const auto made = i.open();
  const std::string good = test::read(i.file);
  std::mt19937 rng(3);
  for (int round = 0; round < 60; ++round) {
    std::string bytes = good;
    const std::size_t at = 4096 + rng() % (bytes.size() - 4096),
                      n = std::min<std::size_t>(bytes.size() - at, 1 + rng() % 5000);
    for (std::size_t b = 0; b < n; ++b) bytes[at + b] = static_cast<char>(rng());
    std::filesystem::remove(i.file);
    test::write(i.file, bytes);
    const auto model = i.open();
    const std::string_view text = "w10 w11 something [MASK] w299";
    (void)tasks::classify(*model, {&text, 1});  // numbers or an error
    for (int32_t id = -1; id < 301; ++id) (void)model->words().id_to_piece(id);
  }
}

TEST_CASE("a mapped model that is used goes on with the same bits while others read") {
  const Installed i(quant::Type::q8_0, 512);
  const auto want = scores(*i.open());
  const auto model = i.open();
  REQUIRE(model->info().mapped);
  REQUIRE(model->info().file_bytes > 0);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (uint32_t pass = 0; pass < kSettlePasses; ++pass) {
        const std::string_view text = "w10 w11 w12 something w299";
        const auto r = tasks::classify(*model, {&text, 1});
        if (!r || r->front().scores != want) ++wrong;
      }
    });
  }
  for (auto& t : callers) t.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("an image moves to huge pages with the same bytes, whatever its length, also while it is read") {
  const test::TempDir dir;
  const std::size_t huge = std::size_t{2} << 20;
  std::mt19937 random(7);
  for (const std::size_t size : {std::size_t{4096}, huge, 2 * huge + 100'000, 3 * huge - 64}) {
    std::vector<std::byte> image(size);
    for (std::size_t i = 0; i < size; i += 61) image[i] = static_cast<std::byte>(random());
    const packed::Origin origin{sha256(std::to_string(size)), size};
    REQUIRE(packed::write_derived(dir.path(), origin, image));
    auto derived = packed::Derived::open(dir.path(), origin);
    REQUIRE(derived);
    std::atomic<bool> stop{false};
    std::atomic<bool> same{true};
    std::thread reader([&] {
      while (!stop) same = same && std::equal(image.begin(), image.end(), derived->image().begin());
    });
    derived->settle();
    derived->settle();
    stop = true;
    reader.join();
    CHECK(same);
    CHECK(std::equal(image.begin(), image.end(), derived->image().begin(), derived->image().end()));
  }
}
