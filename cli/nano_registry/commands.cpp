// cli/nano_registry/commands.cpp: init, add, starter.
#include "cli/nano_registry/commands.h"

#include "base/text.h"
#include "cli/self_commands.h"
#include "server/admin.h"

namespace nano::cli {
namespace {

/// The first line of a file: a passphrase on the command line would stand in every process list.
Result<std::string> passphrase(const Invocation& in) {
  const std::string path = in.value("passphrase-file");
  if (path.empty()) return std::string();
  NANO_TRY_ASSIGN(const std::string text, fs::read_file(path, 4096));
  std::string line = text.substr(0, text.find('\n'));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty())
    return make_error(Errc::usage, "no passphrase in '" + path + "'", "write it on the first line");
  return line;
}

fs::Path full_path(const fs::Path& path) {
  std::error_code ec;
  const fs::Path full = std::filesystem::absolute(path, ec);
  return ec ? path : full.lexically_normal();
}

/// One word for a shell.
std::string shell_word(const std::string& text) {
  if (!text.empty() &&
      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:=,+@%") ==
          std::string::npos)
    return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Result<int> run_init(Invocation& in) {
  NANO_TRY_ASSIGN(const std::string secret, passphrase(in));
  NANO_TRY_ASSIGN(const server::InitReport r, server::init({.dir = in.argument("DIR"),
                                                            .name = in.value("name"),
                                                            .key = in.value("key"),
                                                            .passphrase = secret}));
  const std::string add_line = "nano registry add " + shell_word(r.name) + " " +
                               shell_word(full_path(r.dir).string()) + " --root-namespace --key " +
                               r.public_key;
  if (!r.key_encrypted)
    in.session().log.warn("the private key " + r.key.string() +
                          " is not encrypted; --passphrase-file encrypts it");
  if (in.json()) {
    OrderedJson data;
    data["dir"] = r.dir.string();
    data["name"] = r.name;
    data["public_key"] = r.public_key;
    data["key_id"] = r.key_id;
    data["key"] = r.key.string();
    data["key_encrypted"] = r.key_encrypted;
    data["client_command"] = add_line;
    in.document(data);
    return 0;
  }
  in.out().line("made the registry " + styled(in.session().out_terminal, Style::bold, sanitize(r.name)) +
                " in " + sanitize(r.dir.string()));
  in.out().line("public key   " + r.public_key);
  in.out().line("private key  " + sanitize(r.key.string()) + " (keep it, and keep it secret)");
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
  for (const auto& r : added)
    in.out().line((r.existed ? "was there already: " : "added ") +
                  styled(in.session().out_terminal, Style::bold, sanitize(r.name + " " + r.version)) + ", " +
                  human_bytes(r.new_bytes) + " new, " + r.digest);
}

std::vector<fs::Path> paths(const Invocation& in) {
  std::vector<fs::Path> out;
  for (const auto& b : in.arguments("BUNDLE")) out.emplace_back(b);
  return out;
}

Result<int> run_add(Invocation& in) {
  NANO_TRY_ASSIGN(const std::string secret, passphrase(in));
  NANO_TRY_ASSIGN(
      const auto added,
      server::add(
          {.dir = in.argument("DIR"), .bundles = paths(in), .key = in.value("key"), .passphrase = secret},
          in.session().log));
  say_added(in, added);
  return 0;
}

Result<int> run_starter(Invocation& in) {
  NANO_TRY_ASSIGN(const auto added,
                  server::make_starter({.dir = in.argument("DIR"), .bundles = paths(in)}, in.session().log));
  say_added(in, added);
  return 0;
}

Result<int> run_version(Invocation& in) {
  if (in.json()) {
    in.document({{"version", std::string(in.program().version)}});
  } else {
    in.out().line(std::string(in.program().name) + " " + std::string(in.program().version));
  }
  return 0;
}

Program make_program() {
  constexpr std::string_view kTree = "Registry";
  constexpr std::string_view kHelp = "Help";
  const Option key{.name = "key",
                   .kind = OptionKind::value,
                   .value = "FILE",
                   .help = "the private key (else DIR.keys/registry.pem)",
                   .completes = Completes::files};
  const Option secret{.name = "passphrase-file",
                      .kind = OptionKind::value,
                      .value = "FILE",
                      .help = "a file whose first line protects the private key",
                      .completes = Completes::files};
  const Positional dir{.name = "DIR", .help = "the registry's folder", .completes = Completes::folders};
  Program p{.name = "nano-registry",
            .version = NANO_VERSION,
            .summary = "makes the folder that is a nano registry",
            .groups = {kTree, kHelp}};
  p.commands.push_back({.name = "init",
                        .group = kTree,
                        .summary = "make a registry and its key",
                        .description =
                            "Makes the folder, which any web server or a file:// address can serve, and the "
                            "key that signs what is in it. Prints the public key that "
                            "clients pin, and the command that adds the registry there. Keep the private key "
                            "off the web server.",
                        .positionals = {dir},
                        .options = {{.name = "name",
                                     .kind = OptionKind::value,
                                     .value = "NAME",
                                     .help = "the registry's name (else the folder's)"},
                                    key,
                                    secret},
                        .examples = {{.line = "nano-registry init /srv/models --name acme"}},
                        .exits = {Errc::not_found, Errc::store},
                        .run = run_init});
  p.commands.push_back({.name = "add",
                        .group = kTree,
                        .summary = "add releases from bundles or package folders",
                        .description = "Checks each bundle as if it came from a stranger, signs its release "
                                       "and adds it. A version that exists with other bytes is refused. The "
                                       "index is written last: stopped anywhere, the old state is served.",
                        .positionals = {dir,
                                        {.name = "BUNDLE",
                                         .help = ".nano bundles or package folders",
                                         .many = true,
                                         .completes = Completes::files}},
                        .options = {key, secret},
                        .examples = {{.line = "nano-registry add /srv/models sentiment-50m-1.0.0.nano"}},
                        .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::store,
                                  Errc::invalid, Errc::unsupported},
                        .run = run_add});
  p.commands.push_back(
      {.name = "starter",
       .group = kTree,
       .summary = "make the starter registry of a build",
       .description = "As init and add, with a key that is made for this and destroyed after it. Honours "
                      "SOURCE_DATE_EPOCH. Used by nano's own build.",
       .positionals = {dir,
                       {.name = "BUNDLE",
                        .help = ".nano bundles",
                        .required = false,
                        .many = true,
                        .completes = Completes::files}},
       .examples = {{.line = "nano-registry starter share/nanom/starter sentiment-50m.nano"}},
       .exits = {Errc::not_found, Errc::integrity, Errc::store, Errc::invalid},
       .run = run_starter});
  p.commands.push_back({.name = "version",
                        .group = kHelp,
                        .summary = "show the version",
                        .description = "Prints the program's name and version.",
                        .examples = {{.line = "nano-registry version"}},
                        .run = run_version});
  p.commands.push_back(completions_command(
      kHelp, "nano-registry completions bash > ~/.local/share/bash-completion/completions/nano-registry"));
  p.commands.push_back(help_command(kHelp, "nano-registry help add"));
  return p;
}

}  // namespace

const Program& registry_program() {
  static const Program program = make_program();
  return program;
}

}  // namespace nano::cli
