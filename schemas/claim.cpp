// schemas/claim.cpp: claims in and out of JSON, with the rules that make a figure mean something.
#include "schemas/claim.h"

#include <limits>

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace internal {
namespace {

constexpr uint64_t kMaxCount = uint64_t{1} << 53;  // exact in every JSON reader

void decode_dataset(const Node& node, const std::string& pointer, ClaimDataset& out, Report& report) {
  Object o(node, pointer, report);
  out.id = o.line("id", Need::required);
  out.digest = o.digest("digest", Need::required).value_or(Digest());
  out.split = o.line("split", Need::required, 64);
  out.n = o.integer("n", Need::required, 1, kMaxCount).value_or(1);
  o.finish();
}

void decode_interval(const Node& node, const std::string& pointer, ClaimInterval& out, Report& report) {
  Object o(node, pointer, report);
  out.low = o.decimal("low", Need::required).value_or(Decimal());
  out.high = o.decimal("high", Need::required).value_or(Decimal());
  out.level = o.decimal("level", Need::required, false).value_or(Decimal());
  if (!report.faulty(pointer) && out.low.value() > out.high.value()) report.add(pointer, "the interval's low is above its high");
  o.finish();
}

void decode_metric(const Node& node, const std::string& pointer, ClaimMetric& out, Report& report) {
  Object o(node, pointer, report);
  out.id = o.line("id", Need::required, 64);
  out.value = o.decimal("value", Need::required).value_or(Decimal());
  out.unit = o.line("unit", Need::required, 64);
  if (const auto d = o.word("direction", Need::required, direction_words())) out.direction = static_cast<Direction>(*d);
  if (const auto i = o.take("interval", Need::optional)) decode_interval(*i, join(pointer, "interval"), out.interval.emplace(), report);
  o.finish();
  if (out.id.empty() || out.id.rfind("x-", 0) == 0) return;
  const bool unit = !report.faulty(join(pointer, "unit")), direction = !report.faulty(join(pointer, "direction"));
  const Metric* known = find_metric(out.id);
  if (known == nullptr) {
    std::vector<std::string> ids;
    for (const Metric& m : metrics()) ids.push_back(m.id);
    report_word(report, join(pointer, "id"), out.id, ids);
    return;
  }
  if (unit && out.unit != known->unit)
    report.add(join(pointer, "unit"), "the unit of " + out.id + " is '" + known->unit + "'");
  if (direction && out.direction != known->direction)
    report.add(join(pointer, "direction"), "for " + out.id + ", " + std::string(to_text(known->direction)) + " is better");
}

void decode_conditions(const Node& node, const std::string& pointer, ClaimConditions& out, Report& report) {
  Object o(node, pointer, report);
  out.device = o.line("device", Need::optional);
  out.cpu = o.line("cpu", Need::optional);
  out.isa = o.line("isa", Need::optional, 64);
  out.threads = o.integer("threads", Need::optional, 1, 65536);
  out.batch = o.integer("batch", Need::optional, 1, kMaxCount);
  out.runtime_version = o.line("runtime_version", Need::optional, 128);
  out.runs = o.integer("runs", Need::optional, 1, kMaxCount);
  out.warmup = o.integer("warmup", Need::optional, 0, kMaxCount);
  out.calibration_us = o.decimal("calibration_us", Need::optional, false);
  o.finish();
}

void decode_latency(const Node& node, const std::string& pointer, ClaimLatency& out, Report& report) {
  Object o(node, pointer, report);
  out.p50_ms = o.decimal("p50_ms", Need::required, false).value_or(Decimal());
  out.p95_ms = o.decimal("p95_ms", Need::required, false).value_or(Decimal());
  out.p99_ms = o.decimal("p99_ms", Need::required, false).value_or(Decimal());
  if (!report.faulty(pointer) && (out.p50_ms.value() > out.p95_ms.value() || out.p95_ms.value() > out.p99_ms.value()))
    report.add(pointer, "the percentiles do not rise");
  o.finish();
}

}  // namespace

void decode(const Node& node, const std::string& pointer, Claim& out, Report& report, bool is_document) {
  Object o(node, pointer, report);
  if (is_document) {
    o.schema("nano.claim/1");
    out.release = o.digest("release", Need::required);
  }
  out.variant = o.simple_name("variant", Need::required);
  if (const auto t = o.word("task", Need::required, task_words())) out.task = task_words()[*t];
  if (const auto d = o.take("dataset", Need::optional)) decode_dataset(*d, join(pointer, "dataset"), out.dataset.emplace(), report);
  if (const auto m = o.take("metric", Need::optional)) decode_metric(*m, join(pointer, "metric"), out.metric.emplace(), report);
  if (const auto c = o.take("conditions", Need::optional)) decode_conditions(*c, join(pointer, "conditions"), out.conditions.emplace(), report);
  if (const auto l = o.take("latency", Need::optional)) decode_latency(*l, join(pointer, "latency"), out.latency.emplace(), report);
  out.peak_memory_bytes = o.integer("peak_memory_bytes", Need::optional, 1, kMaxCount);
  out.harness_version = o.line("harness_version", Need::required, 128);
  out.command = o.line("command", Need::required, 1024);
  out.date = o.time("date", Need::required);
  o.finish();
  if (!o.valid()) return;
  const bool has_cost = out.latency || out.peak_memory_bytes;
  if (!out.metric && !has_cost && !report.faulty(join(pointer, "peak_memory_bytes"))) report.add(pointer, "the claim claims nothing", "give it a metric, a latency or a peak_memory_bytes");
  if (out.metric && !out.dataset) report.add(pointer, "the metric has no dataset", "name the data it was measured on");
  if (has_cost && !report.faulty(join(pointer, "conditions")) && (!out.conditions || out.conditions->device.empty() || !out.conditions->threads))
    report.add(pointer, "a latency or memory figure without device and threads", "give conditions.device and conditions.threads");
}

}  // namespace internal

Result<Claim> parse_claim(std::string_view bytes) {
  return internal::parse_document<Claim>(bytes, uint64_t{1} << 20, "claim",
                                         [](const internal::Node& doc, Claim& out, internal::Report& r) { internal::decode(doc, "", out, r, true); });
}
Problems check_claim(std::string_view bytes) {
  return internal::check_document<Claim>(bytes, uint64_t{1} << 20,
                                         [](const internal::Node& doc, Claim& out, internal::Report& r) { internal::decode(doc, "", out, r, true); });
}

Json to_json(const Claim& c) {
  using internal::put;
  Json doc = Json::object();
  if (c.release) {  // a document of its own
    doc["schema"] = "nano.claim/1";
    doc["release"] = c.release->text();
  }
  put(doc, "variant", c.variant);
  put(doc, "task", c.task);
  if (c.dataset) doc["dataset"] = {{"id", c.dataset->id}, {"digest", c.dataset->digest.text()}, {"split", c.dataset->split}, {"n", c.dataset->n}};
  if (c.metric) {
    Json m = {{"id", c.metric->id}, {"value", c.metric->value.text()}, {"unit", c.metric->unit}, {"direction", std::string(to_text(c.metric->direction))}};
    if (const auto& i = c.metric->interval) m["interval"] = {{"low", i->low.text()}, {"high", i->high.text()}, {"level", i->level.text()}};
    doc["metric"] = std::move(m);
  }
  if (c.conditions) {
    Json k = Json::object();
    put(k, "device", c.conditions->device);
    put(k, "cpu", c.conditions->cpu);
    put(k, "isa", c.conditions->isa);
    put(k, "threads", c.conditions->threads);
    put(k, "batch", c.conditions->batch);
    put(k, "runtime_version", c.conditions->runtime_version);
    put(k, "runs", c.conditions->runs);
    put(k, "warmup", c.conditions->warmup);
    put(k, "calibration_us", c.conditions->calibration_us);
    doc["conditions"] = std::move(k);
  }
  if (c.latency) doc["latency"] = {{"p50_ms", c.latency->p50_ms.text()}, {"p95_ms", c.latency->p95_ms.text()}, {"p99_ms", c.latency->p99_ms.text()}};
  put(doc, "peak_memory_bytes", c.peak_memory_bytes);
  put(doc, "harness_version", c.harness_version);
  put(doc, "command", c.command);
  put(doc, "date", c.date);
  return doc;
}

std::string write_claim(const Claim& claim) { return dump_pretty(to_json(claim)); }

}  // namespace nano::schemas
