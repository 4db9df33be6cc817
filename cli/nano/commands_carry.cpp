// cli/nano/commands_carry.cpp: export and import: packages with their trust, by e-mail, USB stick or across an air gap.
#include "app/export.h"
#include "app/install.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "schemas/word.h"

namespace nano::cli {
namespace {

constexpr int64_t kDay = 86'400;         // seconds
constexpr uint64_t kMostStaleDays = 3650;

Result<int> run_export(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY(in.output_goes_to(in.value("output")));
  NANO_TRY_ASSIGN(const app::ExportReport r, app::export_packages(ctx, {.names = in.arguments("NAME"), .out = in.value("output", "export.nano"), .force = in.has("force")}));
  if (in.json()) {
    OrderedJson data;
    data["file"] = r.file.string();
    data["bytes"] = r.bytes;
    data["fresh_until"] = r.fresh_until;
    data["packages"] = OrderedJson::array();
    for (const auto& p : r.packages)
      data["packages"].push_back(
          {{"name", p.name}, {"version", p.version}, {"variant", p.variant}, {"registry", p.registry}, {"requested", p.requested}});
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  for (const auto& p : r.packages)
    in.out().line("packed " + styled(in.session().out_terminal, Style::bold, sanitize(p.name + " " + p.version + (p.variant.empty() ? "" : " " + p.variant))) +
                  " from " + sanitize(p.registry) + (p.requested ? "" : ", needed"));
  in.out().line(sanitize(r.file.string()) + ": " + human_bytes(r.bytes) + "; fresh until " + r.fresh_until +
                ", after that `nano import` wants --max-stale");
  return 0;
}

/// `2026-11-20` (its first second) or a full time. errors  usage
Result<UnixTime> date_of(const std::string& text) {
  auto t = parse_time(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (!t) return make_error(Errc::usage, "'" + sanitize(text) + "' is not a date", "write it as 2026-11-20 or 2026-11-20T12:00:00Z");
  return t;
}

Result<int> run_import(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  app::InstallOptions options{.requests = in.arguments("FILE"), .dry_run = in.has("dry-run")};
  for (std::string& path : options.requests)
    if (!schemas::is_path(path)) path = "./" + path;  // a file, whatever it is called
  if (in.has("as-of")) {
    NANO_TRY_ASSIGN(options.as_of, date_of(in.value("as-of")));
  }
  const uint64_t days = in.number("max-stale", 0);
  if (days > kMostStaleDays)
    return make_error(Errc::usage, "--max-stale is at most " + std::to_string(kMostStaleDays) + " days", "import a fresher export");
  options.max_stale_s = static_cast<int64_t>(days) * kDay;
  ctx.settings.offline = true;  // nothing but the files has a say
  NANO_TRY_ASSIGN(const app::InstallReport report, app::install(ctx, options));
  return show_install(in, report);
}

}  // namespace

void add_carry_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Trust";
  table.push_back({.name = "export",
                   .group = kGroup,
                   .summary = "write installed packages and their signatures to one file",
                   .description = "Packs the installed variants of the named packages, what they need, and all that their registries signed "
                                  "for them, refreshed first. `nano import` takes the file in on a machine without a network, and checks it "
                                  "there as if it came from the registry.",
                   .positionals = {{.name = "NAME", .help = "an installed package", .many = true, .completes = Completes::installed}},
                   .options = {{.name = "output",
                                .short_name = 'o',
                                .kind = OptionKind::value,
                                .value = "FILE",
                                .help = "the file to write; export.nano, if left out; `-` is standard output",
                                .completes = Completes::files},
                               {.name = "force", .help = "replace FILE if it exists"}},
                   .examples = {{.line = "nano export sentiment-50m -o sentiment.nano"}},
                   .exits = {Errc::not_found, Errc::network, Errc::integrity, Errc::untrusted, Errc::store, Errc::refused, Errc::invalid},
                   .run = run_export});
  table.push_back(
      {.name = "import",
       .group = kGroup,
       .summary = "install packages from exported files, without a network",
       .description = "Verifies what the files hold by the pinned roots of the configured registries, exactly as if it came from a server, and "
                      "installs it. Nothing is fetched.\n\n"
                      "Expired metadata are refused. On a machine that cannot get fresher ones, --max-stale says how many days they may be "
                      "expired, and --as-of by which date that is judged where the clock cannot be trusted; both are always reported.",
       .positionals = {{.name = "FILE", .help = "an export", .many = true, .completes = Completes::files}},
       .options = {{.name = "as-of", .kind = OptionKind::value, .value = "DATE", .help = "judge by this date; not further back than --max-stale"},
                   {.name = "max-stale",
                    .kind = OptionKind::number,
                    .value = "DAYS",
                    .help = "accept metadata that expired at most so many days ago",
                    .least = 1},
                   {.name = "dry-run", .short_name = 'n', .help = "show what would happen, change nothing"}},
       .examples = {{.line = "nano import sentiment.nano"},
                    {.line = "nano import sentiment.nano --as-of 2026-11-20 --max-stale 30", .what = "a month across the air gap"}},
       .exits = {Errc::not_found, Errc::no_solution, Errc::integrity, Errc::untrusted, Errc::store, Errc::refused, Errc::invalid,
                 Errc::unsupported},
       .run = run_import});
}

}  // namespace nano::cli
