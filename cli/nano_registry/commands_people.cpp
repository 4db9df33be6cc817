// cli/nano_registry/commands_people.cpp: namespace add, rekey, remove, list; advisory add, remove, list.
#include "base/text.h"
#include "cli/nano_registry/shared.h"

namespace nano::cli {
namespace {

OrderedJson row_json(const server::NamespaceRow& r) {
  OrderedJson j;
  j["name"] = r.name;
  j["keys"] = r.key_ids;
  j["threshold"] = r.threshold;
  j["release_keys"] = r.release_key_ids;
  j["releases"] = r.releases;
  j["removed"] = r.removed;
  j["announced_keys"] = r.announced;
  j["announced_for"] = r.possible_at;
  return j;
}

void say_namespace(Invocation& in, const server::NamespaceRow& r) {
  std::string line = styled(in.session().out_terminal, Style::bold, sanitize(r.name)) + "  ";
  if (!r.removed.empty()) {
    in.out().line(line + "removed: " + sanitize(r.removed));
    return;
  }
  line += std::to_string(r.threshold) + " of " + std::to_string(r.key_ids.size()) +
          (r.key_ids.size() == 1 ? " key: " : " keys: ") + short_ids(r.key_ids);
  if (!r.release_key_ids.empty()) line += "; releases also by " + short_ids(r.release_key_ids);
  in.out().line(line + "; " + std::to_string(r.releases) + (r.releases == 1 ? " release" : " releases"));
  if (!r.announced.empty())
    in.out().line("  announced: other keys (" + short_ids(r.announced) + "), not before " + r.possible_at +
                  "; its owner may object");
}

server::OwnerOptions owner_of(Invocation& in) {
  return {.labels = in.values("key"),
          .proof = in.value("proof"),
          .threshold = static_cast<uint32_t>(in.number("threshold", 1)),
          .release_key = in.value("release-key")};
}

Result<int> change_namespace(Invocation& in,
                             Result<server::NamespaceRow> (*change)(const fs::Path&, const std::string&,
                                                                    const server::OwnerOptions&,
                                                                    const server::KeyOptions&)) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  NANO_TRY_ASSIGN(const auto row, change(in.argument("DIR"), in.argument("NAMESPACE"), owner_of(in), keys));
  if (in.json())
    in.document(row_json(row));
  else if (!in.session().quiet)
    say_namespace(in, row);
  return 0;
}
Result<int> run_namespace_add(Invocation& in) {
  return change_namespace(in, server::namespace_add);
}
Result<int> run_namespace_rekey(Invocation& in) {
  if (in.has("withdraw")) {
    NANO_TRY_ASSIGN(const auto keys, key_options(in));
    NANO_TRY_ASSIGN(const auto row,
                    server::namespace_withdraw(in.argument("DIR"), in.argument("NAMESPACE"), keys));
    if (in.json())
      in.document(row_json(row));
    else if (!in.session().quiet)
      say_namespace(in, row);
    return 0;
  }
  return change_namespace(in, server::namespace_rekey);
}

Result<int> run_namespace_remove(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  const std::string name = in.argument("NAMESPACE");
  NANO_TRY(server::namespace_remove(in.argument("DIR"), name, in.value("reason"), keys));
  if (in.json())
    in.document({{"name", name}, {"removed", in.value("reason")}});
  else if (!in.session().quiet)
    in.out().line("removed " + sanitize(name) + " for good: nobody can register that name here again");
  return 0;
}

Result<int> run_namespace_list(Invocation& in) {
  NANO_TRY_ASSIGN(const auto rows, server::namespace_list(in.argument("DIR")));
  if (in.json()) {
    OrderedJson data;
    data["namespaces"] = OrderedJson::array();
    for (const auto& r : rows) data["namespaces"].push_back(row_json(r));
    in.document(data);
    return 0;
  }
  for (const auto& r : rows) say_namespace(in, r);
  return 0;
}

Result<int> run_advisory_add(Invocation& in) {
  server::AdvisoryRow row{.id = in.argument("ID"),
                          .title = in.value("title"),
                          .severity = in.value("severity", "moderate"),
                          .published = {},
                          .details = {},
                          .url = in.value("url"),
                          .affected = in.values("affects")};
  if (row.title.empty() || row.affected.empty())
    return make_error(Errc::usage, "an advisory needs a --title and at least one --affects NAME@RANGE",
                      "see `nano-registry help advisory add`");
  if (!in.value("details-file").empty()) {
    NANO_TRY_ASSIGN(row.details, fs::read_file(in.value("details-file"), 65'536));
  }
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  NANO_TRY(server::advisory_add(in.argument("DIR"), row, keys));
  if (in.json())
    in.document({{"id", row.id}});
  else if (!in.session().quiet)
    in.out().line("published the advisory " + sanitize(row.id));
  return 0;
}

Result<int> run_advisory_remove(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  NANO_TRY(server::advisory_remove(in.argument("DIR"), in.argument("ID"), keys));
  if (in.json())
    in.document({{"id", in.argument("ID")}});
  else if (!in.session().quiet)
    in.out().line("removed the advisory " + sanitize(in.argument("ID")));
  return 0;
}

Result<int> run_advisory_list(Invocation& in) {
  NANO_TRY_ASSIGN(const auto rows, server::advisory_list(in.argument("DIR")));
  if (in.json()) {
    OrderedJson data;
    data["advisories"] = OrderedJson::array();
    for (const auto& r : rows) {
      OrderedJson j;
      j["id"] = r.id;
      j["title"] = r.title;
      j["severity"] = r.severity;
      j["published"] = r.published;
      j["affected"] = r.affected;
      j["url"] = r.url;
      j["details"] = r.details;
      data["advisories"].push_back(std::move(j));
    }
    in.document(data);
    return 0;
  }
  for (const auto& r : rows) {
    std::string affected;
    for (const auto& a : r.affected) affected += (affected.empty() ? "" : ", ") + sanitize(a);
    in.out().line(styled(in.session().out_terminal, Style::bold, sanitize(r.id)) + "  " + r.severity + "  " +
                  sanitize(r.title) + "  (" + affected + ")");
  }
  return 0;
}

}  // namespace

void add_people_commands(std::vector<Command>& table) {
  const Positional ns{.name = "NAMESPACE", .help = "its name; _ is the root namespace"};
  const std::vector<Option> owner{{.name = "key",
                                   .kind = OptionKind::multi,
                                   .value = "LABEL",
                                   .help = "keys of the key folders that own it (else one is made)"},
                                  {.name = "proof",
                                   .kind = OptionKind::value,
                                   .value = "FILE",
                                   .help = "or what its owner made with `key prove`",
                                   .completes = Completes::files},
                                  {.name = "threshold",
                                   .kind = OptionKind::number,
                                   .value = "N",
                                   .help = "how many of the keys must sign (1)",
                                   .least = 1},
                                  {.name = "release-key",
                                   .kind = OptionKind::value,
                                   .value = "LABEL",
                                   .help = "a key that may publish, and nothing else: for CI"},
                                  keys_option(),
                                  passphrase_option(), offline_passphrase_option(), clock_option()};
  std::vector<Option> rekey = owner;
  rekey.insert(rekey.begin(),
               {.name = "withdraw", .help = "the announced change is not made: its owner objected"});
  const std::vector<Errc> exits{Errc::not_found, Errc::untrusted, Errc::denied,
                                Errc::store,     Errc::refused,   Errc::invalid};
  table.push_back({.name = "namespace add",
                   .group = kPeopleGroup,
                   .summary = "register a namespace",
                   .description =
                       "Gives a namespace to whoever holds its keys: they must be at hand, or shown with a "
                       "proof. A name that was used before is refused, "
                       "and one that looks like another's (after dropping - and reading 0 as o and 1 as l).",
                   .positionals = {dir_positional(), ns},
                   .options = owner,
                   .examples = {{.line = "nano-registry namespace add /srv/models acme"},
                                {.line = "nano-registry namespace add /srv/models acme --proof acme.json"}},
                   .exits = exits,
                   .run = run_namespace_add});
  table.push_back({.name = "namespace rekey",
                   .group = kPeopleGroup,
                   .summary = "give a namespace other keys",
                   .description =
                       "What was published stays, signed anew by the new keys; clients that have "
                       "locked a release by the old ones get a loud warning. When the old keys "
                       "sign too (here, or in the proof), it happens at once. When they are lost, "
                       "the first call only announces the new keys, for everybody to see; the same "
                       "call after the waiting period (seven days; rekey_wait_days in "
                       "DIR.keys/settings.json) makes the change, unless the old keys have signed "
                       "meanwhile. --withdraw takes an announcement back. --release-key alone "
                       "changes only that key.",
                   .positionals = {dir_positional(), ns},
                   .options = rekey,
                   .examples = {{.line = "nano-registry namespace rekey /srv/models acme"}},
                   .exits = exits,
                   .run = run_namespace_rekey});
  table.push_back(
      {.name = "namespace remove",
       .group = kPeopleGroup,
       .summary = "remove a namespace for good",
       .description = "Its releases are no longer found, and its name is never given away again: a "
                      "tombstone, signed by the registrar, says why.",
       .positionals = {dir_positional(), ns},
       .options = {{.name = "reason", .kind = OptionKind::value, .value = "TEXT", .help = "why, in one line"},
                   keys_option(),
                   passphrase_option(), offline_passphrase_option(), clock_option()},
       .examples = {{.line = "nano-registry namespace remove /srv/models acme --reason 'the project ended'"}},
       .exits = exits,
       .run = run_namespace_remove});
  table.push_back({.name = "namespace list",
                   .group = kPeopleGroup,
                   .summary = "show who may publish where",
                   .description = "Every namespace with its keys, also those that were removed.",
                   .positionals = {dir_positional()},
                   .examples = {{.line = "nano-registry namespace list /srv/models"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::store},
                   .run = run_namespace_list});
  const Positional id{.name = "ID", .help = "as nano-2026-0001"};
  table.push_back(
      {.name = "advisory add",
       .group = kPeopleGroup,
       .summary = "warn of releases",
       .description = "Clients read advisories on every install: malware is never installed, the rest is "
                      "reported by nano audit. The same id again replaces "
                      "the text.",
       .positionals = {dir_positional(), id},
       .options =
           {{.name = "title",
             .kind = OptionKind::value,
             .value = "TEXT",
             .help = "what is wrong, in one line"},
            {.name = "affects",
             .kind = OptionKind::multi,
             .value = "NAME@RANGE",
             .help = "the releases it holds for; some version of it must be here"},
            {.name = "severity",
             .kind = OptionKind::value,
             .value = "WORD",
             .help = "how bad it is (moderate)",
             .choices = {"malware", "critical", "high", "moderate", "low"},
             .completes = Completes::choices},
            {.name = "url", .kind = OptionKind::value, .value = "URL", .help = "where more is written"},
            {.name = "details-file",
             .kind = OptionKind::value,
             .value = "FILE",
             .help = "a longer text",
             .completes = Completes::files},
            keys_option(),
            passphrase_option(), offline_passphrase_option(), clock_option()},
       .examples = {{.line = "nano-registry advisory add /srv/models nano-2026-0001 --title 'wrong labels' "
                             "--affects 'tiny@<1.0.3' --severity high"}},
       .exits = exits,
       .run = run_advisory_add});
  table.push_back({.name = "advisory remove",
                   .group = kPeopleGroup,
                   .summary = "withdraw an advisory",
                   .description = "It is no longer listed.",
                   .positionals = {dir_positional(), id},
                   .options = {keys_option(), passphrase_option(), offline_passphrase_option(), clock_option()},
                   .examples = {{.line = "nano-registry advisory remove /srv/models nano-2026-0001"}},
                   .exits = exits,
                   .run = run_advisory_remove});
  table.push_back({.name = "advisory list",
                   .group = kPeopleGroup,
                   .summary = "show the advisories",
                   .description = "Every advisory that is in force.",
                   .positionals = {dir_positional()},
                   .examples = {{.line = "nano-registry advisory list /srv/models"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::store},
                   .run = run_advisory_list});
}

}  // namespace nano::cli
