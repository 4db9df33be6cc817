// cli/nano/choosing.cpp: options of choosing, plans and rankings as they are shown.
#include "cli/nano/choosing.h"

#include "base/text.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

std::string_view done_word(app::Action a) {
  switch (a) {
    case app::Action::install: return "installed";
    case app::Action::upgrade: return "upgraded";
    case app::Action::downgrade: return "downgraded";
    case app::Action::change_variant: return "changed variant of";
    case app::Action::reinstall: return "reinstalled";
    case app::Action::keep: return "kept";
    case app::Action::remove: return "removed";
  }
  return "";
}

std::string item_line(const Terminal& t, const app::PlanItem& i, bool done) {
  std::string out = std::string(done ? done_word(i.action) : app::action_word(i.action)) + " " +
                    styled(t, Style::bold, sanitize(item_name(i)));
  if (i.from && *i.from != i.version) out += " (was " + i.from->text() + ")";
  if (!i.from_variant.empty() && i.from_variant != i.variant)
    out += " (was " + sanitize(i.from_variant) + ")";
  if (i.bytes > 0) out += ", " + human_bytes(i.bytes);
  if (!i.registry.empty()) out += " from " + sanitize(i.registry);
  if (i.is_unsigned) out += " " + styled(t, Style::yellow, "[unsigned]");
  if (!i.requested && !i.why.empty()) out += ", " + sanitize(i.why);
  return out;
}

OrderedJson candidate_json(const resolver::Candidate& c) {
  OrderedJson j;
  j["name"] = c.name.text();
  j["version"] = c.version.text();
  j["variant"] = c.variant;
  j["license"] = c.license;
  j["bytes"] = c.size;
  j["metric"] = c.metric;
  j["dataset"] = c.dataset;
  j["quality"] = c.quality ? OrderedJson(rounded(*c.quality)) : OrderedJson(nullptr);
  j["p50_ms"] = c.p50_ms ? OrderedJson(rounded(*c.p50_ms)) : OrderedJson(nullptr);
  j["memory_bytes"] =
      c.memory_bytes ? OrderedJson(static_cast<uint64_t>(*c.memory_bytes)) : OrderedJson(nullptr);
  j["on_front"] = c.on_front;
  if (!c.rejected.empty()) j["failed"] = c.rejected;
  return j;
}

}  // namespace

Option dry_run_option() {
  return {.name = "dry-run", .short_name = 'n', .help = "show the plan, change nothing"};
}

std::vector<Option> choosing_options() {
  return {
      {.name = "min",
       .kind = OptionKind::multi,
       .value = "FIGURE=VALUE",
       .help = "only with a claim of at least this: accuracy=0.8, accuracy@sst2=0.8"},
      {.name = "max",
       .kind = OptionKind::multi,
       .value = "FIGURE=VALUE",
       .help = "only with at most this: p95=8ms, memory=200MB, size=30MB"},
      {.name = "license",
       .kind = OptionKind::multi,
       .value = "SPDX",
       .help = "only under these licences; `permissive` stands for those that ask for attribution at most"},
      {.name = "kind",
       .kind = OptionKind::multi,
       .value = "KIND",
       .help = "only of these kinds: model, base, head, adapter, grid, dataset"},
      {.name = "min-age",
       .kind = OptionKind::value,
       .value = "AGE",
       .help = "only releases at least this old: 7d, 12h"},
      {.name = "prefer",
       .kind = OptionKind::value,
       .value = "OBJECTIVE",
       .help = "the variant to take (balanced: the fastest within one point of the best accuracy)",
       .choices = {"balanced", "speed", "accuracy", "size"},
       .completes = Completes::choices},
      {.name = "any-machine", .help = "choose without a look at this machine's CPU, memory and disk"},
      {.name = "minimal", .help = "take the lowest versions that fit"},
  };
}

std::vector<Option> with_choosing(std::vector<Option> own) {
  for (auto& o : choosing_options()) own.push_back(std::move(o));
  return own;
}

app::ChooseOptions choosing_of(const Invocation& in) {
  return {.min = in.values("min"),
          .max = in.values("max"),
          .licenses = in.values("license"),
          .kinds = in.values("kind"),
          .min_age = in.value("min-age"),
          .prefer = in.value("prefer"),
          .any_machine = in.has("any-machine"),
          .minimal = in.has("minimal")};
}

std::string item_name(const app::PlanItem& i) {
  return i.name.text() + " " + i.version.text() + (i.variant.empty() ? "" : " " + i.variant);
}

OrderedJson item_json(const app::PlanItem& i) {
  OrderedJson j;
  j["action"] = std::string(app::action_word(i.action));
  j["name"] = i.name.text();
  j["version"] = i.version.text();
  j["variant"] = i.variant;
  if (i.from) j["from_version"] = i.from->text();
  if (!i.from_variant.empty()) j["from_variant"] = i.from_variant;
  j["registry"] = i.registry;
  j["why"] = i.why;
  if (!i.why_variant.empty()) j["why_variant"] = i.why_variant;
  if (!i.license.empty()) j["license"] = i.license;
  j["requested"] = i.requested;
  j["bytes"] = i.bytes;
  j["download_bytes"] = i.download_bytes;
  j["unsigned"] = i.is_unsigned;
  return j;
}

OrderedJson report_json(const app::InstallReport& report) {
  OrderedJson data;
  data["items"] = OrderedJson::array();
  for (const auto& i : report.items) data["items"].push_back(item_json(i));
  data["changed"] = report.changed;
  data["dry_run"] = report.dry_run;
  data["generation"] = report.generation;
  data["download_bytes"] = report.download_bytes;
  data["fetched_bytes"] = report.fetched_bytes;
  data["seconds"] = rounded(report.seconds);
  return data;
}

void print_report(Invocation& in, const app::InstallReport& report) {
  if (in.session().quiet) return;
  const Terminal& t = in.session().out_terminal;
  for (const auto& i : report.items) {
    const bool kept = i.action == app::Action::keep;
    if (!kept || i.requested)
      in.out().line((report.dry_run && !kept ? "would " : "") + item_line(t, i, !report.dry_run));
  }
  if (report.dry_run) {
    in.out().line("nothing was changed; " + human_bytes(report.download_bytes) + " would be fetched");
  } else if (!report.changed) {
    in.out().line("everything was installed already");
  } else {
    in.out().line("done in " + human_duration(report.seconds) + ", " + human_bytes(report.fetched_bytes) +
                  " fetched, generation " + std::to_string(report.generation));
  }
}

OrderedJson ranking_json(const resolver::TaskRanking& ranking) {
  OrderedJson data;
  data["candidates"] = OrderedJson::array();
  for (const auto& c : ranking.candidates) data["candidates"].push_back(candidate_json(c));
  data["rejected"] = OrderedJson::array();
  for (const auto& c : ranking.rejected) data["rejected"].push_back(candidate_json(c));
  data["notes"] = ranking.notes;
  return data;
}

void print_ranking(Invocation& in, const resolver::TaskRanking& ranking) {
  if (in.session().quiet) return;
  TextTable table({{.title = ""},
                   {.title = "NAME"},
                   {.title = "VERSION"},
                   {.title = "VARIANT"},
                   {.title = "QUALITY"},
                   {.title = "P50", .right = true},
                   {.title = "MEMORY", .right = true},
                   {.title = "SIZE", .right = true},
                   {.title = "LICENSE", .shrink = true}});
  for (const auto& c : ranking.candidates)
    table.row({c.on_front ? "*" : "", c.name.text(), c.version.text(), c.variant,
               c.quality ? c.metric + " " + resolver::figure_text(c.metric, *c.quality) +
                               (c.dataset.empty() ? "" : " on " + c.dataset)
                         : "none claimed",
               c.p50_ms ? resolver::figure_text("p50", *c.p50_ms) : "",
               c.memory_bytes ? resolver::figure_text("memory", *c.memory_bytes) : "", human_bytes(c.size),
               c.license});
  if (!table.empty()) in.out().put(table.render(in.session().out_terminal));
  if (!ranking.candidates.empty()) in.out().line("* no other is at least as good, as fast and as small");
  for (const auto& c : ranking.rejected) {
    std::string line = "not " + c.name.text() + " " + c.version.text() +
                       (c.variant.empty() ? "" : " " + c.variant) + ": it ";
    for (std::size_t i = 0; i < c.rejected.size(); ++i) line += (i == 0 ? "" : "; it ") + c.rejected[i];
    in.out().line(sanitize(line));
  }
  for (const auto& n : ranking.notes) in.session().log.note(n);
}

}  // namespace nano::cli
