// cli/nano/commands_trust.cpp: verify.
#include "app/verify.h"
#include "base/count.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/nano/syncing.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

OrderedJson report_json(const app::VerifyReport& r) {
  OrderedJson data;
  data["packages"] = OrderedJson::array();
  for (const auto& p : r.packages) {
    OrderedJson j;
    j["name"] = p.name;
    j["version"] = p.version;
    j["variant"] = p.variant;
    j["ok"] = p.ok;
    j["standing"] = std::string(app::standing_word(p.standing));
    j["files"] = OrderedJson::array();
    for (const auto& f : p.files) j["files"].push_back({{"path", f.path}, {"digest", f.digest}, {"bytes", f.bytes}});
    j["bytes"] = p.bytes;
    j["release_digest"] = p.release_digest;
    j["registry"] = p.registry;
    j["registry_id"] = p.registry_id;
    j["signer"] = p.signer;
    j["verified"] = p.verified;
    j["chain"] = OrderedJson::array();
    for (const auto& l : p.chain) j["chain"].push_back({{"role", l.role}, {"version", l.version}, {"expires", l.expires}, {"keys", l.keys}});
    j["unsigned"] = p.is_unsigned;
    data["packages"].push_back(std::move(j));
  }
  data["findings"] = OrderedJson::array();
  for (const auto& f : r.findings) {
    OrderedJson j;
    j["package"] = f.package;
    j["kind"] = f.kind;
    j["path"] = f.path;
    j["message"] = f.message;
    j["remedy"] = f.remedy;
    j["untrusted"] = f.untrusted;
    data["findings"].push_back(std::move(j));
  }
  data["repaired"] = r.repaired;
  return data;
}

/// Each file and each role, for packages that were asked for by name.
void show_details(Invocation& in, const app::VerifiedPackage& p) {
  in.out().line("    release " + p.release_digest + (p.registry.empty() ? "" : " from " + sanitize(p.registry)) +
                (p.verified.empty() ? "" : ", checked at " + p.verified));
  for (const auto& f : p.files) in.out().line("    " + f.digest + "  " + sanitize(f.path));
  for (const auto& l : p.chain) {
    std::string keys;
    for (const auto& k : l.keys) keys += (keys.empty() ? "" : ", ") + k.substr(0, 16);
    in.out().line("    role " + sanitize(l.role) + " version " + std::to_string(l.version) + ", until " + l.expires + ", by " + keys);
  }
}

Result<int> run_verify(Invocation& in) {
  if (in.has("behaviour")) return run_behaviour(in);
  if (in.has("oms")) return run_verify_oms(in);
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::VerifyReport r,
                  app::verify(ctx, {.names = in.arguments("NAME"), .repair = in.has("repair")}));
  // A bad signature weighs more than bad bytes: bytes can be fetched again.
  int code = 0;
  for (const auto& f : r.findings) {
    if (f.untrusted) code = static_cast<int>(Errc::untrusted);
    if (!f.untrusted && code == 0) code = static_cast<int>(Errc::integrity);
  }
  if (in.json()) {
    in.document(report_json(r));
    return code;
  }
  const Terminal& t = in.session().out_terminal;
  if (!in.session().quiet) {
    for (const auto& p : r.packages) {
      in.out().line((p.ok ? styled(t, Style::green, "ok ") : styled(t, Style::red, "BAD")) + "  " +
                    styled(t, Style::bold,
                           sanitize(p.name + " " + p.version + (p.variant.empty() ? "" : " " + p.variant))) +
                    "  " + counted(p.files.size(), "file") + ", " + human_bytes(p.bytes) + ", " +
                    (p.is_unsigned ? styled(t, Style::yellow, "unsigned")
                                   : "signed by " + sanitize(p.signer.substr(0, 16)) + ", " + std::string(app::standing_word(p.standing))));
      if (!in.arguments("NAME").empty()) show_details(in, p);
    }
    if (r.packages.empty() && r.findings.empty()) in.session().log.note("nothing is installed");
  }
  for (const auto& f : r.findings) {
    in.out().line((f.package.empty() ? std::string("store") : sanitize(f.package)) + ": " +
                  (f.path.empty() ? "" : sanitize(f.path) + ": ") + sanitize(f.message));
    if (!f.remedy.empty()) in.out().line("  hint: " + sanitize(f.remedy));
  }
  if (r.repaired > 0) in.out().line("repaired " + std::to_string(r.repaired));
  return code;
}

}  // namespace

void add_trust_commands(std::vector<Command>& table) {
  table.push_back(
      {.name = "verify",
       .group = "Packages",
       .summary = "check installed bytes and signatures",
       .description = "Hashes every file of every installed package against its signed release, and holds each "
                      "release against what its registry signed last, and the packed weights that are run against what the signed ones give. For packages that are named it shows each file's digest, and "
                      "who vouches: the chain of roles from the root, their keys and expiry. Nothing is fetched. Exits with 6 when "
                      "bytes are wrong and with 7 when a signature is.\n\n"
                      "With --oms DIR: checks a folder of model files against its model.sig (OpenSSF Model Signing "
                      "1.0) instead. The signer is named by --public-key, or by --ca and --subject; the system's "
                      "certificates are not asked, certificates must be valid now, and every file must be covered.",
       .positionals = {{.name = "NAME",
                        .help = "installed packages; all, if left out",
                        .required = false,
                        .many = true,
                        .completes = Completes::installed}},
       .options =
           {{.name = "repair",
             .help = "mend from good copies, put the newest whole generation in force where it cannot be told which one is, pack "
                     "damaged derived files anew, and remove damaged blobs so that install fetches them again"},
            {.name = "behaviour",
             .help = "replay the inputs that packages bring with their outputs: labels equal, scores within 0.01 (else 10)"},
            {.name = "oms",
             .kind = OptionKind::value,
             .value = "DIR",
             .help = "check this folder (or file) against its model signature",
             .completes = Completes::folders},
            {.name = "public-key",
             .kind = OptionKind::value,
             .value = "FILE",
             .help = "with --oms: the signer's public key, PEM",
             .completes = Completes::files},
            {.name = "ca",
             .kind = OptionKind::multi,
             .value = "FILE",
             .help = "with --oms: the root certificate above the signer's, PEM",
             .completes = Completes::files},
            {.name = "subject",
             .kind = OptionKind::value,
             .value = "RULE",
             .help = "with --ca: whom the certificate must name: cn=, email=, uri=, dns=, dn=, or any"},
            {.name = "signature",
             .kind = OptionKind::value,
             .value = "FILE",
             .help = "with --oms: the signature (else DIR/model.sig)",
             .completes = Completes::files},
            {.name = "ignore",
             .kind = OptionKind::multi,
             .value = "PATH",
             .help = "with --oms: this file or folder may be there uncovered"},
            {.name = "ignore-unsigned", .help = "with --oms: any file may be there uncovered"},
            {.name = "no-ignore-git-paths",
             .help = "with --oms: .git, .gitignore, .gitattributes and .github may not be there uncovered"},
            {.name = "allow-v0.2", .help = "with --oms: take signatures in the form of v0.2 too"}},
       .examples = {{.line = "nano verify"},
                    {.line = "nano verify sentiment-50m --json"},
                    {.line = "nano verify --oms my-model --public-key signer.pub"},
                    {.line = "nano verify --oms my-model --ca root.pem --subject email=ann@example.org"}},
       .exits = {Errc::not_found, Errc::integrity, Errc::untrusted, Errc::store, Errc::unmet, Errc::invalid, Errc::unsupported},
       .run = run_verify});
}

}  // namespace nano::cli
