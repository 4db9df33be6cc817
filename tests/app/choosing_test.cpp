// Choosing with the real programs: claims corrected by this machine's calibration, the policy's rules in the resolver.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdio>

#include "tests/app/world.h"

namespace nano::test {
namespace {

using Strings = std::vector<std::string>;

TEST_CASE("a claimed latency is corrected by the calibration it states and this machine's own, from manifest to choice") {
  World w;
  const Json machine = w.json(w.nano({"doctor", "hw", "--json"}));
  const double here = machine["data"]["calibration_us"]["f32"];
  REQUIRE(here > 0);
  char there[32];
  std::snprintf(there, sizeof there, "%.4f", here / 3);  // the publisher's machine is three times as fast
  const auto claim = [&](const char* calibration) {
    Json conditions = {{"device", "cpu"}, {"cpu", "another"}, {"isa", "avx2"}, {"threads", 1}, {"batch", 1}, {"runtime_version", "1"},
                       {"runs", 100},     {"warmup", 5}};
    if (calibration != nullptr) conditions["calibration_us"] = calibration;
    return Json{{"claims", Json::array({{{"variant", "f32"},
                                         {"task", "text-classification"},
                                         {"conditions", conditions},
                                         {"latency", {{"p50_ms", "2.000"}, {"p95_ms", "3.000"}, {"p99_ms", "4.000"}}},
                                         {"harness_version", "1"},
                                         {"command", "none"},
                                         {"date", "2026-01-01T00:00:00Z"}}})}};
  };
  w.publish("plain", "1.0.0", claim(nullptr));
  w.publish("stated", "1.0.0", claim(there));
  w.use_registry();
  const Json plain = w.json(w.nano({"why-variant", "plain", "--json"}));
  CHECK(plain["data"]["calibrated"] == false);
  CHECK(plain["data"]["variants"][0]["p50_ms"] == 2.0);
  const Json stated = w.json(w.nano({"why-variant", "stated", "--json"}));
  CHECK(stated["data"]["calibrated"] == true);
  CHECK(std::abs(stated["data"]["variants"][0]["p50_ms"].get<double>() - 6.0) < 0.01);
  CHECK(stated["data"]["variants"][0]["p50_claimed_ms"] == 2.0);
  // The corrected figure is what a bound is held against.
  CHECK(w.nano({"install", "plain", "--max", "p50=4ms"}).exit_code == 0);
  const auto refused = w.nano({"install", "stated", "--max", "p50=4ms"});
  INFO(refused.err);
  CHECK(refused.exit_code == 4);
  CHECK(has(refused.err, "has p50 6.00 ms"));
  CHECK(w.nano({"install", "stated", "--max", "p50=7ms"}).exit_code == 0);
}

}  // namespace
}  // namespace nano::test
