// cli/nano/commands_why.cpp: resolve, why, why-not, why-variant, tree.
#include "app/task.h"
#include "app/why.h"
#include "base/text.h"
#include "cli/nano/choosing.h"
#include "cli/nano/commands.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

std::string node_text(const app::TreeNode& n) {
  return n.name + " " + n.version + (n.variant.empty() ? "" : " " + n.variant) +
         (n.range.empty() ? "" : " (" + n.range + ")");
}

OrderedJson node_json(const app::TreeNode& n, bool deep) {
  OrderedJson j;
  j["name"] = n.name;
  j["version"] = n.version;
  j["variant"] = n.variant;
  if (!n.range.empty()) j["range"] = n.range;
  if (n.pinned) j["pinned"] = true;
  if (n.repeated) j["repeated"] = true;
  if (!deep) return j;
  j["needs"] = OrderedJson::array();
  for (const auto& x : n.needs) j["needs"].push_back(node_json(x, true));
  return j;
}

void print_tree(Output& out, const app::TreeNode& n, const std::string& head, const std::string& tail) {
  out.line(sanitize(head + node_text(n) + (n.pinned ? " [pinned]" : "") + (n.repeated ? " …" : "")));
  for (std::size_t i = 0; i < n.needs.size(); ++i) {
    const bool last = i + 1 == n.needs.size();
    print_tree(out, n.needs[i], tail + (last ? "`-- " : "|-- "), tail + (last ? "    " : "|   "));
  }
}

Result<int> run_tree(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto roots, app::dependency_tree(ctx));
  if (in.json()) {
    OrderedJson data;
    data["roots"] = OrderedJson::array();
    for (const auto& r : roots) data["roots"].push_back(node_json(r, true));
    in.document(data);
    return 0;
  }
  if (roots.empty()) in.session().log.note("nothing is installed");
  for (const auto& r : roots) print_tree(in.out(), r, "", "");
  return 0;
}

Result<int> run_why(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto report, app::why(ctx, in.argument("NAME")));
  if (in.json()) {
    OrderedJson data;
    data["package"] = node_json(report.package, false);
    data["requested"] = report.requested;
    data["chains"] = OrderedJson::array();
    for (const auto& c : report.chains) {
      OrderedJson chain = OrderedJson::array();
      for (const auto& n : c) chain.push_back(node_json(n, false));
      data["chains"].push_back(std::move(chain));
    }
    in.document(data);
    return 0;
  }
  const std::string what = node_text(report.package);
  if (report.requested) in.out().line(sanitize(what + " is there because you asked for it."));
  for (const auto& c : report.chains) {
    std::string line = c.front().name + " " + c.front().version;
    for (std::size_t i = 1; i < c.size(); ++i)
      line += std::string(i == 1 ? ", which you asked for, needs " : ", which needs ") + c[i].name +
              (c[i].range.empty() ? "" : " " + c[i].range);
    in.out().line(sanitize((report.requested ? "Also: " : what + " is there because ") + line + "."));
  }
  if (!report.requested && report.chains.empty())
    in.out().line(sanitize(what + " is there although nothing needs it any more."));
  return 0;
}

Result<int> run_why_not(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto report, app::why_not(ctx, in.argument("REQUIREMENT"), choosing_of(in)));
  if (in.json()) {
    OrderedJson data;
    data["requirement"] = report.requirement;
    data["possible"] = report.possible;
    data["explanation"] = report.lines;
    data["suggestions"] = report.suggestions;
    data["items"] = OrderedJson::array();
    for (const auto& i : report.plan) data["items"].push_back(item_json(i));
    in.document(data);
    return 0;
  }
  for (const auto& l : report.lines) in.out().line(sanitize(l));
  if (!report.suggestions.empty()) in.out().line("");
  for (const auto& s : report.suggestions) in.out().line(sanitize(s) + ".");
  if (!report.possible) return 0;
  if (report.plan.empty()) {
    in.out().line(sanitize(report.requirement) + " is there already.");
    return 0;
  }
  in.out().line("Nothing stands in the way of " + sanitize(report.requirement) + ". To take it would");
  for (const auto& i : report.plan)
    in.out().line("  " + std::string(app::action_word(i.action)) + " " + sanitize(item_name(i)));
  return 0;
}

Result<int> run_why_variant(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto report, app::why_variant(ctx, in.argument("NAME"), choosing_of(in)));
  if (in.json()) {
    OrderedJson data;
    data["name"] = report.name;
    data["version"] = report.version;
    data["installed"] = report.installed;
    data["metric"] = report.metric;
    data["dataset"] = report.dataset;
    data["calibrated"] = report.calibrated;
    data["variants"] = OrderedJson::array();
    for (const auto& v : report.variants) {
      OrderedJson j;
      j["name"] = v.name;
      j["default"] = v.is_default;
      j["chosen"] = v.chosen;
      j["bytes"] = v.size;
      j["quality"] = v.quality ? OrderedJson(rounded(*v.quality)) : OrderedJson(nullptr);
      j["p50_ms"] = v.p50_ms ? OrderedJson(rounded(*v.p50_ms)) : OrderedJson(nullptr);
      j["p50_claimed_ms"] = v.p50_claimed_ms ? OrderedJson(rounded(*v.p50_claimed_ms)) : OrderedJson(nullptr);
      j["memory_bytes"] =
          v.memory_bytes ? OrderedJson(static_cast<uint64_t>(*v.memory_bytes)) : OrderedJson(nullptr);
      j["why"] = v.why;
      data["variants"].push_back(std::move(j));
    }
    in.document(data);
    return 0;
  }
  in.out().line(sanitize(report.name + " " + report.version) +
                (report.installed.empty() ? "" : ", installed as " + sanitize(report.installed)));
  const std::string metric = report.metric.empty() ? "QUALITY" : report.metric;
  TextTable table({{.title = ""},
                   {.title = "VARIANT"},
                   {.title = "SIZE", .right = true},
                   {.title = metric, .right = true},
                   {.title = report.calibrated ? "P50 HERE" : "P50 CLAIMED", .right = true},
                   {.title = "MEMORY", .right = true},
                   {.title = "WHY", .shrink = true}});
  for (const auto& v : report.variants)
    table.row({v.chosen ? "*" : "", v.name + (v.is_default ? " (default)" : ""), human_bytes(v.size),
               v.quality ? resolver::figure_text(v.metric, *v.quality) : "",
               v.p50_ms ? resolver::figure_text("p50", *v.p50_ms) : "",
               v.memory_bytes ? resolver::figure_text("memory", *v.memory_bytes) : "", v.why});
  if (report.variants.empty())
    in.out().line("it has no variants");
  else
    in.out().put(table.render(in.session().out_terminal));
  return 0;
}

Result<int> run_resolve(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  const app::ChooseOptions choose = choosing_of(in);
  if (!in.has("task")) {
    app::InstallOptions options;
    options.requests = in.arguments("PACKAGE");
    options.dry_run = true;
    options.choose = choose;
    NANO_TRY_ASSIGN(const auto report, app::install(ctx, options));
    if (in.json())
      in.document(report_json(report));
    else
      print_report(in, report);
    return 0;
  }
  if (!in.arguments("PACKAGE").empty())
    return make_error(Errc::usage, "a package and --task were both given", "a task chooses the package");
  const app::TaskOptions options{
      .task = in.value("task"), .language = in.value("language"), .choose = choose};
  NANO_TRY_ASSIGN(const auto ranking, app::rank_for_task(ctx, options));
  if (in.json())
    in.document(ranking_json(ranking), "task");
  else
    print_ranking(in, ranking);
  if (ranking.candidates.empty()) {
    const auto none = app::best_of(ranking, options);
    if (none.error().code == Errc::unmet && in.json())
      return static_cast<int>(Errc::unmet);  // the document says it all
    return none.error();
  }
  return 0;
}

}  // namespace

void add_why_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Packages";
  const Positional requirement{.name = "REQUIREMENT", .help = "NAME, NAME@RANGE or NAME:VARIANT"};
  const Positional name{.name = "NAME", .help = "an installed package", .completes = Completes::installed};
  table.push_back(
      {.name = "resolve",
       .group = kGroup,
       .summary = "choose packages and show the plan, or rank those that do a task",
       .description =
           "With packages: what `nano install` would do. With --task: every package that does it, ranked "
           "by the claims of its publisher; a star marks those that no other beats in quality, latency "
           "and size at once (the Pareto front); for the others, the claim that failed. Exits with 10 "
           "when none holds.\n\nA bound on a metric without a data set looks at the first claim of that "
           "metric that the publisher lists. Latencies are corrected for this machine where the claim "
           "says what nano's micro-benchmark took on the other one.",
       .positionals = {{.name = "PACKAGE", .help = "a request", .required = false, .many = true}},
       .options =
           with_choosing({{.name = "task",
                           .kind = OptionKind::value,
                           .value = "TASK",
                           .help = "sentiment, ner, embedding, or a pipeline name as text-classification"},
                          {.name = "language",
                           .kind = OptionKind::value,
                           .value = "LANG",
                           .help = "that the model must know: en, de"}}),
       .examples =
           {{.line = "nano resolve sentiment-50m@^1"},
            {.line = "nano resolve --task sentiment --min accuracy=0.8 --max p95=8ms --license permissive"}},
       .exits = {Errc::not_found, Errc::no_solution, Errc::network, Errc::untrusted, Errc::unmet,
                 Errc::refused},
       .run = run_resolve});
  table.push_back(
      {.name = "why",
       .group = kGroup,
       .summary = "say why a package is there",
       .description =
           "Who asked for it: you, or the packages that need it, with the ranges they ask for. In a "
           "project, of what it was synced to.",
       .positionals = {name},
       .examples = {{.line = "nano why sentiment-50m"}},
       .exits = {Errc::not_found, Errc::store, Errc::invalid},
       .run = run_why});
  table.push_back(
      {.name = "why-not",
       .group = kGroup,
       .summary = "say why a version is not there, and what would allow it",
       .description =
           "Asks the resolver for it on top of what is installed (or of what the project requires) and "
           "tells its argument. Every suggestion was tried. A name alone means its newest version.",
       .positionals = {requirement},
       .options = choosing_options(),
       .examples = {{.line = "nano why-not sentiment-50m@2.0.0"}},
       .exits = {Errc::not_found, Errc::no_solution, Errc::network, Errc::untrusted, Errc::refused},
       .run = run_why_not});
  table.push_back(
      {.name = "why-variant",
       .group = kGroup,
       .summary = "show every variant and why it would be taken or not",
       .description =
           "Size, claimed quality, latency (corrected for this machine where the claim allows it) and the "
           "reason, for the installed version or else the newest.",
       .positionals = {{.name = "NAME", .help = "a package"}},
       .options = choosing_options(),
       .examples = {{.line = "nano why-variant sentiment-50m"},
                    {.line = "nano why-variant sentiment-50m --prefer accuracy"}},
       .exits = {Errc::not_found, Errc::no_solution, Errc::network, Errc::untrusted, Errc::refused},
       .run = run_why_variant});
  table.push_back({.name = "tree",
                   .group = kGroup,
                   .summary = "show what is installed as a tree of who needs what",
                   .description = "From what was asked for down. What was shown already is not opened again.",
                   .examples = {{.line = "nano tree"}},
                   .exits = {Errc::store, Errc::invalid},
                   .run = run_tree});
}

}  // namespace nano::cli
