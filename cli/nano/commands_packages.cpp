// cli/nano/commands_packages.cpp: install, uninstall, list, rollback, history, gc.
#include "app/history.h"
#include "app/install.h"
#include "app/list.h"
#include "app/task.h"
#include "base/count.h"
#include "base/text.h"
#include "cli/nano/choosing.h"
#include "cli/nano/commands.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

Result<int> run_install(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  app::InstallOptions options;
  options.requests = in.arguments("PACKAGE");
  if (in.has("task")) {
    if (!options.requests.empty())
      return make_error(Errc::usage, "a package and --task were both given", "a task chooses the package");
    const app::TaskOptions task{.task = in.value("task"), .language = in.value("language"), .choose = choosing_of(in)};
    NANO_TRY_ASSIGN(const auto ranking, app::rank_for_task(ctx, task));
    NANO_TRY_ASSIGN(const std::string best, app::best_of(ranking, task));
    options.requests = {best};
    options.chosen_by_nano = true;
  }
  options.dry_run = in.has("dry-run");
  options.allow_unsigned = in.has("allow-unsigned");
  options.force = in.has("force");
  options.choose = choosing_of(in);
  NANO_TRY_ASSIGN(const app::InstallReport report, app::install(ctx, options));
  return show_install(in, report);
}

Result<int> run_uninstall(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  const bool dry = in.has("dry-run");
  NANO_TRY_ASSIGN(const app::UninstallReport report,
                  app::uninstall(ctx, {.names = in.arguments("NAME"), .dry_run = dry}));
  if (in.json()) {
    OrderedJson data;
    data["items"] = OrderedJson::array();
    for (const auto& i : report.removed) data["items"].push_back(item_json(i));
    data["dry_run"] = dry;
    data["generation"] = report.generation;
    data["reclaimable_bytes"] = report.reclaimable_bytes;
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  for (const auto& i : report.removed) {
    const std::string why = !i.requested && !i.why.empty() ? ", " + sanitize(i.why) : "";
    in.out().line((dry ? "would remove " : "removed ") +
                  styled(in.session().out_terminal, Style::bold, sanitize(item_name(i))) + why);
  }
  if (!dry && report.reclaimable_bytes > 0)
    in.out().line("`nano rollback` brings it back; `nano gc` would free " +
                  human_bytes(report.reclaimable_bytes));
  return 0;
}

Result<int> run_list(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  if (in.has("names")) {
    NANO_TRY_ASSIGN(const auto names, app::installed_names(ctx));
    for (const auto& n : names) in.out().line(sanitize(n));
    return 0;
  }
  NANO_TRY_ASSIGN(const auto listing, app::list_here(ctx, in.has("global")));
  const auto& packages = listing.packages;
  // Of a registry that came with nano a lock names no signer.
  const auto is_unsigned = [&](const app::InstalledPackage& p) { return p.in_place && p.entry.signer.empty(); };
  const auto json_of = [&](const app::InstalledPackage& p) {
    OrderedJson j;
    j["name"] = p.entry.name.text();
    j["version"] = p.entry.version.text();
    j["variant"] = p.entry.variant;
    j["title"] = p.title;
    j["task"] = p.task;
    j["bytes"] = p.bytes;
    j["registry"] = p.entry.registry;
    j["signer"] = p.entry.signer;
    j["requested"] = p.entry.requested;
    j["pinned"] = p.pinned;
    if (!p.entry.asked.is_anything()) j["asked"] = {{"range", p.entry.asked.range.text()}, {"variant", p.entry.asked.variant}};
    j["in_place"] = p.in_place;
    j["unsigned"] = is_unsigned(p);
    j["dir"] = p.dir.string();
    return j;
  };
  if (in.has("jsonl")) {
    for (const auto& p : packages) in.out().line(dump_safe(json_of(p)));
    return 0;
  }
  if (in.json()) {
    OrderedJson data;
    data["packages"] = OrderedJson::array();
    for (const auto& p : packages) data["packages"].push_back(json_of(p));
    if (!listing.project.empty()) data["project"] = listing.project;
    in.document(data);
    return 0;
  }
  if (!listing.project.empty())
    in.session().log.note("the project " + sanitize(listing.project) + "; `nano list --global` shows what is installed outside it");
  if (packages.empty()) {
    in.session().log.note(listing.project.empty() ? "nothing is installed; `nano search` shows what there is"
                                                  : "nothing is locked; `nano add NAME` adds a model");
    return 0;
  }
  TextTable table({{.title = "NAME"},
                   {.title = "VERSION"},
                   {.title = "VARIANT"},
                   {.title = "SIZE", .right = true},
                   {.title = "TASK"},
                   {.title = "FROM"},
                   {.title = "TITLE", .shrink = true}});
  for (const auto& p : packages)
    table.row({p.entry.name.text() + (p.entry.requested ? "" : " (needed)") + (p.pinned ? " [pinned]" : ""),
               p.entry.version.text(), p.entry.variant, human_bytes(p.bytes), p.task,
               !p.in_place ? "" : (p.entry.registry.empty() ? "file" : p.entry.registry) + (is_unsigned(p) ? " [unsigned]" : ""),
               p.in_place ? p.title : "(not in place: `nano sync`)"});
  in.out().put(table.render(in.session().out_terminal));
  return 0;
}

Result<int> run_rollback(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  std::optional<uint64_t> to;
  if (in.has("to")) to = in.number("to", 0);
  NANO_TRY_ASSIGN(const app::RollbackReport report, app::rollback(ctx, to, in.has("dry-run")));
  if (in.json()) {
    OrderedJson data;
    data["from"] = report.from;
    data["to"] = report.to;
    data["changes"] = report.changes;
    data["items"] = OrderedJson::array();
    for (const auto& i : report.items) data["items"].push_back(item_json(i));
    data["dry_run"] = report.dry_run;
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  for (const auto& c : report.changes) in.out().line("  " + sanitize(c));
  in.out().line("generation " + std::to_string(report.to) + (report.dry_run ? " would be" : " is") + " in force (" +
                (report.dry_run ? "now it is " : "was ") +
                std::to_string(report.from) + ")");
  return 0;
}

Result<int> run_history(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(auto items, app::history(ctx));
  const auto limit = in.number("limit", 0);
  if (limit > 0 && items.size() > limit) items.resize(limit);
  if (in.json()) {
    OrderedJson data;
    data["generations"] = OrderedJson::array();
    for (const auto& i : items) {
      OrderedJson j;
      j["generation"] = i.generation;
      j["created"] = i.created;
      j["command"] = i.command;
      j["current"] = i.current;
      j["packages"] = i.packages;
      j["changes"] = i.changes;
      data["generations"].push_back(std::move(j));
    }
    in.document(data);
    return 0;
  }
  if (items.empty()) in.session().log.note("nothing was ever installed here");
  const Terminal& t = in.session().out_terminal;
  for (const auto& i : items) {
    in.out().line((i.current ? "* " : "  ") + styled(t, Style::bold, std::to_string(i.generation)) + "  " +
                  sanitize(i.created) + "  " + sanitize(i.command));
    for (const auto& c : i.changes) in.out().line("      " + sanitize(c));
  }
  return 0;
}

/// "2 partial downloads, 14 MB: they may still be resumed; `nano gc --now` removes them"
std::string withheld_text(const app::GcWithheld& w) {
  const std::string many = w.count == 1 ? "" : "s";
  if (w.why == "young-partial")
    return std::to_string(w.count) + " partial download" + many + ", " + human_bytes(w.bytes) +
           ": younger than a day, so they may still be resumed; `nano gc --now` removes them";
  if (w.why == "young-blob")
    return std::to_string(w.count) + " blob" + many + ", " + human_bytes(w.bytes) +
           ": used in the last ten minutes, so an install may be about to need them; `nano gc --now` removes them";
  return "what the project " + sanitize(w.detail) + " (it cannot be looked at now, so what it needs stays)";
}

Result<int> run_gc(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  app::GcOptions options{.dry_run = in.has("dry-run")};
  options.keep = in.number("keep", options.keep);
  options.now = in.has("now");
  NANO_TRY_ASSIGN(const app::GcReport r, app::gc(ctx, options));
  if (in.json()) {
    OrderedJson data;
    data["freed_bytes"] = r.freed_bytes;
    data["blobs"] = r.blobs;
    data["packages"] = r.packages;
    data["generations"] = r.generations;
    data["partials"] = r.partials;
    data["withheld"] = OrderedJson::array();
    for (const auto& w : r.withheld)
      data["withheld"].push_back({{"why", w.why}, {"count", w.count}, {"bytes", w.bytes}, {"detail", w.detail}});
    data["dry_run"] = r.dry_run;
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  in.out().line((r.dry_run ? "would free " : "freed ") + human_bytes(r.freed_bytes) + ": " +
                counted(r.blobs, "blob") + ", " + counted(r.packages, "package") + ", " +
                counted(r.generations, "generation") + ", " + counted(r.partials, "partial download"));
  for (const auto& w : r.withheld) in.out().line("kept " + withheld_text(w));
  return 0;
}

}  // namespace

int show_install(Invocation& in, const app::InstallReport& report) {
  if (in.json())
    in.document(report_json(report));
  else
    print_report(in, report);
  return 0;
}

void add_package_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Packages";
  const Option dry_run = dry_run_option();
  table.push_back(
      {.name = "install",
       .group = kGroup,
       .summary = "install packages, or change to another version or variant",
       .description = "Resolves the requests, fetches what is missing, checks every byte and signature, and "
                      "switches to a new generation in "
                      "one step. Stopped anywhere, what was installed before stays as it was, and what was "
                      "fetched is used next time.\n\n"
                      "A package is NAME, NAME@RANGE, NAME:VARIANT or NAME@RANGE:VARIANT "
                      "(`sentiment-50m@^1.2:q4`), or the path of a .nano "
                      "bundle (`./x.nano`). A path ends in .nano or .gguf, or holds a `/` and is not `namespace/name`; every other word is a "
                      "package, whatever lies in the working folder.",
       .positionals = {{.name = "PACKAGE",
                        .help = "a request, or a bundle's path",
                        .required = false,
                        .many = true,
                        .completes = Completes::files}},
       .options = with_choosing({dry_run,
                   {.name = "task",
                    .kind = OptionKind::value,
                    .value = "TASK",
                    .help = "install the best package for a task, as `nano resolve --task` ranks them"},
                   {.name = "language", .kind = OptionKind::value, .value = "LANG", .help = "with --task: that the model must know"},
                   {.name = "yes", .short_name = 'y', .help = "answer yes to every question"},
                   {.name = "force", .help = "fetch and stage again what is installed already"},
                   {.name = "allow-unsigned",
                    .help =
                        "accept a bundle without a valid signature; it is recorded and shown as unsigned"}}),
       .examples = {{.line = "nano install sentiment-50m"},
                    {.line = "nano install sentiment-50m@^1.0:q4", .what = "the q4 variant of a 1.x version"},
                    {.line = "nano install ./sentiment-50m-1.0.0.nano", .what = "a bundle"},
                    {.line = "nano install --task sentiment --max memory=200MB"}},
       .exits = {Errc::not_found, Errc::no_solution, Errc::network, Errc::integrity, Errc::untrusted,
                 Errc::store, Errc::unmet, Errc::refused, Errc::invalid, Errc::unsupported},
       .run = run_install});
  table.push_back({.name = "uninstall",
                   .group = kGroup,
                   .summary = "remove packages, and what only they needed",
                   .description = "Switches to a generation without them. Their bytes stay until `nano gc`, "
                                  "so that `nano rollback` can bring them back.",
                   .positionals = {{.name = "NAME",
                                    .help = "an installed package",
                                    .many = true,
                                    .completes = Completes::installed}},
                   .options = {dry_run},
                   .examples = {{.line = "nano uninstall sentiment-50m"}},
                   .exits = {Errc::not_found, Errc::store},
                   .run = run_uninstall});
  table.push_back({.name = "list",
                   .group = kGroup,
                   .summary = "show what is installed",
                   .description = "Name, version, variant, size, task and origin of every installed package; in a project, of "
                                  "what the project is locked to. Unsigned and pinned ones are marked.",
                   .options = {{.name = "global", .help = "in a project too: what is installed outside it"},
                               {.name = "jsonl", .help = "one JSON object a line"},
                               {.name = "names", .help = "names only", .hidden = true}},
                   .examples = {{.line = "nano list"}, {.line = "nano list --global"}},
                   .exits = {Errc::store, Errc::invalid},
                   .run = run_list});
  table.push_back({.name = "rollback",
                   .group = kGroup,
                   .summary = "go back to an earlier generation",
                   .description = "Puts the generation before the one in force (or the one given) in force "
                                  "again. Nothing is fetched.",
                   .options = {dry_run,
                               {.name = "to",
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "this generation, as `nano history` numbers them",
                                .least = 1}},
                   .examples = {{.line = "nano rollback"}, {.line = "nano rollback --to 3"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::store},
                   .run = run_rollback});
  table.push_back({.name = "history",
                   .group = kGroup,
                   .summary = "show the generations: what was installed when",
                   .description = "Newest first, with the command that made each one and what changed. The "
                                  "one in force is marked with a star.",
                   .options = {{.name = "limit",
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "at most so many",
                                .least = 1}},
                   .examples = {{.line = "nano history --limit 5"}},
                   .exits = {Errc::store},
                   .run = run_history});
  table.push_back({.name = "gc",
                   .group = kGroup,
                   .summary = "free the disk space of what nothing needs any more",
                   .description = "Removes blobs, packages and old generations that no kept generation, "
                                  "project or pin names. Downloads that may still be "
                                  "resumed are left alone while they are young, and so is what a project needs whose folder "
                                  "cannot be looked at just now; it says so.",
                   .options = {dry_run,
                               {.name = "keep",
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "generations kept besides the one in force (5)"},
                               {.name = "now",
                                .help = "also what is young: partial downloads, and what was used in the last minutes"}},
                   .examples = {{.line = "nano gc --dry-run"},
                                {.line = "nano gc --keep 0"},
                                {.line = "nano gc --now", .what = "partial downloads too"}},
                   .exits = {Errc::store},
                   .run = run_gc});
}

}  // namespace nano::cli
