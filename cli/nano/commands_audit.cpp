// cli/nano/commands_audit.cpp: audit, and trust list, show, reset.
#include "app/audit.h"
#include "app/trust.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

Result<int> run_audit(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::AuditReport r, app::audit(ctx));
  const int code = r.findings.empty() ? 0 : static_cast<int>(Errc::attention);
  if (in.json()) {
    OrderedJson data;
    data["packages"] = r.packages;
    data["findings"] = OrderedJson::array();
    for (const auto& f : r.findings)
      data["findings"].push_back({{"package", f.package},
                                  {"version", f.version},
                                  {"kind", f.kind},
                                  {"severity", f.severity},
                                  {"id", f.id},
                                  {"message", f.message},
                                  {"remedy", f.remedy}});
    in.document(data);
    return code;
  }
  const Terminal& t = in.session().out_terminal;
  for (const auto& f : r.findings) {
    const std::string what = f.id.empty() ? f.kind : f.kind + " " + f.id + (f.severity.empty() ? "" : " (" + f.severity + ")");
    in.out().line(styled(t, Style::bold, sanitize(f.package + " " + f.version)) + "  " + styled(t, Style::red, sanitize(what)) + ": " +
                  sanitize(f.message));
    if (!f.remedy.empty()) in.out().line("  hint: " + sanitize(f.remedy));
  }
  if (r.findings.empty() && !in.session().quiet)
    in.out().line("nothing found in " + std::to_string(r.packages) + (r.packages == 1 ? " package" : " packages"));
  return code;
}

OrderedJson state_json(const app::TrustState& s) {
  OrderedJson j;
  j["registry"] = s.registry;
  j["url"] = s.url;
  j["id"] = s.id;
  j["from"] = s.from;
  j["pinned_root_version"] = s.pinned_version;
  j["static"] = s.is_static;
  j["fault"] = s.fault;
  j["roles"] = OrderedJson::array();
  for (const auto& r : s.roles)
    j["roles"].push_back({{"role", r.role},
                          {"version", r.version},
                          {"expires", r.expires},
                          {"expired", r.expired},
                          {"threshold", r.threshold},
                          {"key_ids", r.key_ids},
                          {"targets", r.targets}});
  return j;
}

/// Of the roles that must be renewed most often: when an unreachable registry stops being believed.
std::string soonest(const app::TrustState& s) {
  std::string out;
  for (const auto& r : s.roles)
    if (out.empty() || r.expires < out) out = r.expires;
  return out.empty() ? "never seen" : out;
}

Result<int> run_trust_list(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto states, app::trust_list(ctx));
  if (in.json()) {
    OrderedJson data;
    data["registries"] = OrderedJson::array();
    for (const auto& s : states) data["registries"].push_back(state_json(s));
    in.document(data);
    return 0;
  }
  if (states.empty()) in.session().log.note("no registry is configured; `nano registry add` adds one");
  if (states.empty()) return 0;
  TextTable table({{.title = "REGISTRY"}, {.title = "FINGERPRINT"}, {.title = "ROLES", .right = true}, {.title = "FRESH UNTIL"}, {.title = "NOTE", .shrink = true}});
  for (const auto& s : states)
    table.row({s.registry, s.id.substr(0, 16), std::to_string(s.roles.size()), soonest(s),
               !s.fault.empty() ? s.fault : s.is_static ? "static: weaker against old metadata" : ""});
  in.out().put(table.render(in.session().out_terminal));
  return 0;
}

void show_state(Invocation& in, const app::TrustState& s) {
  const Terminal& t = in.session().out_terminal;
  in.out().put(render_facts(t, {{"registry", s.registry + " (" + s.url + ")"},
                                {"fingerprint", s.id},
                                {"pinned root", "version " + std::to_string(s.pinned_version) + ", by the " + s.from + "'s configuration"}}));
  if (!s.fault.empty()) in.out().line(sanitize(s.fault));
  if (s.roles.empty()) in.session().log.note("its metadata were never fetched");
  if (s.roles.empty()) return;
  TextTable table({{.title = "ROLE"}, {.title = "VERSION", .right = true}, {.title = "EXPIRES"}, {.title = "SIGNED BY"}, {.title = "KEYS", .shrink = true}});
  for (const auto& r : s.roles) {
    std::string keys;
    for (const auto& k : r.key_ids) keys += (keys.empty() ? "" : " ") + k.substr(0, 16);
    table.row({r.role, std::to_string(r.version), r.expires + (r.expired ? " (expired)" : ""),
               r.threshold == 0 ? "?" : std::to_string(r.threshold) + " of " + std::to_string(r.key_ids.size()), keys});
  }
  in.out().put(table.render(t));
}

Result<int> run_trust_show(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto state, app::trust_show(ctx, in.argument("NAME")));
  if (in.json()) {
    in.document(state_json(state));
  } else {
    show_state(in, state);
  }
  return 0;
}

Result<int> run_trust_reset(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto state, app::trust_reset(ctx, in.argument("NAME"), in.has("yes")));
  if (in.json()) {
    in.document(state_json(state));
  } else if (!in.session().quiet) {
    in.out().line("forgotten; the next use of '" + sanitize(state.registry) + "' begins with its pinned root " + state.id.substr(0, 16));
  }
  return 0;
}

}  // namespace

void add_audit_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Trust";
  const Positional name{.name = "NAME", .help = "a registry, as `nano registry list` calls it"};
  table.push_back({.name = "audit",
                   .group = kGroup,
                   .summary = "look for what is wrong with what is installed",
                   .description = "Asks each registry what it says now of the installed packages: advisories, versions that were taken back, "
                                  "withdrawn or replaced, and signatures that have expired. Offline, what was seen last is judged. Exits with "
                                  "15 when something is found.",
                   .examples = {{.line = "nano audit"}, {.line = "nano audit --json"}},
                   .exits = {Errc::store, Errc::invalid, Errc::attention},
                   .run = run_audit});
  table.push_back({.name = "trust list",
                   .group = kGroup,
                   .summary = "show which registries are trusted, and by which root",
                   .description = "Each registry with the fingerprint of its first root, and until when what it signed last holds.",
                   .examples = {{.line = "nano trust list"}},
                   .exits = {Errc::invalid},
                   .run = run_trust_list});
  table.push_back({.name = "trust show",
                   .group = kGroup,
                   .summary = "show a registry's roles and keys",
                   .description = "Every role seen of it: version, expiry, and how many of which keys must sign it. Nothing is fetched.",
                   .positionals = {name},
                   .examples = {{.line = "nano trust show acme"}},
                   .exits = {Errc::not_found, Errc::invalid},
                   .run = run_trust_show});
  table.push_back({.name = "trust reset",
                   .group = kGroup,
                   .summary = "forget a registry's metadata and begin again from its pinned root",
                   .description = "For a registry that was restored from an old backup. The memory that keeps old metadata from being shown as "
                                  "new is lost with it, so it asks, or wants --yes.",
                   .positionals = {name},
                   .options = {{.name = "yes", .short_name = 'y', .help = "do not ask"}},
                   .examples = {{.line = "nano trust reset acme --yes"}},
                   .exits = {Errc::not_found, Errc::untrusted, Errc::store, Errc::invalid},
                   .run = run_trust_reset});
}

}  // namespace nano::cli
