// tests/resolver/filter_test.cpp: licences, bounds and ages as people write them.
#include "resolver/filter.h"

#include <catch2/catch.hpp>

#include "resolver/license.h"
#include "resolver/task.h"
#include "resolver/variants.h"

using namespace nano;
using namespace nano::resolver;

TEST_CASE("a licence expression is allowed when some way of reading it is") {
  const auto allowed = [](const char* expression, std::vector<std::string> by) {
    return license_allowed(expression, by);
  };
  CHECK(allowed("MIT", {"permissive"}));
  CHECK(allowed("mit", {"MIT"}));
  CHECK(allowed("Apache-2.0 AND CC0-1.0", {"permissive"}));
  CHECK_FALSE(allowed("Apache-2.0 AND GPL-3.0-only", {"permissive"}));
  CHECK(allowed("GPL-3.0-only OR MIT", {"permissive"}));
  CHECK(allowed("GPL-3.0-only AND MIT OR ISC", {"permissive"}));  // AND binds closer than OR
  CHECK_FALSE(allowed("GPL-3.0-only AND (MIT OR ISC)", {"permissive"}));
  CHECK(allowed("GPL-2.0-only WITH Classpath-exception-2.0", {"GPL-2.0-only WITH Classpath-exception-2.0"}));
  CHECK_FALSE(allowed("GPL-2.0-only", {"GPL-2.0-only WITH Classpath-exception-2.0"}));
  CHECK(allowed("GPL-2.0-only WITH Classpath-exception-2.0", {"GPL-2.0-only"}));
  CHECK_FALSE(allowed("", {"permissive"}));
  CHECK_FALSE(allowed("MIT OR", {"MIT"}));
  CHECK_FALSE(allowed("MIT", {}));
  CHECK(faulty_license_word({"permissive", "MIT"}).empty());
  CHECK(faulty_license_word({"MIT", "not a licence"}) == "not a licence");
}

TEST_CASE("bounds are read with their units, or the faulty piece is named") {
  const auto value = [](const char* text) { return Limit::parse(false, text).value().value; };
  CHECK(value("p95=8ms") == Approx(8));
  CHECK(value("p95=0.5s") == Approx(500));
  CHECK(value("p50=900us") == Approx(0.9));
  CHECK(value("memory=200MB") == Approx(2e8));
  CHECK(value("memory=1GiB") == Approx(1073741824));
  CHECK(value("size=5000000") == Approx(5e6));
  CHECK(value("wer=12%") == Approx(0.12));
  const Limit on = Limit::parse(true, "accuracy@sst2=0.8").value();
  CHECK(on.figure == "accuracy");
  CHECK(on.dataset == "sst2");
  CHECK(on.option() == "--min accuracy@sst2=0.8");
  for (const char* bad :
       {"", "accuracy", "=0.8", "accuracy=", "accuracy=high", "acuracy=0.8", "p95=8MB", "memory=8ms",
        "size@x=1", "accuracy=1.2.3", "accuracy=-1", "accuracy=.", "accuracy=1e5"}) {
    const auto r = Limit::parse(true, bad);
    INFO(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::usage);
  }
  CHECK(Limit::parse(true, "acuracy=0.8").error().hint.find("accuracy") != std::string::npos);
}

TEST_CASE("ages") {
  CHECK(parse_age("7d").value() == 7 * 86400);
  CHECK(parse_age("1.5h").value() == 5400);
  CHECK(parse_age("0").value() == 0);
  for (const char* bad : {"", "7", "d", "-1d", "99999999999w", "7 d"}) CHECK_FALSE(parse_age(bad));
}

TEST_CASE("an age is counted to the second, and zero looks at nothing") {
  Offer o;
  o.published = 1000;
  Filters f;
  f.min_age_seconds = 100;
  const Machine m;
  CHECK(refuse(o, {f, m, 1099}, true).has_value());
  CHECK_FALSE(refuse(o, {f, m, 1100}, true).has_value());
  f.min_age_seconds = 0;
  CHECK_FALSE(refuse(o, {f, m, 0}, true).has_value());
}

TEST_CASE("a latency is corrected only where both sides measured") {
  Offer o;
  o.variants = {{.name = "q8", .quantization = "q8_0", .size = 1}};
  o.claims = {{.variant = "q8",
               .p50_ms = schemas::Decimal::parse("3.0").value(),
               .device = "cpu",
               .threads = 1,
               .calibration_us = schemas::Decimal::parse("40").value()}};
  Machine m;
  CHECK(claimed(o, o.variants[0], "p50", "", m).value() == Approx(3.0));
  m.calibration_us["q8_0"] = 80;
  CHECK(claimed(o, o.variants[0], "p50", "", m).value() == Approx(6.0));
  o.claims[0].calibration_us.reset();
  CHECK(claimed(o, o.variants[0], "p50", "", m).value() == Approx(3.0));
  o.claims[0].device = "cuda";
  CHECK_FALSE(claimed(o, o.variants[0], "p50", "", m).has_value());
}

TEST_CASE("a figure in a sentence keeps a digit that counts") {
  CHECK(figure_text("p95", 0.001) == "0.001 ms");
  CHECK(figure_text("p95", 3.936) == "3.94 ms");
  CHECK(figure_text("p50", 12.34) == "12.3 ms");
}

TEST_CASE("objectives and tasks are words, slips are named") {
  CHECK(parse_objective("speed").value() == Objective::speed);
  CHECK_FALSE(parse_objective("fast"));
  CHECK(task_of("sentiment")->task == "text-classification");
  CHECK(task_of("token-classification")->keyword.empty());
  CHECK(task_of("sentimnet").error().hint.find("sentiment") != std::string::npos);
}
