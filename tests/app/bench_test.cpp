// `nano bench`: rows for every combination, cold starts, accuracy; nonsense refused.
#include <catch2/catch.hpp>

#include "tests/app/world.h"
#include "tests/support/support.h"

namespace nano::test {
namespace {

struct Installed : World {
  Installed() {
    publish("tiny");
    use_registry();
    REQUIRE(nano({"install", "tiny"}).exit_code == 0);
  }
};

TEST_CASE("bench gives a row for every length, thread count and batch, a load time and a cold start") {
  Installed w;
  const auto r = w.nano(
      {"bench", "tiny", "--tokens", "4,9", "--threads", "1,2", "--batch", "1,3", "--runs", "5", "--json"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  const auto data = w.json(r)["data"];
  CHECK(data["model"] == "tiny");
  CHECK(data["load_ms"] > 0.0);
  CHECK(data["cold_start_ms"] > 0.0);
  CHECK(data["peak_memory_mb"] > 1.0);
  REQUIRE(data["rows"].size() == 8);
  for (const auto& row : data["rows"]) {
    CHECK(row["p50_ms"] > 0.0);
    CHECK(row["p50_ms"] <= row["p95_ms"]);
    CHECK(row["p95_ms"] <= row["p99_ms"]);
    CHECK(row["tokens_per_second"] > 0.0);
  }
  CHECK(data["rows"][7]["tokens"] == 9);
  CHECK(data["rows"][7]["threads"] == 2);
  CHECK(data["rows"][7]["batch"] == 3);
  CHECK_FALSE(data.contains("eval"));
}

TEST_CASE("bench says how often a model is right, with an interval") {
  Installed w;
  const auto label_of = [&](const std::string& text) {
    return w.json(w.nano({"run", "tiny", "--json", "--", text}))["data"]["results"][0]["label"]
        .get<std::string>();
  };
  std::string lines;
  for (const std::string text : {"good", "bad film", "the film is good"})
    lines += label_of(text) + "\tany\t" + text + "\n";
  const std::string other = label_of("good") == "positive" ? "negative" : "positive";
  write(w.path("eval.tsv"), lines + other + "\tgood\r\n\n");
  const auto r = w.nano({"bench", "tiny", "--tokens", "4", "--runs", "1", "--no-cold-start", "--eval-file",
                         w.path("eval.tsv"), "--json"});
  INFO(r.err);
  REQUIRE(r.exit_code == 0);
  const auto data = w.json(r)["data"];
  CHECK(data["eval"]["texts"] == 4);
  CHECK(data["eval"]["right"] == 3);
  CHECK(data["eval"]["accuracy"] == 0.75);
  // Wilson's interval of 3 in 4, by hand
  CHECK(data["eval"]["interval_95"][0].get<double>() == Approx(0.3006).margin(2e-4));
  CHECK(data["eval"]["interval_95"][1].get<double>() == Approx(0.9544).margin(2e-4));
  CHECK(data["cold_start_ms"].is_null());
}

TEST_CASE("bench refuses numbers that are none, files without texts, and labels the model has not") {
  Installed w;
  for (const std::string bad : {"0", "-1", "x", "16,,32", "99999999999"}) {
    CHECK(w.nano({"bench", "tiny", "--no-cold-start", "--tokens=" + bad}).exit_code == 2);
  }
  CHECK(w.nano({"bench", "tiny", "--no-cold-start", "--threads", "65"}).exit_code == 2);
  CHECK(w.nano({"bench", "absent", "--no-cold-start"}).exit_code == 3);
  const std::vector<std::string> quick{"bench", "tiny", "--tokens", "2", "--runs", "1", "--no-cold-start"};
  const auto with = [&](const std::string& content) {
    write(w.path("eval.tsv"), content);
    auto args = quick;
    args.insert(args.end(), {"--eval-file", w.path("eval.tsv")});
    return w.nano(args).exit_code;
  };
  CHECK(with("") == 13);
  CHECK(with("splendid\tgood\n") == 13);
  CHECK(with("no tab\n") == 13);
  auto args = quick;
  args.push_back("--eval");
  CHECK(w.nano(args).exit_code == 3);  // the package brings none
}

}  // namespace
}  // namespace nano::test
