// resolver/variants.cpp: feasible first, then the objective over the publisher's claims.
#include "resolver/variants.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace nano::resolver {
namespace {

using Verdicts = std::vector<VariantVerdict>;

/// The first of the usable ones by `less`; ties: the default, then the name.
template <class Less>
VariantVerdict* best(std::vector<VariantVerdict*>& among, Less less) {
  const auto it =
      std::min_element(among.begin(), among.end(), [&](const VariantVerdict* a, const VariantVerdict* b) {
        if (less(*a, *b) != less(*b, *a)) return less(*a, *b);
        if (a->is_default != b->is_default) return a->is_default;
        return a->name < b->name;
      });
  return it == among.end() ? nullptr : *it;
}

/// Where no claim decides.
VariantVerdict* publishers(std::vector<VariantVerdict*>& usable, const std::string& missing) {
  for (VariantVerdict* v : usable)
    if (v->is_default) {
      v->why = "the publisher's default" + missing;
      return v;
    }
  VariantVerdict* v = best(usable, [](const auto& a, const auto& b) { return a.size < b.size; });
  v->why = "the smallest that may be used here" + missing;
  return v;
}

VariantVerdict* smallest(std::vector<VariantVerdict*>& usable) {
  VariantVerdict* v = best(usable, [](const auto& a, const auto& b) { return a.size < b.size; });
  v->why = "the smallest";
  for (VariantVerdict* o : usable)
    if (o != v) o->why = "larger than " + v->name;
  return v;
}

VariantVerdict* fastest(std::vector<VariantVerdict*> usable, const std::string& why) {
  for (VariantVerdict* o : usable)
    if (!o->p50_ms) o->why = "no latency is claimed for it";
  std::erase_if(usable, [](const VariantVerdict* v) { return !v->p50_ms; });
  VariantVerdict* v = best(usable, [](const auto& a, const auto& b) { return *a.p50_ms < *b.p50_ms; });
  if (v == nullptr) return nullptr;
  v->why = why;
  for (VariantVerdict* o : usable)
    if (o != v) o->why = "slower than " + v->name;
  return v;
}

VariantVerdict* most_accurate(std::vector<VariantVerdict*> usable, const std::string& metric) {
  for (VariantVerdict* o : usable)
    if (!o->quality) o->why = "no " + metric + " is claimed for it";
  std::erase_if(usable, [](const VariantVerdict* v) { return !v->quality; });
  VariantVerdict* v =
      best(usable, [&](const auto& a, const auto& b) { return is_better(metric, *a.quality, *b.quality); });
  if (v == nullptr) return nullptr;
  v->why = "the best " + metric;
  for (VariantVerdict* o : usable)
    if (o != v)
      o->why =
          *o->quality == *v->quality ? "no better than " + v->name : "worse " + metric + " than " + v->name;
  return v;
}

/// Within how much of the best a variant counts as good.
double margin(const std::string& metric, double quality) {
  const schemas::Metric* m = schemas::find_metric(metric);
  return m != nullptr && m->unit == "fraction" ? kQualityMargin : kQualityMargin * std::abs(quality);
}

VariantVerdict* balanced(std::vector<VariantVerdict*>& usable, const std::string& metric) {
  VariantVerdict* top = metric.empty() ? nullptr : most_accurate(usable, metric);
  if (top == nullptr) {
    VariantVerdict* v = publishers(usable, ": no quality is claimed");
    for (VariantVerdict* o : usable)
      if (o != v) o->why = "not the publisher's default, and no quality is claimed";
    return v;
  }
  std::vector<VariantVerdict*> good;
  for (VariantVerdict* v : usable) {
    if (!v->quality) continue;
    // A hair's breadth for what decimal texts cannot say: 0.84 - 0.83 is more than 0.01 in binary.
    if (std::abs(*v->quality - *top->quality) <= margin(metric, *top->quality) + 1e-9)
      good.push_back(v);
    else
      v->why = "its " + metric + " is more than one point below that of " + top->name;
  }
  if (VariantVerdict* v = fastest(good, "the fastest within one point of the best " + metric)) return v;
  VariantVerdict* v = publishers(good, ": no latency is claimed");
  for (VariantVerdict* o : good)
    if (o != v) o->why = "not the publisher's default, and no latency is claimed";
  return v;
}

/// A full disk decides between variants only: what is in the store already takes no room, and an install says best itself that
/// there is none left.
void refuse_by_disk(Verdicts& all, const Circumstances& at) {
  const auto fits = [&](const VariantVerdict& v) { return v.size <= at.machine.disk_bytes; };
  if (!at.machine.known || at.filters.any_machine) return;
  if (std::none_of(all.begin(), all.end(), [&](const VariantVerdict& v) { return !v.refused && fits(v); }))
    return;
  for (VariantVerdict& v : all) {
    if (v.refused || fits(v)) continue;
    v.why = "takes " + human_bytes(v.size) + " on disk (" + human_bytes(at.machine.disk_bytes) + " are free)";
    v.refused = Refused{"disk", v.why};
  }
}

Verdicts look_at(const Offer& offer, const std::string& metric, const std::string& dataset,
                 const Circumstances& at, bool is_asked) {
  Verdicts out;
  const Machine uncorrected;
  for (const schemas::IndexVariant& v : offer.variants) {
    VariantVerdict& d = out.emplace_back();
    d.name = v.name;
    d.is_default = v.is_default;
    d.size = v.size;
    d.refused = refuse_variant(offer, v, at, is_asked);
    d.metric = metric;
    d.dataset = dataset;
    if (!metric.empty()) d.quality = claimed(offer, v, metric, dataset, at.machine);
    d.p50_ms = claimed(offer, v, "p50", "", at.machine);
    d.p50_claimed_ms = claimed(offer, v, "p50", "", uncorrected);
    d.memory_bytes = claimed(offer, v, "memory", "", at.machine);
    if (d.refused) d.why = d.refused->reason;
  }
  refuse_by_disk(out, at);
  return out;
}

}  // namespace

Result<Objective> parse_objective(std::string_view text) {
  for (const Objective o : {Objective::balanced, Objective::speed, Objective::accuracy, Objective::size})
    if (to_text(o) == text) return o;
  return make_error(Errc::usage, "'" + sanitize(text) + "' is no objective",
                    "--prefer speed, accuracy, size or balanced");
}

std::string_view to_text(Objective o) {
  switch (o) {
    case Objective::balanced: return "balanced";
    case Objective::speed: return "speed";
    case Objective::accuracy: return "accuracy";
    case Objective::size: return "size";
  }
  return "";
}

std::string variants_hint(const std::string& wanted, const std::vector<std::string>& names) {
  if (names.empty()) return "it has no variants";
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "" : ", ") + sanitize(n);
  const auto near = names.size() > 1 ? nano::nearest(wanted, names) : std::nullopt;
  return (near ? "did you mean '" + sanitize(*near) + "'? " : "") + "it has " + list;
}

std::string headline_metric(const Offer& offer, std::string* dataset) {
  for (const schemas::HeadlineClaim& c : offer.claims) {
    if (c.metric.empty()) continue;
    if (dataset != nullptr) *dataset = c.dataset;
    return c.metric;
  }
  return {};
}

bool is_better(std::string_view metric, double a, double b) {
  const schemas::Metric* m = schemas::find_metric(metric);
  return m != nullptr && m->direction == schemas::Direction::lower ? a < b : a > b;
}

Result<VariantChoice> choose_variant(const Offer& offer, const VariantWish& wish, const Circumstances& at,
                                     bool is_asked) {
  VariantChoice out;
  if (offer.variants.empty()) {
    if (!wish.demanded.empty())
      return make_error(Errc::not_found,
                        "it has no variants, and '" + sanitize(wish.demanded) + "' is asked for");
    return out;
  }
  std::string dataset;
  const std::string metric = headline_metric(offer, &dataset);
  out.verdicts = look_at(offer, metric, dataset, at, is_asked);
  std::vector<VariantVerdict*> usable;
  for (VariantVerdict& v : out.verdicts)
    if (!v.refused) usable.push_back(&v);
  const auto named = [&](const std::string& name) -> VariantVerdict* {
    for (VariantVerdict& v : out.verdicts)
      if (v.name == name) return &v;
    return nullptr;
  };

  VariantVerdict* chosen = nullptr;
  if (!wish.demanded.empty()) {
    chosen = named(wish.demanded);
    if (chosen == nullptr) {
      std::vector<std::string> names;
      for (const VariantVerdict& v : out.verdicts) names.push_back(v.name);
      return make_error(Errc::not_found, "there is no variant '" + sanitize(wish.demanded) + "'", variants_hint(wish.demanded, names));
    }
    if (chosen->refused)
      return make_error(Errc::no_solution, "the variant '" + chosen->name + "' " + chosen->refused->reason);
    for (VariantVerdict* v : usable) v->why = "another was asked for";
    chosen->why = "asked for";
  } else if (usable.empty()) {
    return make_error(Errc::no_solution, "no variant may be used here: " + out.verdicts.front().name + " " +
                                             out.verdicts.front().why);
  } else if (VariantVerdict* kept = wish.kept.empty() || wish.objective ? nullptr : named(wish.kept);
             kept != nullptr && !kept->refused) {
    for (VariantVerdict* v : usable) v->why = "another is installed";
    kept->why = "installed already";
    chosen = kept;
  } else if (usable.size() == 1) {
    chosen = usable.front();
    chosen->why = out.verdicts.size() == 1 ? "the only one" : "the only one that may be used here";
  } else {
    switch (wish.objective.value_or(Objective::balanced)) {
      case Objective::size: chosen = smallest(usable); break;
      case Objective::speed: chosen = fastest(usable, "the fastest"); break;
      case Objective::accuracy: chosen = metric.empty() ? nullptr : most_accurate(usable, metric); break;
      case Objective::balanced: chosen = balanced(usable, metric); break;
    }
    if (chosen == nullptr) {
      const std::string missing =
          wish.objective == Objective::speed ? ": no latency is claimed" : ": no quality is claimed";
      chosen = publishers(usable, missing);
      for (VariantVerdict* v : usable)
        if (v != chosen) v->why = "not the publisher's default, and nothing is claimed that decides";
    }
  }
  chosen->chosen = true;
  out.name = chosen->name;
  out.size = chosen->size;
  return out;
}

}  // namespace nano::resolver
