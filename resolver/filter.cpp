// resolver/filter.cpp: the checks, and the words in which each says no.
#include "resolver/filter.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "resolver/license.h"

namespace nano::resolver {
namespace {

using schemas::HeadlineClaim;
using schemas::IndexVariant;

bool is_size(std::string_view figure) {
  return figure == "memory" || figure == "size";
}
bool is_latency(std::string_view figure) {
  return figure == "p50" || figure == "p95";
}

struct Unit_ {
  std::string_view name{};
  double factor = 1;
};

/// A number and one of the units; nullopt when it is neither.
std::optional<double> number_with_unit(std::string_view text, const std::vector<Unit_>& units) {
  std::size_t end = 0;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  const std::string digits(text.substr(0, end));
  if (digits.empty() || digits.size() > 20 || digits == "." ||
      std::count(digits.begin(), digits.end(), '.') > 1)
    return std::nullopt;
  const double value = std::strtod(digits.c_str(), nullptr);
  for (const Unit_& u : units)
    if (u.name == text.substr(end)) return value * u.factor;
  return std::nullopt;
}

const std::vector<Unit_>& byte_units() {
  static const std::vector<Unit_> u{{"", 1},       {"B", 1},         {"kB", 1e3},
                                    {"KB", 1e3},   {"MB", 1e6},      {"GB", 1e9},
                                    {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};
  return u;
}
const std::vector<Unit_>& time_units() {
  static const std::vector<Unit_> u{{"", 1}, {"ms", 1}, {"us", 1e-3}, {"s", 1e3}};
  return u;
}
const std::vector<Unit_>& plain_units() {
  static const std::vector<Unit_> u{{"", 1}, {"%", 0.01}};
  return u;
}

bool holds(const Limit& limit, double value) {
  return limit.at_least ? value >= limit.value : value <= limit.value;
}

std::string bound_text(const Limit& limit) {
  return (limit.at_least ? "at least " : "at most ") + figure_text(limit.figure, limit.value);
}

std::string figure_name(const Limit& limit) {
  return limit.figure + (limit.dataset.empty() ? "" : " on " + limit.dataset);
}

std::optional<Refused> refuse_by_machine(const IndexVariant& variant, const Machine& machine) {
  if (!machine.known) return std::nullopt;
  for (const std::string& isa : variant.needs.isa)
    if (std::find(machine.isa.begin(), machine.isa.end(), isa) == machine.isa.end())
      return Refused{"isa", "needs " + isa + ", which this machine lacks"};
  if (variant.needs.memory_bytes && *variant.needs.memory_bytes > machine.memory_bytes)
    return Refused{"memory", "needs " + human_bytes(*variant.needs.memory_bytes) +
                                 " of memory (this machine has " + human_bytes(machine.memory_bytes) + ")"};
  return std::nullopt;
}

std::optional<Refused> refuse_by_limits(const Offer& offer, const IndexVariant& variant,
                                        const Circumstances& at, bool is_asked) {
  for (const Limit& limit : at.filters.limits) {
    if (!is_asked && !is_size(limit.figure)) continue;
    std::string dataset;
    const auto value = claimed(offer, variant, limit.figure, limit.dataset, at.machine, &dataset);
    // What a package that was not asked for does not say of its memory is not held against it.
    if (!value && !is_asked) continue;
    if (!value)
      return Refused{limit.option(), "claims no " + figure_name(limit) + " (" + limit.option() + ")"};
    if (!holds(limit, *value))
      return Refused{limit.option(), "has " + limit.figure + " " + figure_text(limit.figure, *value) +
                                         (dataset.empty() ? "" : " on " + dataset) + ", not " +
                                         bound_text(limit)};
  }
  return std::nullopt;
}

/// What to say of a version none of whose variants will do.
Refused join(const std::vector<std::pair<std::string, Refused>>& all) {
  const auto same = [&](const auto& x) { return x.second == all.front().second; };
  if (std::all_of(all.begin(), all.end(), same)) {
    Refused out = all.front().second;
    if (all.size() > 1) out.reason += " (in every variant)";
    return out;
  }
  Refused out{all.front().second.filter, "has no variant that may be used: "};
  for (std::size_t i = 0; i < all.size(); ++i) {
    out.reason += (i == 0 ? "" : "; ") + all[i].first + " " + all[i].second.reason;
    if (all[i].second.filter != out.filter) out.filter = "variant";
  }
  return out;
}

}  // namespace

Result<Limit> Limit::parse(bool at_least, std::string_view text) {
  const auto bad = [&](const std::string& why, const std::string& hint) {
    return make_error(Errc::usage,
                      std::string(at_least ? "--min" : "--max") + " '" + sanitize(text) + "' " + why, hint);
  };
  const auto eq = text.find('=');
  const std::string example =
      at_least ? "as in --min accuracy=0.8" : "as in --max p95=8ms, --max memory=200MB";
  if (eq == std::string_view::npos || eq == 0 || eq + 1 == text.size() || text.size() > 200)
    return bad("is not FIGURE=VALUE", example);
  Limit out{.at_least = at_least, .text = std::string(text)};
  out.figure = std::string(text.substr(0, eq));
  if (const auto on = out.figure.find('@'); on != std::string::npos) {
    out.dataset = out.figure.substr(on + 1);
    out.figure.resize(on);
  }
  if (out.figure == "latency") out.figure = "p50";
  if (!is_size(out.figure) && !is_latency(out.figure) && schemas::find_metric(out.figure) == nullptr &&
      !out.figure.starts_with("x-")) {
    std::vector<std::string> known{"p50", "p95", "memory", "size"};
    for (const auto& m : schemas::metrics()) known.push_back(m.id);
    const auto near = nano::nearest(out.figure, known);
    return bad("names no figure that is known", near ? "did you mean '" + *near + "'?"
                                                     : "p50, p95, memory, size, or a metric as accuracy, f1");
  }
  if (!out.dataset.empty() && (is_size(out.figure) || is_latency(out.figure)))
    return bad("names a data set, which only a metric has", example);
  const auto value = number_with_unit(text.substr(eq + 1), is_size(out.figure)      ? byte_units()
                                                           : is_latency(out.figure) ? time_units()
                                                                                    : plain_units());
  if (!value) return bad("has no value that can be read", example);
  out.value = *value;
  return out;
}

Result<int64_t> parse_age(std::string_view text) {
  static const std::vector<Unit_> units{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
  if (text == "0") return int64_t{0};
  const auto value = number_with_unit(text, units);
  if (!value || *value > 1e10)
    return make_error(Errc::usage, "'" + sanitize(text) + "' is not an age", "as in 7d, 12h, 0");
  return static_cast<int64_t>(*value);
}

std::string figure_text(std::string_view figure, double value) {
  if (is_size(figure)) return human_bytes(static_cast<uint64_t>(std::max(0.0, value)));
  char text[48];
  if (is_latency(figure)) {
    std::snprintf(text, sizeof text, value < 0.01 ? "%.2g ms" : value < 10 ? "%.2f ms" : "%.1f ms", value);
  } else {
    std::snprintf(text, sizeof text, "%.6g", value);
  }
  return text;
}

std::optional<double> claimed(const Offer& offer, const IndexVariant& variant, std::string_view figure,
                              std::string_view dataset, const Machine& machine, std::string* dataset_used) {
  if (figure == "size") return static_cast<double>(variant.size);
  for (const HeadlineClaim& c : offer.claims) {
    if (c.variant != variant.name) continue;
    if (figure == "memory" && c.memory_bytes) return static_cast<double>(*c.memory_bytes);
    const auto& latency = figure == "p95" ? c.p95_ms : c.p50_ms;
    if (is_latency(figure) && latency && c.device == "cpu") {
      const auto here = machine.calibration_us.find(variant.quantization);
      // Without the publisher's calibration there is nothing to correct by: the claim stands as it is.
      if (!c.calibration_us || here == machine.calibration_us.end() || c.calibration_us->value() <= 0)
        return latency->value();
      return latency->value() * here->second / c.calibration_us->value();
    }
    if (c.metric == figure && !c.metric.empty() && (dataset.empty() || c.dataset == dataset)) {
      if (dataset_used != nullptr) *dataset_used = c.dataset;
      return c.value.value();
    }
  }
  if (figure == "memory" && variant.needs.memory_bytes)
    return static_cast<double>(*variant.needs.memory_bytes);
  return std::nullopt;
}

std::optional<Refused> refuse_variant(const Offer& offer, const IndexVariant& variant,
                                      const Circumstances& at, bool is_asked) {
  if (!at.filters.any_machine)
    if (auto r = refuse_by_machine(variant, at.machine)) return r;
  return refuse_by_limits(offer, variant, at, is_asked);
}

std::optional<Refused> refuse(const Offer& offer, const Circumstances& at, bool is_asked) {
  const Filters& f = at.filters;
  const bool ignored = f.ignore_trust && (f.ignore_trust->empty() || *f.ignore_trust == offer.refused.value_or(Refused{}).remedy);
  if (offer.refused && !ignored) return offer.refused;
  if (is_asked && !f.kinds.empty() && std::find(f.kinds.begin(), f.kinds.end(), offer.kind) == f.kinds.end())
    return Refused{"kind", "is of the kind " + std::string(to_text(offer.kind))};
  if (!f.licenses.empty() && !license_allowed(offer.license, f.licenses)) {
    std::string asked;
    for (const std::string& l : f.licenses) asked += (asked.empty() ? "" : ",") + l;
    return Refused{"license", (offer.license.empty() ? "states no licence" : "is licensed " + offer.license) +
                                  " (--license " + asked + ")"};
  }
  if (f.min_age_seconds > 0 && offer.published == kUndated)
    return Refused{"min-age", "says no date that could be older than " + f.min_age_text + " (--min-age)"};
  if (f.min_age_seconds > 0 && offer.published > at.now - f.min_age_seconds)
    return Refused{"min-age", "is younger than " + f.min_age_text + " (--min-age)"};
  if (offer.variants.empty()) return std::nullopt;
  std::vector<std::pair<std::string, Refused>> all;
  for (const IndexVariant& v : offer.variants) {
    auto r = refuse_variant(offer, v, at, is_asked);
    if (!r) return std::nullopt;
    all.emplace_back(v.name, std::move(*r));
  }
  return join(all);
}

}  // namespace nano::resolver
