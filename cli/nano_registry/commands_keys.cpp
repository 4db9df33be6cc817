// cli/nano_registry/commands_keys.cpp: key new, list, rotate, prove; sign; refresh and status are in commands_upkeep.cpp.
#include "base/text.h"
#include "cli/nano_registry/shared.h"

namespace nano::cli {
namespace {

OrderedJson row_json(const server::KeyRow& r) {
  OrderedJson j;
  j["label"] = r.label;
  j["key_id"] = r.key_id;
  j["public_key"] = r.public_key;
  j["file"] = r.file.string();
  j["encrypted"] = r.encrypted;
  j["readable_by_others"] = r.readable_by_others;
  return j;
}

void say_keys(Invocation& in, const std::vector<server::KeyRow>& rows,
              const std::vector<fs::Path>* documents = nullptr) {
  if (in.json()) {
    OrderedJson data;
    data["keys"] = OrderedJson::array();
    for (const auto& r : rows) data["keys"].push_back(row_json(r));
    if (documents != nullptr) {
      data["to_sign"] = OrderedJson::array();
      for (const auto& d : *documents) data["to_sign"].push_back(d.string());
    }
    in.document(data);
    return;
  }
  for (const auto& r : rows)
    in.out().line(styled(in.session().out_terminal, Style::bold, sanitize(r.label)) + "  " + r.public_key +
                  "  id " + r.key_id.substr(0, 16) + (r.encrypted ? "" : "  not encrypted") +
                  (r.readable_by_others ? "  READABLE BY OTHERS" : ""));
  if (documents == nullptr || documents->empty()) return;
  in.out().line("not in force yet: have these signed (`nano-registry sign all`), all together:");
  for (const auto& d : *documents) in.out().line("  " + sanitize(d.string()));
}

Result<int> run_key_new(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  NANO_TRY_ASSIGN(const auto row, server::key_new(in.argument("FOLDER"), in.argument("LABEL"), keys));
  if (!row.encrypted)
    in.session().log.warn("the private key " + row.file.string() +
                          " is not encrypted; --passphrase-file encrypts it");
  say_keys(in, {row});
  return 0;
}

Result<int> run_key_list(Invocation& in) {
  NANO_TRY_ASSIGN(const auto rows, server::key_list(paths(in.arguments("FOLDER"))));
  say_keys(in, rows);
  for (const auto& r : rows)
    if (r.readable_by_others) return static_cast<int>(Errc::attention);
  return 0;
}

Result<int> run_key_rotate(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  const auto threshold = static_cast<uint32_t>(in.number("threshold", 1));
  const auto count = static_cast<uint32_t>(in.number("count", threshold));
  if (count > 32) return make_error(Errc::usage, "a role has at most 32 keys");
  server::RotateOptions how{.role = in.argument("ROLE"),
                            .count = count,
                            .threshold = threshold,
                            .offline = in.value("offline-keys"),
                            .drafts = in.value("output")};
  NANO_TRY_ASSIGN(const auto report, server::key_rotate(in.argument("DIR"), how, keys));
  say_keys(in, report.keys, &report.drafts);
  return 0;
}

Result<int> run_key_prove(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  const std::string out = in.value("output", in.argument("NAMESPACE") + ".proof.json");
  NANO_TRY(in.output_goes_to(out, true));
  NANO_TRY_ASSIGN(
      const uint32_t missing,
      server::key_prove(in.argument("NAMESPACE"), in.value("registry-id"), in.arguments("LABEL"),
                        static_cast<uint32_t>(in.number("threshold", 1)), in.value("current"), out, keys));
  if (in.json())
    in.document({{"file", out}, {"missing", missing}});
  else if (!in.session().quiet)
    in.out().line("wrote " + sanitize(out) + ": " +
                  (missing == 0 ? std::string("give it to the registry's operator")
                                : missing_signatures(missing) + ", with `nano-registry sign namespace " +
                                      shell_word(out) + "`"));
  return 0;
}

void say_signed(Invocation& in, const std::vector<server::SignedRow>& rows) {
  if (in.json()) {
    OrderedJson data;
    data["documents"] = OrderedJson::array();
    for (const auto& r : rows) {
      OrderedJson j;
      j["role"] = r.role;
      j["version"] = r.version;
      j["expires"] = r.expires;
      j["signed_by"] = r.signed_by;
      j["threshold"] = r.threshold;
      j["missing"] = r.missing;
      j["says"] = r.says;
      j["file"] = r.file.string();
      data["documents"].push_back(std::move(j));
    }
    in.document(data);
    return;
  }
  for (const auto& r : rows) {
    in.out().line(styled(in.session().out_terminal, Style::bold, sanitize(r.role)) + " version " +
                  std::to_string(r.version) + (r.expires.empty() ? "" : ", until " + r.expires) +
                  (r.signed_by.empty() ? "" : ", signed by " + short_ids(r.signed_by)) +
                  (r.missing == 0 ? "" : ", " + missing_signatures(r.missing)) +
                  (r.file.empty() ? ", served" : ", " + sanitize(r.file.string())));
    for (const auto& s : r.says) in.out().line("  " + sanitize(s));
  }
}

Result<int> run_sign(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  if (!in.value("into").empty()) {
    NANO_TRY_ASSIGN(const auto rows, server::install_signed(in.value("into"), in.argument("PATH"), keys));
    say_signed(in, rows);
    return 0;
  }
  NANO_TRY_ASSIGN(const auto rows,
                  server::sign(in.argument("ROLE"), in.argument("PATH"), in.value("output"), keys));
  say_signed(in, rows);
  return 0;
}

}  // namespace

void add_key_commands(std::vector<Command>& table) {
  const Positional folder{.name = "FOLDER", .help = "a folder of keys", .completes = Completes::folders};
  const std::vector<Errc> exits{Errc::not_found, Errc::integrity, Errc::untrusted, Errc::denied,
                                Errc::store,     Errc::refused,   Errc::invalid};
  table.push_back({.name = "key new",
                   .group = kKeysGroup,
                   .summary = "make a key",
                   .description = "Writes FOLDER/LABEL.pem (mode 0600, encrypted when there is a passphrase) "
                                  "and FOLDER/LABEL.pub. None is ever overwritten.",
                   .positionals = {folder, {.name = "LABEL", .help = "what to call it"}},
                   .options = {passphrase_option()},
                   .examples = {{.line = "nano-registry key new ~/keys acme"}},
                   .exits = {Errc::denied, Errc::store, Errc::refused},
                   .run = run_key_new});
  table.push_back(
      {.name = "key list",
       .group = kKeysGroup,
       .summary = "show the keys of folders",
       .description =
           "Their labels, public keys and ids. Exits with 15 when a private key can be read by others.",
       .positionals =
           {{.name = "FOLDER", .help = "folders of keys", .many = true, .completes = Completes::folders}},
       .examples = {{.line = "nano-registry key list /srv/models.keys"}},
       .exits = {Errc::store, Errc::invalid, Errc::attention},
       .run = run_key_list});
  table.push_back({.name = "key rotate",
                   .group = kKeysGroup,
                   .summary = "give a role new keys",
                   .description = "Makes new keys, lets the old ones vouch for them (root, targets, "
                                  "snapshot, timestamp: in a new root; the others: in targets), and signs "
                                  "everything anew that the old keys had signed. Needs the keys of the "
                                  "role's delegator: name their folder with --keys. When they "
                                  "are on another machine, --output FOLDER receives the documents to sign "
                                  "there; the new keys are in force once those are served.",
                   .positionals = {dir_positional(),
                                   {.name = "ROLE",
                                    .help = "whose keys",
                                    .completes = Completes::choices,
                                    .choices = {"root", "targets", "snapshot", "timestamp", "advisory",
                                                "index", "registrar"}}},
                   .options = {{.name = "threshold",
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "how many of them must sign (1)",
                                .least = 1},
                               {.name = "count",
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "how many to make (as many as must sign)",
                                .least = 1},
                               {.name = "output",
                                .short_name = 'o',
                                .kind = OptionKind::value,
                                .value = "FOLDER",
                                .help = "where documents to sign elsewhere go",
                                .completes = Completes::folders},
                               {.name = "offline-keys",
                                .kind = OptionKind::value,
                                .value = "KEYDIR",
                                .help = "where new keys that sign rarely go",
                                .completes = Completes::folders},
                               keys_option(),
                               passphrase_option(), offline_passphrase_option(), clock_option()},
                   .examples = {{.line = "nano-registry key rotate /srv/models timestamp"},
                                {.line = "nano-registry key rotate /srv/models root --count 5 --threshold 3 "
                                         "--keys /media/stick/keys --offline-keys /media/stick/keys"}},
                   .exits = exits,
                   .run = run_key_rotate});
  table.push_back(
      {.name = "key prove",
       .group = kKeysGroup,
       .summary = "prove that you hold the keys of a namespace",
       .description = "Makes the document with which a registry's operator registers a namespace for you "
                      "(namespace add --proof), without your keys leaving "
                      "your machine. To change keys give the role's present document, "
                      "metadata/N.ns.NAME.json, with --current. Of keys that other people hold only the "
                      ".pub is needed here: they add their signatures with `sign namespace FILE`.",
       .positionals = {{.name = "NAMESPACE", .help = "its name"},
                       {.name = "LABEL", .help = "the keys that are to own it", .many = true}},
       .options = {{.name = "registry-id",
                    .kind = OptionKind::value,
                    .value = "HEX",
                    .help = "the registry's fingerprint"},
                   {.name = "threshold",
                    .kind = OptionKind::number,
                    .value = "N",
                    .help = "how many of the keys must sign (1)",
                    .least = 1},
                   {.name = "current",
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "the role's present document",
                    .completes = Completes::files},
                   {.name = "output",
                    .short_name = 'o',
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "else NAMESPACE.proof.json",
                    .completes = Completes::files},
                   keys_option(),
                   passphrase_option(), offline_passphrase_option(), clock_option()},
       .examples = {{.line = "nano-registry key prove acme acme --keys ~/keys --registry-id 5f2d…"}},
       .exits = {Errc::not_found, Errc::denied, Errc::store, Errc::invalid},
       .run = run_key_prove});
  table.push_back({.name = "sign",
                   .group = kKeysGroup,
                   .summary = "sign a role for another lifetime, here or on another machine",
                   .description = "With a registry's folder as PATH: signs the role anew and serves it. When "
                                  "its keys are elsewhere, --output FOLDER receives documents to "
                                  "carry to the machine that has them; there PATH is that folder (or one "
                                  "document), no registry is needed, and what each document says is "
                                  "shown, and how many signatures it still needs: several people sign one "
                                  "after the other. Carried back, --into DIR serves them.\n\n"
                                  "namespace: documents that `add -o` and `yank -o` made, and proofs of "
                                  "`key prove`.",
                   .positionals = {{.name = "ROLE",
                                    .help = "which; all: of a registry root, targets, reg and advisory, of documents "
                                            "whatever they are",
                                    .completes = Completes::choices,
                                    .choices = {"root", "targets", "reg", "advisory", "namespace", "all"}},
                                   {.name = "PATH",
                                    .help = "a registry's folder, a document, or a folder of documents",
                                    .completes = Completes::folders}},
                   .options = {{.name = "output",
                                .short_name = 'o',
                                .kind = OptionKind::value,
                                .value = "FOLDER",
                                .help = "where documents go",
                                .completes = Completes::folders},
                               {.name = "into",
                                .kind = OptionKind::value,
                                .value = "DIR",
                                .help = "serve the signed documents of PATH in this registry",
                                .completes = Completes::folders},
                               keys_option(),
                               passphrase_option(), offline_passphrase_option(), clock_option()},
                   .examples = {{.line = "nano-registry sign root /srv/models -o /media/stick/to-sign"},
                                {.line = "nano-registry sign root /media/stick/to-sign --keys ~/keys",
                                 .what = "on the machine with the keys"},
                                {.line = "nano-registry sign root /media/stick/to-sign --into /srv/models"}},
                   .exits = exits,
                   .run = run_sign});
}

}  // namespace nano::cli
