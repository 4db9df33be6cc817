// cli/nano/commands_project.cpp: init, add, remove, lock, sync.
#include "base/count.h"
#include "base/text.h"
#include "cli/nano/choosing.h"
#include "cli/nano/commands.h"
#include "cli/nano/syncing.h"

namespace nano::cli {
namespace {

std::string difference(int64_t bytes) {
  return (bytes >= 0 ? "+" : "-") + human_bytes(static_cast<uint64_t>(bytes >= 0 ? bytes : -bytes));
}

OrderedJson change_json(const app::LockChange& c) {
  OrderedJson j;
  j["name"] = c.name;
  j["before"] = c.before;
  j["after"] = c.after;
  j["bytes"] = c.bytes;
  j["claims"] = OrderedJson::array();
  for (const auto& x : c.claims) j["claims"].push_back({{"figure", x.figure}, {"before", x.before}, {"after", x.after}});
  return j;
}

Result<int> do_sync(Invocation& in, app::SyncOptions options) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  options.dry_run = in.has("dry-run");
  options.choose = choosing_of(in);
  NANO_TRY_ASSIGN(const auto report, app::sync(ctx, options));
  show_sync(in, report);
  return 0;
}

Result<int> run_init(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  const std::string dir = in.argument("DIR");
  NANO_TRY_ASSIGN(const auto path, app::init_project(ctx, dir.empty() ? "." : dir));
  if (in.json())
    in.document({{"path", path.string()}});
  else if (!in.session().quiet)
    in.out().line("made " + sanitize(path.string()) + "; `nano add NAME` adds a model");
  return 0;
}

Result<int> run_add(Invocation& in) {
  app::SyncOptions options;
  options.add = in.arguments("REQUIREMENT");
  return do_sync(in, std::move(options));
}

Result<int> run_remove(Invocation& in) {
  app::SyncOptions options;
  options.remove = in.arguments("NAME");
  return do_sync(in, std::move(options));
}

Result<int> run_lock(Invocation& in) { return do_sync(in, {}); }

Result<int> run_sync(Invocation& in) {
  app::SyncOptions options;
  options.locked = in.has("locked");
  options.frozen = in.has("frozen");
  return do_sync(in, std::move(options));
}

}  // namespace

OrderedJson golden_json(const app::GoldenReport& g) {
  OrderedJson j;
  j["package"] = g.package;
  j["variant"] = g.variant;
  j["inputs"] = g.inputs;
  j["ok"] = g.failures.empty();
  j["failures"] = g.failures;
  if (!g.skipped.empty()) j["skipped"] = g.skipped;
  j["ms"] = rounded(g.ms);
  return j;
}

Result<int> run_behaviour(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto reports, app::verify_behaviour(ctx, in.arguments("NAME")));
  int code = 0;
  for (const auto& g : reports)
    if (!g.failures.empty()) code = static_cast<int>(Errc::unmet);
  if (in.json()) {
    OrderedJson data;
    data["golden"] = OrderedJson::array();
    for (const auto& g : reports) data["golden"].push_back(golden_json(g));
    in.document(data, "behaviour");
    return code;
  }
  for (const auto& g : reports) {
    if (in.session().quiet && g.failures.empty()) continue;
    in.out().line(sanitize(g.package + " " + g.variant) + (!g.skipped.empty()       ? ": not replayed: " + g.skipped
                                                           : g.failures.empty() ? ": behaves as its golden file says, " + counted(g.inputs, "input")
                                                                                : ": behaves otherwise"));
    for (const auto& f : g.failures) in.out().line("  " + f);
  }
  if (reports.empty()) in.session().log.note("no package here has a golden file");
  return code;
}

void show_sync(Invocation& in, const app::SyncReport& r) {
  if (in.json()) {
    OrderedJson data;
    data["project"] = r.project;
    data["changes"] = OrderedJson::array();
    for (const auto& c : r.changes) data["changes"].push_back(change_json(c));
    data["items"] = OrderedJson::array();
    for (const auto& i : r.items) data["items"].push_back(item_json(i));
    data["golden"] = OrderedJson::array();
    for (const auto& g : r.golden) data["golden"].push_back(golden_json(g));
    data["packages"] = r.packages;
    data["wrote_manifest"] = r.wrote_manifest;
    data["wrote_lock"] = r.wrote_lock;
    data["dry_run"] = r.dry_run;
    data["download_bytes"] = r.download_bytes;
    data["fetched_bytes"] = r.fetched_bytes;
    data["seconds"] = rounded(r.seconds);
    // nano.lock/1 is the file, nano.upgrade/1 what the command prints outside a project.
    const auto command = in.command().name;
    in.document(data, command == "lock" ? "changes" : command == "upgrade" ? "project" : "");
    return;
  }
  if (in.session().quiet) return;
  for (const auto& c : r.changes) {
    std::string line = (c.before.empty() ? "+ " : c.after.empty() ? "- " : "~ ") + c.name + " ";
    line += c.before.empty() ? c.after : c.after.empty() ? c.before : c.before + " -> " + c.after;
    in.out().line(sanitize(line) + ", " + difference(c.bytes));
    for (const auto& x : c.claims)
      in.out().line(sanitize("    " + x.figure + ": " + (x.before.empty() ? "not claimed" : x.before) + " -> " +
                             (x.after.empty() ? "not claimed" : x.after)));
  }
  for (const auto& g : r.golden)
    in.out().line(sanitize(g.package) + (g.skipped.empty() ? " behaves as its golden file says (" + counted(g.inputs, "input") + ")"
                                                           : ": golden file not replayed: " + g.skipped));
  if (r.dry_run) {
    in.out().line("nothing was changed; " + human_bytes(r.download_bytes) + " would be fetched");
  } else {
    in.out().line(std::to_string(r.packages) + (r.packages == 1 ? " package, " : " packages, ") + std::to_string(r.items.size()) + " put in place, " +
                  human_bytes(r.fetched_bytes) + " fetched" + (r.wrote_lock ? "; nano.lock written" : "; nano.lock is as it was"));
  }
}

void add_project_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Projects";
  const std::vector<Errc> exits{Errc::not_found, Errc::no_solution, Errc::network, Errc::integrity, Errc::untrusted,
                                Errc::store, Errc::unmet, Errc::refused, Errc::invalid};
  table.push_back({.name = "init",
                   .group = kGroup,
                   .summary = "make a project: a nano.json that names the models a program uses",
                   .description = "Writes a nano.json of kind project. Commands look for it in the working folder and above it, or "
                                  "where NANO_PROJECT says. One that belongs to another user is passed over, unless NANO_PROJECT names it.",
                   .positionals = {{.name = "DIR", .help = "the folder (this one)", .required = false, .completes = Completes::folders}},
                   .examples = {{.line = "nano init"}},
                   .exits = {Errc::store},
                   .run = run_init});
  table.push_back({.name = "add",
                   .group = kGroup,
                   .summary = "add packages to the project, lock and sync",
                   .description = "Without a range, the version chosen now and those compatible with it are asked for (`^1.2.0`). "
                                  "When it cannot be resolved, nothing is changed.",
                   .positionals = {{.name = "REQUIREMENT", .help = "NAME, NAME@RANGE, NAME:VARIANT", .many = true}},
                   .options = with_choosing({dry_run_option()}),
                   .examples = {{.line = "nano add sentiment-50m"}, {.line = "nano add sentiment-50m@^1:q4"}},
                   .exits = exits,
                   .run = run_add});
  table.push_back({.name = "remove",
                   .group = kGroup,
                   .summary = "take packages out of the project",
                   .description = "And out of nano.lock, with what only they needed.",
                   .positionals = {{.name = "NAME", .help = "a package that nano.json names", .many = true}},
                   .options = with_choosing({dry_run_option()}),
                   .examples = {{.line = "nano remove sentiment-50m"}},
                   .exits = exits,
                   .run = run_remove});
  table.push_back({.name = "lock",
                   .group = kGroup,
                   .summary = "bring nano.lock up to date with nano.json",
                   .description = "Keeps what is locked as far as it still fits; `nano upgrade` moves it. Fetches what is new, so that "
                                  "its golden inputs can be replayed and their outputs locked.",
                   .options = with_choosing({dry_run_option()}),
                   .examples = {{.line = "nano lock"}},
                   .exits = exits,
                   .run = run_lock});
  table.push_back({.name = "sync",
                   .group = kGroup,
                   .summary = "put in place exactly what the project is locked to",
                   .description = "Fetches and checks every package of nano.lock, replays the inputs that packages bring with their "
                                  "outputs, and lets the store keep them as long as the project is there. Without a current lock one "
                                  "is made first; --locked refuses that (12), --frozen takes the lock as it is and asks no registry "
                                  "for versions, nor for anything that the store holds.",
                   .options = with_choosing({dry_run_option(),
                                             {.name = "locked", .help = "fail if nano.lock would change"},
                                             {.name = "frozen", .help = "take nano.lock as it is, resolve nothing"}}),
                   .examples = {{.line = "nano sync"}, {.line = "nano sync --frozen", .what = "on a server"}},
                   .exits = exits,
                   .run = run_sync});
}

}  // namespace nano::cli
