// cli/nano_registry/commands_upkeep.cpp: refresh, status, verify: a registry kept alive, and looked at.
#include "base/text.h"
#include "cli/nano_registry/shared.h"

namespace nano::cli {
namespace {

Result<int> run_refresh(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  NANO_TRY_ASSIGN(const auto report, server::refresh(in.argument("DIR"), in.has("if-due"), keys));
  for (const auto& w : report.warnings) in.session().log.warn(w);
  if (in.json()) {
    OrderedJson data;
    data["signed"] = report.done;
    data["renewed"] = report.renewed;
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  if (!report.done) {
    in.out().line("nothing is due");
    return 0;
  }
  std::string also;
  std::size_t shards = 0;
  for (const auto& role : report.renewed) {
    if (role.starts_with("reg.")) {
      ++shards;
      continue;
    }
    also += (also.empty() ? "" : ", ") + sanitize(role);
  }
  if (shards > 0) also += (also.empty() ? "" : ", ") + std::string("reg (") + std::to_string(shards) + (shards == 1 ? " document)" : " documents)");
  in.out().line("signed timestamp, snapshot and index anew" + (also.empty() ? "" : "; renewed " + also));
  return 0;
}

OrderedJson role_json(const server::RoleRow& r) {
  OrderedJson j;
  j["role"] = r.role;
  j["version"] = r.version;
  j["expires"] = r.expires;
  j["days_left"] = r.days_left;
  j["threshold"] = r.threshold;
  j["keys"] = r.key_ids;
  j["keys_here"] = r.keys_here;
  j["soon"] = r.soon;
  return j;
}

std::string days_text(int64_t days) {
  if (days < 0) return "EXPIRED";
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

Result<int> run_status(Invocation& in) {
  NANO_TRY_ASSIGN(const auto report, server::status(in.argument("DIR"), now()));
  const int code = report.attention ? static_cast<int>(Errc::attention) : 0;
  if (in.json()) {
    for (const auto& w : report.warnings) in.session().log.warn(w);
    OrderedJson data;
    data["id"] = report.id;
    data["mode"] = std::string(server::to_text(report.mode));
    data["attention"] = report.attention;
    data["urgent"] = report.urgent;
    data["roles"] = OrderedJson::array();
    for (const auto& r : report.roles) data["roles"].push_back(role_json(r));
    in.document(data);
    return code;
  }
  const Terminal& t = in.session().out_terminal;
  in.out().line("registry " + report.id + ", " + std::string(server::to_text(report.mode)));
  for (const auto& u : report.urgent) in.out().line(styled(t, Style::yellow, "! ") + sanitize(u));
  for (const auto& w : report.warnings) in.session().log.warn(w);
  std::size_t width = 9;
  for (const auto& r : report.roles) width = std::max(width, display_width(sanitize(r.role)));
  for (const auto& r : report.roles) {
    const std::string left = days_text(r.days_left);
    in.out().line(pad(sanitize(r.role), width) + "  version " + pad(std::to_string(r.version), 5) + "  " +
                  std::to_string(r.threshold) + " of " + std::to_string(r.key_ids.size()) +
                  (r.keys_here > 0 ? " (" + std::to_string(r.keys_here) + " here)" : "       ") + "  " +
                  (r.soon ? styled(t, Style::yellow, left) : left) + "  until " + r.expires);
  }
  return code;
}

Result<int> run_verify(Invocation& in) {
  NANO_TRY_ASSIGN(const auto r, server::check_tree(in.argument("DIR"), now(), &in.session().progress));
  const int code = static_cast<int>(r.worst);
  if (in.json()) {
    OrderedJson data;
    data["id"] = r.id;
    data["ok"] = r.problems.empty();
    data["roles"] = r.roles;
    data["releases"] = r.releases;
    data["blobs"] = r.blobs;
    data["bytes"] = r.bytes;
    data["unreferenced"] = r.unreferenced;
    data["problems"] = OrderedJson::array();
    for (const auto& p : r.problems) {
      OrderedJson j;
      j["kind"] = p.kind;
      j["what"] = p.what;
      j["why"] = p.why;
      data["problems"].push_back(std::move(j));
    }
    in.document(data);
    return code;
  }
  const Terminal& t = in.session().out_terminal;
  for (const auto& p : r.problems)
    in.out().line(styled(t, p.kind == "expired" ? Style::yellow : Style::red, p.kind) + "  " + sanitize(p.what) + ": " +
                  sanitize(p.why));
  if (r.worst == Errc::integrity)
    in.out().line("`nano-registry add` of the bundle a damaged file came from puts the right bytes in its place");
  if (in.session().quiet && r.problems.empty()) return code;
  in.out().line((r.problems.empty() ? styled(t, Style::green, "ok") : std::to_string(r.problems.size()) + (r.problems.size() == 1 ? " problem" : " problems")) +
                "  registry " + r.id.substr(0, 16) + ": " + std::to_string(r.roles) + " roles, " + std::to_string(r.releases) +
                (r.releases == 1 ? " release, " : " releases, ") + std::to_string(r.blobs) + (r.blobs == 1 ? " blob, " : " blobs, ") +
                human_bytes(r.bytes) +
                (r.unreferenced > 0 ? "; " + std::to_string(r.unreferenced) + " files in blobs/ that no release names" : ""));
  return code;
}

}  // namespace

void add_upkeep_commands(std::vector<Command>& table) {
  table.push_back({.name = "refresh",
                   .group = kKeysGroup,
                   .summary = "sign anew what runs out",
                   .description = "Signs timestamp, snapshot and index anew, and every other role that has half "
                                  "its life behind it and whose keys are at hand. Clients refuse a timestamp "
                                  "that is a day old: run this from a timer. With --if-due nothing happens "
                                  "while half of each lifetime is left. What runs out soon and whose keys are "
                                  "elsewhere is said, with the command that helps.",
                   .positionals = {dir_positional()},
                   .options = {{.name = "if-due", .help = "only what has less than half its life left"},
                               keys_option(),
                               passphrase_option(),
                               offline_passphrase_option(),
                               clock_option()},
                   .examples = {{.line = "nano-registry refresh /srv/models --if-due"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::denied, Errc::store,
                             Errc::refused, Errc::invalid},
                   .run = run_refresh});
  table.push_back({.name = "status",
                   .group = kKeysGroup,
                   .summary = "show roles, keys, and what runs out soon",
                   .description = "First what has run out or soon will, with the command that helps; then each "
                                  "role with its version, threshold, keys and days left, the most urgent "
                                  "first. Exits with 15 when a signature runs out soon or a private key lies "
                                  "open. Needs to read the tree only, not its keys.",
                   .positionals = {dir_positional()},
                   .examples = {{.line = "nano-registry status /srv/models"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::store, Errc::invalid,
                             Errc::attention},
                   .run = run_status});
  table.push_back({.name = "verify",
                   .group = kTreeGroup,
                   .summary = "check every signature, release and blob",
                   .description = "Reads the whole tree as a client would and lists what is wrong with it: "
                                  "signatures, releases that are not what their role names, blobs whose bytes "
                                  "have changed or that are missing, signatures that ran out. Needs no keys, "
                                  "takes no lock and writes nothing. Exits with 7 when a signature is false, 6 "
                                  "when bytes are, 15 when only a signature has run out.",
                   .positionals = {dir_positional()},
                   .examples = {{.line = "nano-registry verify /srv/models"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::store, Errc::attention},
                   .run = run_verify});
}

}  // namespace nano::cli
