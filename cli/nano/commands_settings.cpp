// cli/nano/commands_settings.cpp: registry, config, doctor, version.
#include "app/doctor.h"
#include "app/machine.h"
#include "app/registries.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

OrderedJson row_json(const app::RegistryRow& r) {
  OrderedJson j;
  j["name"] = r.name;
  j["url"] = r.url;
  j["namespaces"] = r.namespaces;
  j["root_namespace"] = r.root_namespace;
  j["id"] = r.id;
  j["root_version"] = r.root_version;
  j["root_expires"] = r.root_expires;
  j["key_ids"] = r.key_ids;
  j["static"] = r.is_static;
  j["fault"] = r.fault;
  j["starter"] = r.starter;
  j["from"] = r.from;
  return j;
}

Result<int> run_registry_add(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::RegistryRow r,
                  app::registry_add(ctx, {.name = in.argument("NAME"),
                                          .url = in.argument("URL"),
                                          .namespaces = in.values("namespaces"),
                                          .root_namespace = in.has("root-namespace"),
                                          .root = in.value("root"),
                                          .root_fingerprint = in.value("root-fingerprint"),
                                          .trust_first_use = in.has("trust-first-use")}));
  if (in.json()) {
    in.document(row_json(r));
  } else if (!in.session().quiet) {
    std::string owns = listed(r.namespaces);
    if (r.root_namespace) owns += owns.empty() ? "the root namespace" : " and the root namespace";
    in.out().line("added " + styled(in.session().out_terminal, Style::bold, sanitize(r.name)) + " (" +
                  sanitize(r.url) + ")" + (owns.empty() ? "" : "; it owns " + sanitize(owns)));
    in.out().line("its root has the fingerprint " + r.id);
  }
  if (in.has("trust-first-use"))
    in.session().log.warn("that root is trusted because it was served first; compare the fingerprint with its operator's: " + r.id);
  return 0;
}

Result<int> run_registry_list(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto rows, app::registry_list(ctx));
  if (in.json()) {
    OrderedJson data;
    data["registries"] = OrderedJson::array();
    for (const auto& r : rows) data["registries"].push_back(row_json(r));
    in.document(data);
    return 0;
  }
  if (rows.empty()) in.session().log.note("no registry is configured; `nano registry add` adds one");
  if (rows.empty()) return 0;
  TextTable table({{.title = "NAME"},
                   {.title = "NAMESPACES"},
                   {.title = "ROOT"},
                   {.title = "FROM"},
                   {.title = "URL", .shrink = true}});
  for (const auto& r : rows) {
    table.row(
        {r.name,
         listed(r.namespaces) + (r.root_namespace ? (r.namespaces.empty() ? "(root)" : ", (root)") : ""),
         r.fault.empty() ? r.id.substr(0, 16) : "none", r.from, r.url});
  }
  in.out().put(table.render(in.session().out_terminal));
  for (const auto& r : rows) {
    if (!r.fault.empty()) in.session().log.warn(r.fault);
    if (r.is_static)
      in.session().log.note("'" + r.name + "' is static: nobody renews its signatures, so its protection against old metadata "
                            "shown as new is weaker");
  }
  return 0;
}

Result<int> run_registry_remove(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY(app::registry_remove(ctx, in.argument("NAME")));
  if (in.json()) {
    in.document({{"name", in.argument("NAME")}});
  } else if (!in.session().quiet) {
    in.out().line("removed " + sanitize(in.argument("NAME")) + "; what is installed stays");
  }
  return 0;
}

Result<int> run_config_get(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::ConfigRow row, app::config_get(ctx, in.argument("KEY")));
  if (in.json()) {
    in.document({{"key", row.key}, {"value", row.value}, {"from", row.from}});
  } else {
    in.out().line(sanitize(row.value));
  }
  return 0;
}

Result<int> run_config_list(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const auto rows, app::config_list(ctx));
  if (in.json()) {
    OrderedJson data;
    data["settings"] = OrderedJson::array();
    for (const auto& r : rows)
      data["settings"].push_back({{"key", r.key}, {"value", r.value}, {"from", r.from}});
    in.document(data);
    return 0;
  }
  TextTable table({{.title = "KEY"}, {.title = "VALUE", .shrink = true}, {.title = "FROM"}});
  for (const auto& r : rows) table.row({r.key, r.value, r.from});
  in.out().put(table.render(in.session().out_terminal));
  return 0;
}

Result<int> run_config_set(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY(app::config_set(ctx, in.argument("KEY"), in.argument("VALUE")));
  if (in.json()) in.document({{"key", in.argument("KEY")}, {"value", in.argument("VALUE")}});
  return 0;
}

Result<int> run_config_unset(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY(app::config_unset(ctx, in.argument("KEY")));
  if (in.json()) in.document({{"key", in.argument("KEY")}});
  return 0;
}

std::string_view health_word(app::Health h) {
  return h == app::Health::ok ? "ok" : h == app::Health::warning ? "warning" : "error";
}

/// `nano doctor hw`: the micro-benchmark, kept or measured now.
Result<int> show_hardware(Invocation& in, app::Context& ctx) {
  const resolver::Machine machine = app::machine_facts(ctx);
  NANO_TRY_ASSIGN(const app::Calibration c, app::calibrate(ctx, in.has("again")));
  if (in.json()) {
    OrderedJson data;
    data["cpu"] = app::cpu_name();
    data["isa"] = machine.isa;
    data["cores"] = machine.cores;
    data["memory_bytes"] = machine.memory_bytes;
    data["disk_free_bytes"] = machine.disk_bytes;
    data["fingerprint"] = c.fingerprint;
    data["measured"] = c.measured;
    data["calibration_us"] = OrderedJson::object();
    for (const auto& [type, us] : c.us) data["calibration_us"][type] = rounded(us, 4);
    in.document(data, "hw");
    return 0;
  }
  in.out().line(app::cpu_name() + ", fingerprint " + c.fingerprint + ", measured " + c.measured +
                (c.from_cache ? " (kept; --again measures anew)" : ""));
  in.out().line("one product of 32 rows by 384 x 384, one thread:");
  for (const auto& [type, us] : c.us) {
    char text[64];
    std::snprintf(text, sizeof text, "  %-8s %8.1f us", type.c_str(), us);
    in.out().line(text);
  }
  return 0;
}

Result<int> run_doctor(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  if (in.argument("WHAT") == "hw") return show_hardware(in, ctx);
  const app::DoctorReport r = app::doctor(ctx);
  int code = 0;
  for (const auto& c : r.checks)
    if (c.health == app::Health::error) code = static_cast<int>(Errc::attention);
  if (in.json()) {
    OrderedJson data;
    data["facts"] = OrderedJson::object();
    for (const auto& [k, v] : r.facts) data["facts"][k] = v;
    data["checks"] = OrderedJson::array();
    for (const auto& c : r.checks)
      data["checks"].push_back({{"name", c.name},
                                {"health", std::string(health_word(c.health))},
                                {"message", c.message},
                                {"remedy", c.remedy}});
    in.document(data);
    return code;
  }
  const Terminal& t = in.session().out_terminal;
  in.out().put(render_facts(t, r.facts) + "\n");
  for (const auto& c : r.checks) {
    const Style style = c.health == app::Health::ok        ? Style::green
                        : c.health == app::Health::warning ? Style::yellow
                                                           : Style::red;
    in.out().line(styled(t, style, pad(health_word(c.health), 7)) + "  " + sanitize(c.name) +
                  (c.message.empty() ? "" : ": " + sanitize(c.message)));
    if (!c.remedy.empty()) in.out().line("         hint: " + sanitize(c.remedy));
  }
  return code;
}

Result<int> run_version(Invocation& in) {
  if (in.json()) {
    in.document({{"version", std::string(in.program().version)}});
  } else {
    in.out().line(std::string(in.program().name) + " " + std::string(in.program().version));
  }
  return 0;
}

void add_registry(std::vector<Command>& table, std::string_view group) {
  table.push_back(
      {.name = "registry add",
       .group = group,
       .summary = "use a registry",
       .description = "Writes a registry into your configuration, and pins the root that all trust in it begins with: give the "
                      "root document its operator published, or its fingerprint. A namespace belongs to one registry; there is "
                      "no falling back to another. With --root-namespace it takes the names without a namespace; the packages "
                      "that came with nano are then starter/NAME. An address holds no password, query or fragment.",
       .positionals = {{.name = "NAME", .help = "how you call it"},
                       {.name = "URL",
                        .help = "https://, http://, file:// or a folder",
                        .completes = Completes::folders}},
       .options = {{.name = "namespaces",
                    .kind = OptionKind::multi,
                    .value = "A,B",
                    .help = "the namespaces it serves"},
                   {.name = "root-namespace", .help = "it also serves names without a namespace"},
                   {.name = "root",
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "its root document, from its operator",
                    .completes = Completes::files},
                   {.name = "root-fingerprint",
                    .kind = OptionKind::value,
                    .value = "HEX",
                    .help = "the sha256 of its first root: the root is fetched and must have it"},
                   {.name = "trust-first-use",
                    .help = "take the root that is served now, and print its fingerprint"}},
       .examples =
           {{.line = "nano registry add acme https://models.acme.example --namespaces acme --root root.json"}},
       .exits = {Errc::not_found, Errc::network, Errc::untrusted, Errc::store, Errc::refused, Errc::invalid},
       .run = run_registry_add});
  table.push_back({.name = "registry list",
                   .group = group,
                   .summary = "show the registries in use",
                   .description = "Every configured registry with its namespaces, the fingerprint of its root and its address, and "
                                  "the starter registry that came with nano. Static registries, whose signatures nobody renews, are pointed out.",
                   .examples = {{.line = "nano registry list"}},
                   .exits = {Errc::invalid},
                   .run = run_registry_list});
  table.push_back({.name = "registry remove",
                   .group = group,
                   .summary = "stop using a registry",
                   .description = "Takes it out of your configuration. What was installed from it stays.",
                   .positionals = {{.name = "NAME", .help = "how you called it"}},
                   .examples = {{.line = "nano registry remove acme"}},
                   .exits = {Errc::not_found, Errc::store, Errc::invalid},
                   .run = run_registry_remove});
}

void add_config(std::vector<Command>& table, std::string_view group) {
  const Positional key{.name = "KEY",
                       .help = "json, quiet, verbose, offline, registry or store",
                       .completes = Completes::choices,
                       .choices = {"json", "quiet", "verbose", "offline", "registry", "store"}};
  table.push_back(
      {.name = "config list",
       .group = group,
       .summary = "show the settings and where each comes from",
       .description =
           "A flag beats an environment variable, that your configuration file, and that the system's.",
       .examples = {{.line = "nano config list"}},
       .exits = {Errc::invalid},
       .run = run_config_list});
  table.push_back({.name = "config get",
                   .group = group,
                   .summary = "show one setting",
                   .description = "Prints its value and nothing else.",
                   .positionals = {key},
                   .examples = {{.line = "nano config get store"}},
                   .exits = {Errc::invalid},
                   .run = run_config_get});
  table.push_back(
      {.name = "config set",
       .group = group,
       .summary = "change a setting",
       .description = "Writes it into your configuration file.",
       .positionals = {key, {.name = "VALUE", .help = "true or false, a registry's name, or a folder"}},
       .examples = {{.line = "nano config set offline true"}},
       .exits = {Errc::store, Errc::invalid},
       .run = run_config_set});
  table.push_back(
      {.name = "config unset",
       .group = group,
       .summary = "forget a setting",
       .description =
           "Takes it out of your configuration file; the system's value or the default holds again.",
       .positionals = {key},
       .examples = {{.line = "nano config unset offline"}},
       .exits = {Errc::store, Errc::invalid},
       .run = run_config_unset});
}

}  // namespace

void add_setting_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Settings and help";
  add_registry(table, kGroup);
  add_config(table, kGroup);
  table.push_back({.name = "doctor",
                   .group = kGroup,
                   .summary = "check that everything nano needs is in order",
                   .description = "Shows the machine, the kernels and the places nano uses, and checks the "
                                  "store and asks each registry for its newest metadata. Exits with 15 when something is wrong.\n\nWith `hw`: what "
                                  "a micro-benchmark of the kernels took here, for each quantization. It runs once (some "
                                  "hundred milliseconds) and is kept; latencies claimed on other machines are corrected by it.",
                   .positionals = {{.name = "WHAT",
                                    .help = "hw: the micro-benchmark",
                                    .required = false,
                                    .completes = Completes::choices,
                                    .choices = {"hw"}}},
                   .options = {{.name = "again", .help = "with hw: measure anew"}},
                   .examples = {{.line = "nano doctor"}, {.line = "nano doctor hw"}},
                   .exits = {Errc::invalid, Errc::attention},
                   .run = run_doctor});
  table.push_back({.name = "version",
                   .group = kGroup,
                   .summary = "show the version",
                   .description = "Prints the program's name and version.",
                   .examples = {{.line = "nano version"}},
                   .run = run_version});
}

}  // namespace nano::cli
