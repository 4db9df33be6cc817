// cli/nano/commands_upgrade.cpp: outdated, upgrade, pin, unpin.
#include "app/sync.h"
#include "app/upgrade.h"
#include "base/text.h"
#include "cli/nano/choosing.h"
#include "cli/nano/commands.h"
#include "cli/nano/syncing.h"
#include "cli/text_table.h"
#include "schemas/requirement.h"

namespace nano::cli {
namespace {

std::string difference(int64_t bytes) {
  if (bytes == 0) return "";
  return (bytes > 0 ? "+" : "-") + human_bytes(static_cast<uint64_t>(bytes > 0 ? bytes : -bytes));
}

OrderedJson row_json(const app::OutdatedRow& r) {
  OrderedJson j;
  j["name"] = r.name;
  j["version"] = r.version;
  j["variant"] = r.variant;
  j["wanted"] = r.wanted;
  j["wanted_variant"] = r.wanted_variant;
  j["newest"] = r.newest;
  j["pinned"] = r.pinned;
  j["blocked"] = r.blocked;
  j["bytes"] = r.bytes;
  j["claims"] = OrderedJson::array();
  for (const auto& c : r.claims) j["claims"].push_back({{"figure", c.figure}, {"before", c.before}, {"after", c.after}});
  return j;
}

OrderedJson unasked_json(const std::vector<app::Unasked>& unasked) {
  OrderedJson list = OrderedJson::array();
  for (const auto& u : unasked) list.push_back(u.name.text());
  return list;
}

std::string nothing_newer(const std::vector<app::Unasked>& unasked) {
  if (unasked.empty()) return "everything is up to date";
  return "nothing newer is known; " + std::to_string(unasked.size()) + (unasked.size() == 1 ? " package" : " packages") + " could not be asked about";
}

/// A package that was named and cannot be asked about is a failure; of the others it was warned. Offline, what is known counts.
Status check_named(Invocation& in, const std::vector<app::Unasked>& unasked) {
  for (const std::string& text : in.arguments("NAME"))
    for (const auto& u : unasked)
      if (const auto want = schemas::Requirement::parse(text); want && want->name == u.name && u.why.code != Errc::refused) {
        Error e = u.why;
        return std::move(e).while_("asking for newer versions of " + u.name.text());
      }
  return Unit{};
}

void print_rows(Invocation& in, const app::OutdatedReport& report) {
  TextTable table({{.title = "NAME"},
                   {.title = "VERSION"},
                   {.title = "WANTED"},
                   {.title = "NEWEST"},
                   {.title = "SIZE", .right = true},
                   {.title = "CLAIMS"},
                   {.title = "BLOCKED BY", .shrink = true}});
  const auto with = [](const std::string& version, const std::string& variant) {
    return version + (variant.empty() ? "" : " " + variant);
  };
  for (const auto& r : report.rows) {
    std::string claims;
    for (const auto& c : r.claims)
      claims += (claims.empty() ? "" : "; ") + c.figure + " " + (c.before.empty() ? "none" : c.before) + " -> " + (c.after.empty() ? "none" : c.after);
    table.row({r.name + (r.pinned ? " [pinned]" : ""), with(r.version, r.variant), with(r.wanted, r.wanted_variant), r.newest,
               difference(r.bytes), claims, r.blocked});
  }
  in.out().put(table.render(in.session().out_terminal));
}

Result<int> run_outdated(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto report, app::outdated(ctx, choosing_of(in)));
  // What is known to be newer is so, whatever could not be asked; that nothing is newer is not known then.
  const Errc said = report.updates ? Errc::updates : report.unasked.empty() ? Errc::ok : Errc::network;
  const int code = in.has("exit-code") ? static_cast<int>(said) : 0;
  if (in.json()) {
    OrderedJson data;
    data["packages"] = OrderedJson::array();
    for (const auto& r : report.rows) data["packages"].push_back(row_json(r));
    data["updates"] = report.updates;
    data["unasked"] = unasked_json(report.unasked);
    in.document(data);
    return code;
  }
  if (in.session().quiet) return code;
  if (report.rows.empty())
    in.out().line(nothing_newer(report.unasked));
  else
    print_rows(in, report);
  return code;
}

Result<int> run_upgrade(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const bool in_project, app::is_in_project(ctx));
  if (in_project) {
    app::SyncOptions options;
    options.upgrade = true;
    options.names = in.arguments("NAME");
    options.dry_run = in.has("dry-run");
    options.choose = choosing_of(in);
    NANO_TRY_ASSIGN(const auto unasked, app::unasked_here(ctx));
    NANO_TRY(check_named(in, unasked));
    NANO_TRY_ASSIGN(const auto report, app::sync(ctx, options));
    show_sync(in, report);
    return 0;
  }
  app::InstallOptions options;
  options.requests = in.arguments("NAME");
  options.upgrade = true;
  options.dry_run = in.has("dry-run");
  options.choose = choosing_of(in);
  // The difference in claims is looked at before anything changes.
  NANO_TRY_ASSIGN(const auto before, app::outdated(ctx, options.choose, options.requests));
  NANO_TRY(check_named(in, before.unasked));
  options.must_answer = before.unasked.empty();
  NANO_TRY_ASSIGN(const auto report, app::install(ctx, options));
  if (in.json()) {
    OrderedJson data = report_json(report);
    data["unasked"] = unasked_json(before.unasked);
    data["differences"] = OrderedJson::array();
    for (const auto& r : before.rows)
      for (const auto& i : report.items)
        if (i.name.text() == r.name && i.version.text() == r.wanted) data["differences"].push_back(row_json(r));
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  if (!report.changed) {
    in.out().line(nothing_newer(before.unasked));
    return 0;
  }
  print_report(in, report);
  for (const auto& r : before.rows)
    for (const auto& i : report.items)
      if (i.name.text() == r.name && i.version.text() == r.wanted) {
        if (r.bytes != 0) in.out().line("  " + sanitize(r.name) + ": size " + difference(r.bytes));
        for (const auto& c : r.claims)
          in.out().line(sanitize("  " + r.name + ": " + c.figure + " " + (c.before.empty() ? "not claimed" : c.before) + " -> " +
                                 (c.after.empty() ? "not claimed" : c.after)));
      }
  return 0;
}

Result<int> show_pin(Invocation& in, const app::PinReport& report, const std::string& word) {
  if (in.json()) {
    OrderedJson data;
    data["name"] = report.name;
    data["version"] = report.version;
    if (!report.variant.empty()) data["variant"] = report.variant;
    data["project"] = report.project;
    data["changed"] = report.changed;
    if (report.moves) data["moves"] = true;
    data["dry_run"] = report.dry_run;
    in.document(data);
  } else if (!in.session().quiet) {
    // "pinned", "unpinned": what would be done is the same word without its end.
    const std::string verb = report.dry_run ? "would " + word.substr(0, word.size() - 3) : word;
    in.out().line(verb + " " + sanitize(report.name) + (word == "pinned" ? " at " : ", it was held at ") + report.version +
                  (report.variant.empty() ? "" : " " + sanitize(report.variant)) + (report.project ? " in nano.json" : "") + (report.moves ? "; `nano lock` moves it there" : ""));
  }
  return 0;
}

Result<int> run_pin(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto report, app::pin(ctx, in.argument("NAME"), in.has("dry-run")));
  return show_pin(in, report, "pinned");
}

Result<int> run_unpin(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto report, app::unpin(ctx, in.argument("NAME"), in.has("dry-run")));
  return show_pin(in, report, "unpinned");
}

}  // namespace

void add_upgrade_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Packages";
  table.push_back({.name = "outdated",
                   .group = kGroup,
                   .summary = "show what has newer versions",
                   .description = "In a project, of what is locked; else of what is installed. WANTED is what `nano upgrade` would "
                                  "take (both make the same plan), NEWEST the newest there is, whatever range was asked for; where they "
                                  "differ, the reason is told. A package whose registry could not be asked is warned of: it is not called up to date.",
                   .options = with_choosing({{.name = "exit-code", .help = "exit with 11 when `nano upgrade` would do something, with 5 when a registry could not be asked"}}),
                   .examples = {{.line = "nano outdated"}, {.line = "nano outdated --exit-code"}},
                   .exits = {Errc::no_solution, Errc::network, Errc::untrusted, Errc::store, Errc::updates, Errc::refused, Errc::invalid},
                   .run = run_outdated});
  table.push_back({.name = "upgrade",
                   .group = kGroup,
                   .summary = "move to newer versions, of everything or of what is named",
                   .description = "In a project it changes nano.lock and what is synced; else the generation. What the named "
                                  "packages need may move with them; pins hold, and so does what was asked for when a package was installed: its range and its "
                                  "variant (`nano install NAME@RANGE:VARIANT` asks anew, `NAME@*` for any version). Nothing goes down to an "
                                  "older version, but where the one that is there was yanked; that is said. Shows the difference in versions, "
                                  "sizes and claims.",
                   .positionals = {{.name = "NAME", .help = "a package; all when left out", .required = false, .many = true, .completes = Completes::installed}},
                   .options = with_choosing({dry_run_option()}),
                   .examples = {{.line = "nano upgrade --dry-run"}, {.line = "nano upgrade sentiment-50m"}},
                   .exits = {Errc::not_found, Errc::no_solution, Errc::network, Errc::integrity, Errc::untrusted, Errc::store,
                             Errc::refused, Errc::invalid},
                   .run = run_upgrade});
  table.push_back({.name = "pin",
                   .group = kGroup,
                   .summary = "hold a package at the version and variant that are there",
                   .description = "Until `nano unpin`. In a project the pin is written to nano.json; else to a new generation. `nano list` "
                                  "shows what is pinned.",
                   .positionals = {{.name = "NAME", .help = "a package; in a project also NAME@VERSION or NAME@VERSION:VARIANT", .completes = Completes::installed}},
                   .options = {dry_run_option()},
                   .examples = {{.line = "nano pin sentiment-50m"}},
                   .exits = {Errc::not_found, Errc::network, Errc::untrusted, Errc::store, Errc::invalid},
                   .run = run_pin});
  table.push_back({.name = "unpin",
                   .group = kGroup,
                   .summary = "let a package move again",
                   .description = "Takes a pin back. Nothing moves until `nano upgrade`.",
                   .positionals = {{.name = "NAME", .help = "a pinned package", .completes = Completes::installed}},
                   .options = {dry_run_option()},
                   .examples = {{.line = "nano unpin sentiment-50m"}},
                   .exits = {Errc::not_found, Errc::store, Errc::invalid},
                   .run = run_unpin});
}

}  // namespace nano::cli
