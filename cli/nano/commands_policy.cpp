// cli/nano/commands_policy.cpp: policy check, policy explain.
#include "app/policy.h"
#include "base/count.h"
#include "base/text.h"
#include "cli/nano/commands.h"

namespace nano::cli {
namespace {

OrderedJson report_json(const app::PolicyReport& r) {
  OrderedJson data;
  data["files"] = r.files;
  data["installed"] = r.packages;
  data["packages"] = OrderedJson::array();
  for (const auto& row : r.rows) {
    OrderedJson j;
    j["name"] = row.package;
    j["version"] = row.version;
    j["decisions"] = OrderedJson::array();
    for (const auto& d : row.decisions) {
      OrderedJson o;
      o["rule"] = d.rule;
      o["file"] = d.where;
      o["demand"] = d.demand;
      o["mode"] = std::string(schemas::to_text(d.mode));
      if (!row.version.empty()) {
        o["holds"] = d.holds;
        o["reason"] = d.reason;
      }
      j["decisions"].push_back(std::move(o));
    }
    data["packages"].push_back(std::move(j));
  }
  return data;
}

void print(Invocation& in, const app::PolicyReport& r) {
  const Terminal& t = in.session().out_terminal;
  for (const auto& row : r.rows) {
    in.out().line(
        styled(t, Style::bold, sanitize(row.package + (row.version.empty() ? "" : " " + row.version))) +
        (row.version.empty() ? ": not installed; these rules speak of it" : ""));
    for (const auto& d : row.decisions) {
      const std::string rule =
          "'" + sanitize(d.rule) + "' (" + d.demand + ", " + std::string(schemas::to_text(d.mode)) + ")";
      if (row.version.empty())
        in.out().line("  " + rule + " in " + sanitize(d.where));
      else
        in.out().line("  " + (d.holds ? styled(t, Style::green, "ok ") : styled(t, Style::red, "BAD")) + " " +
                      rule + ": " + sanitize(d.reason));
    }
    if (row.decisions.empty()) in.out().line("  no rule speaks of it");
  }
}

Result<int> run_check(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::PolicyReport r, app::policy_check(ctx));
  const int code = r.broken() ? static_cast<int>(Errc::attention) : 0;
  if (in.json()) {
    in.document(report_json(r));
    return code;
  }
  print(in, r);
  if (r.files.empty())
    in.session().log.note("there is no policy.json: everything is allowed");
  else if (code == 0)
    in.session().log.note(counted(r.packages, "package") + " installed, all within policy");
  return code;
}

Result<int> run_explain(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::PolicyReport r, app::policy_explain(ctx, in.argument("NAME")));
  if (in.json())
    in.document(report_json(r));
  else
    print(in, r);
  return 0;
}

}  // namespace

void add_policy_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Packages";
  table.push_back(
      {.name = "policy check",
       .group = kGroup,
       .summary = "hold what is installed against the policy",
       .description =
           "Rules stand in policy.json beside your config.json and the system's; all of both hold. A rule "
           "names packages by globs and asks for signers, an age, licences or kinds. install refuses (7) "
           "what breaks an enforced rule and warns where a rule only warns; this command looks again at "
           "what is installed, and exits with 15 when something is below policy.",
       .examples = {{.line = "nano policy check"}, {.line = "nano policy check --json"}},
       .exits = {Errc::store, Errc::invalid, Errc::attention},
       .run = run_check});
  table.push_back(
      {.name = "policy explain",
       .group = kGroup,
       .summary = "show the policy rules that speak of a package",
       .description = "Each demand of each rule that speaks of the package and, if it is installed, "
                      "whether it holds and why.",
       .positionals = {{.name = "NAME", .help = "a package's name", .completes = Completes::installed}},
       .examples = {{.line = "nano policy explain sentiment-50m"}},
       .exits = {Errc::store, Errc::invalid},
       .run = run_explain});
}

}  // namespace nano::cli
