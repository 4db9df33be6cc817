// cli/nano_registry/commands_tree.cpp: init, add, yank, starter.
#include "base/text.h"
#include "cli/nano_registry/shared.h"

namespace nano::cli {
namespace {

Result<int> run_init(Invocation& in) {
  server::InitOptions options{.dir = in.argument("DIR"), .name = in.value("name")};
  const int modes =
      (in.has("simple") ? 1 : 0) + (in.has("static") ? 1 : 0) + (in.value("offline-keys").empty() ? 0 : 1);
  if (modes > 1)
    return make_error(Errc::usage, "--simple, --offline-keys and --static exclude each other",
                      "choose one; share/doc/nanom/HOSTING.md compares them");
  if (in.has("static")) options.mode = server::Mode::fixed;
  if (!in.value("offline-keys").empty()) {
    options.mode = server::Mode::offline;
    options.offline_keys = in.value("offline-keys");
  }
  if (!in.value("expires").empty()) {
    if (!in.has("static"))
      return make_error(Errc::usage,
                        "--expires is for --static: other registries are signed anew all the time");
    NANO_TRY_ASSIGN(options.static_days, parse_days(in.value("expires")));
  }
  NANO_TRY_ASSIGN(options.keys, key_options(in));
  NANO_TRY_ASSIGN(const server::InitReport r, server::init(options));
  const std::string add_line = "nano registry add " + shell_word(r.name) + " " +
                               shell_word(full_path(r.dir).string()) +
                               " --root-namespace --root-fingerprint " + r.id;
  if (!r.keys_encrypted)
    in.session().log.warn("the private keys in " + r.keys.string() +
                          " are not encrypted; --passphrase-file encrypts them");
  if (in.json()) {
    OrderedJson data;
    data["dir"] = r.dir.string();
    data["name"] = r.name;
    data["mode"] = std::string(server::to_text(r.mode));
    data["id"] = r.id;
    data["root"] = r.root.string();
    data["keys"] = r.keys.string();
    data["keys_encrypted"] = r.keys_encrypted;
    data["client_command"] = add_line;
    in.document(data);
    return 0;
  }
  in.out().line("made the registry " + styled(in.session().out_terminal, Style::bold, sanitize(r.name)) +
                " in " + sanitize(r.dir.string()));
  in.out().line("fingerprint  " + r.id);
  in.out().line("root         " + sanitize(r.root.string()));
  in.out().line("keys         " + sanitize(r.keys.string()) + " (keep them, and keep them secret)");
  if (r.mode == server::Mode::offline)
    in.out().line("offline keys " + sanitize(in.value("offline-keys")) + " (take them off this machine)");
  in.out().line(
      "\nTo use it, on each client (give the address at which you serve the folder instead of the path):");
  in.out().line("  " + sanitize(add_line));
  return 0;
}

OrderedJson added_json(const std::vector<server::AddedRelease>& added) {
  OrderedJson data;
  data["releases"] = OrderedJson::array();
  for (const auto& r : added) {
    OrderedJson j;
    j["name"] = r.name;
    j["version"] = r.version;
    j["digest"] = r.digest;
    j["new_bytes"] = r.new_bytes;
    j["existed"] = r.existed;
    j["mended"] = r.mended;
    j["draft"] = r.draft.string();
    j["missing"] = r.missing;
    data["releases"].push_back(std::move(j));
  }
  return data;
}

void say_added(Invocation& in, const std::vector<server::AddedRelease>& added) {
  if (in.json()) {
    in.document(added_json(added));
    return;
  }
  if (in.session().quiet) return;
  for (const auto& r : added) {
    if (!r.draft.empty()) {
      in.out().line(styled(in.session().out_terminal, Style::bold, sanitize(r.name + " " + r.version)) +
                    " is not served yet: " + sanitize(r.draft.string()) + " " +
                    missing_signatures(r.missing));
      continue;
    }
    in.out().line((r.existed ? "was there already: " : "added ") +
                  styled(in.session().out_terminal, Style::bold, sanitize(r.name + " " + r.version)) + ", " +
                  human_bytes(r.new_bytes) + " new, " +
                  (r.mended == 0 ? "" : std::to_string(r.mended) + (r.mended == 1 ? " damaged file" : " damaged files") + " of the tree mended, ") + r.digest);
  }
}

Result<int> run_add(Invocation& in) {
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  NANO_TRY_ASSIGN(const auto added, server::add(in.argument("DIR"), paths(in.arguments("BUNDLE")), keys,
                                                in.session().log, in.value("output")));
  warn_of_what_runs_out(in, keys);  // before the document, which holds the warnings
  say_added(in, added);
  return 0;
}

Result<int> run_yank(Invocation& in) {
  const bool undo = in.has("undo");
  const std::string reason = in.value("reason");
  if (undo == !reason.empty())
    return make_error(Errc::usage, "a yank needs a --reason, which is shown to whoever asks for the version",
                      "or --undo to offer it again");
  NANO_TRY_ASSIGN(const auto keys, key_options(in));
  const std::string what = in.argument("NAME@VERSION");
  NANO_TRY_ASSIGN(const auto done, server::yank(in.argument("DIR"), what, reason, keys, in.value("output")));
  if (in.json())
    in.document(
        {{"release", what}, {"yanked", reason}, {"draft", done.draft.string()}, {"missing", done.missing}});
  else if (!in.session().quiet && !done.draft.empty())
    in.out().line("not served yet: " + sanitize(done.draft.string()) + " " +
                  missing_signatures(done.missing));
  else if (!in.session().quiet)
    in.out().line((undo ? "offers again " : "yanked ") + sanitize(what));
  return 0;
}

Result<int> run_starter(Invocation& in) {
  NANO_TRY_ASSIGN(const auto added,
                  server::make_starter({.dir = in.argument("DIR"), .bundles = paths(in.arguments("BUNDLE"))},
                                       in.session().log));
  say_added(in, added);
  return 0;
}

}  // namespace

void add_tree_commands(std::vector<Command>& table) {
  table.push_back(
      {.name = "init",
       .group = kTreeGroup,
       .summary = "make a registry and its keys",
       .description = "Makes the folder, which any web server or a file:// address can serve, the keys that "
                      "sign what is in it, and prints the "
                      "fingerprint that clients pin.\n\n"
                      "With --simple (what happens unless told) all keys go to DIR.keys: whoever takes that "
                      "machine over can sign anything. With "
                      "--offline-keys the keys of root, targets, advisory and registrar go to KEYDIR, always "
                      "encrypted: take it off the machine. With "
                      "--static every signature holds for years, for a folder that nobody will sign again.",
       .positionals = {dir_positional()},
       .options = {{.name = "name",
                    .kind = OptionKind::value,
                    .value = "NAME",
                    .help = "the registry's name (else the folder's)"},
                   {.name = "simple", .help = "all keys on this machine (the default)"},
                   {.name = "offline-keys",
                    .kind = OptionKind::value,
                    .value = "KEYDIR",
                    .help = "put the keys that sign rarely there",
                    .completes = Completes::folders},
                   {.name = "static", .help = "sign for years, for a folder that nobody re-signs"},
                   {.name = "expires",
                    .kind = OptionKind::value,
                    .value = "TIME",
                    .help = "with --static: how long it holds, as 90d or 10y (else 10y)"},
                   passphrase_option(), offline_passphrase_option(), clock_option()},
       .examples = {{.line = "nano-registry init /srv/models --name acme"},
                    {.line = "nano-registry init /srv/models --offline-keys /media/stick/keys",
                     .what = "for a registry that others rely on"},
                    {.line = "nano-registry init /media/usb/models --static --expires 10y"}},
       .exits = {Errc::not_found, Errc::denied, Errc::store, Errc::refused},
       .run = run_init});
  table.push_back({.name = "add",
                   .group = kTreeGroup,
                   .summary = "publish releases from bundles or package folders",
                   .description = "Checks each bundle as if it came from a stranger, lists its release in "
                                  "the role of its namespace, signed with that "
                                  "namespace's key, and renews the index. A version that exists with other "
                                  "bytes is refused. timestamp.json is replaced last: "
                                  "stopped anywhere, the old state is served. Of several bundles all are published or "
                                  "none. What the tree has already is compared by digest, and mended where it has rotted.\n\n"
                                  "Where more keys must sign than are here, --output FOLDER receives the "
                                  "namespace's next document: each of the others adds a signature with "
                                  "`sign namespace FILE --keys KEYDIR`, and `sign namespace FILE --into DIR` "
                                  "publishes it.",
                   .positionals = {dir_positional(),
                                   {.name = "BUNDLE",
                                    .help = ".nano bundles or package folders",
                                    .many = true,
                                    .completes = Completes::files}},
                   .options = {draft_option(), keys_option(), passphrase_option(), offline_passphrase_option(), clock_option()},
                   .examples = {{.line = "nano-registry add /srv/models sentiment-50m-1.0.0.nano"},
                                {.line = "nano-registry add /srv/models tiny-1.0.0.nano -o to-sign",
                                 .what = "in a namespace where two people must sign"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::denied, Errc::store,
                             Errc::refused, Errc::invalid, Errc::unsupported},
                   .run = run_add});
  table.push_back(
      {.name = "yank",
       .group = kTreeGroup,
       .summary = "take a version back, or offer it again",
       .description = "A yanked version is no longer chosen; projects that have locked it still find it. The "
                      "namespace's key signs it.",
       .positionals = {dir_positional(), {.name = "NAME@VERSION", .help = "the release"}},
       .options = {{.name = "reason", .kind = OptionKind::value, .value = "TEXT", .help = "why, in one line"},
                   {.name = "undo", .help = "offer the version again"},
                   draft_option(),
                   keys_option(),
                   passphrase_option(), offline_passphrase_option(), clock_option()},
       .examples = {{.line = "nano-registry yank /srv/models sentiment-50m@1.0.0 --reason 'wrong labels'"}},
       .exits = {Errc::not_found, Errc::untrusted, Errc::denied, Errc::store, Errc::refused},
       .run = run_yank});
  table.push_back({.name = "starter",
                   .group = kTreeGroup,
                   .summary = "make the starter registry of a build",
                   .description = "As init --static and add, with a key that is made for this and destroyed "
                                  "after it. Honours SOURCE_DATE_EPOCH. Used by nano's own "
                                  "build.",
                   .positionals = {dir_positional(),
                                   {.name = "BUNDLE",
                                    .help = ".nano bundles",
                                    .required = false,
                                    .many = true,
                                    .completes = Completes::files}},
                   .examples = {{.line = "nano-registry starter share/nanom/starter sentiment-50m.nano"}},
                   .exits = {Errc::not_found, Errc::integrity, Errc::store, Errc::invalid},
                   .run = run_starter});
}

}  // namespace nano::cli
