// cli/nano/commands_sign.cpp: sign, and verify's --oms.
#include <cstdlib>

#include "app/model_signature.h"
#include "base/count.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/text_table.h"

namespace nano::cli {
namespace {

/// The first line of --passphrase-file, else NANO_KEY_PASSPHRASE: on the command line it would stand in every process list.
Result<std::optional<verify::Secret>> passphrase(const Invocation& in) {
  const std::string path = in.value("passphrase-file");
  if (path.empty()) {
    const char* text = std::getenv("NANO_KEY_PASSPHRASE");
    if (text == nullptr || *text == '\0') return std::optional<verify::Secret>();
    return std::optional<verify::Secret>(std::string(text));
  }
  NANO_TRY_ASSIGN(std::string text, fs::read_file(path, 4096));
  text.resize(std::min(text.find('\n'), text.size()));
  if (!text.empty() && text.back() == '\r') text.pop_back();
  if (text.empty())
    return make_error(Errc::usage, "no passphrase in '" + path + "'", "write it on the first line");
  return std::optional<verify::Secret>(std::move(text));
}

std::vector<fs::Path> paths(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

Result<int> run_sign(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  NANO_TRY(in.output_goes_to(in.value("output"), true));
  NANO_TRY_ASSIGN(auto secret, passphrase(in));
  app::SignOptions options{.model = in.argument("DIR"),
                           .key = in.value("key"),
                           .passphrase = std::move(secret),
                           .certificates = paths(in.values("cert")),
                           .output = in.value("output"),
                           .ignore = in.values("ignore"),
                           .ignore_git_paths = !in.has("no-ignore-git-paths")};
  NANO_TRY_ASSIGN(const app::SignReport r, app::sign_model(ctx, options));
  if (in.json()) {
    OrderedJson data;
    data["bundle"] = r.bundle.string();
    data["method"] = r.by_certificate ? "certificate" : "key";
    data["files"] = r.files;
    data["bytes"] = r.bytes;
    data["left_out"] = r.left_out;
    data["root_digest"] = r.root_digest;
    data["key_hint"] = r.key_hint;
    in.document(data);
    return 0;
  }
  if (in.session().quiet) return 0;
  std::string left_out;
  for (const auto& path : r.left_out) left_out += (left_out.empty() ? "" : ", ") + sanitize(path);
  in.out().put(render_facts(in.session().out_terminal,
                            {{"signature", sanitize(r.bundle.string())},
                             {"covers", counted(r.files, "file") + ", " + human_bytes(r.bytes)},
                             {"left out", left_out.empty() ? "nothing" : left_out},
                             {"model", r.root_digest},
                             {"key", r.key_hint + (r.by_certificate ? " (by certificate)" : "")}}));
  return 0;
}

}  // namespace

Result<int> run_verify_oms(Invocation& in) {
  NANO_TRY_ASSIGN(const app::Context ctx, open_context(in));
  const auto names = in.arguments("NAME");
  if (!names.empty() || in.has("repair"))
    return make_error(Errc::usage, "--oms checks one folder, named behind it, and repairs nothing");
  app::CheckModelOptions options{.model = in.value("oms"),
                                 .bundle = in.value("signature"),
                                 .public_key = in.value("public-key"),
                                 .roots = paths(in.values("ca")),
                                 .subject = in.value("subject"),
                                 .ignore = in.values("ignore"),
                                 .ignore_unsigned = in.has("ignore-unsigned"),
                                 .ignore_git_paths = !in.has("no-ignore-git-paths"),
                                 .allow_old_form = in.has("allow-v0.2")};
  NANO_TRY_ASSIGN(const app::CheckModelReport r, app::check_model(ctx, options));
  const int code = r.differences.empty() ? 0 : static_cast<int>(Errc::integrity);
  if (in.json()) {
    OrderedJson data;
    data["ok"] = r.differences.empty();
    data["signer"] = r.signer;
    data["model"] = r.model_name;
    data["files"] = r.files;
    data["bytes"] = r.bytes;
    data["ignored"] = r.ignored;
    data["old_form"] = r.old_form;
    data["differences"] = OrderedJson::array();
    for (const auto& d : r.differences) {
      OrderedJson j;
      j["kind"] = d.kind;
      j["path"] = d.path;
      j["left_out_by_signer"] = d.left_out_by_signer;
      data["differences"].push_back(std::move(j));
    }
    in.document(data, "oms");
    return code;
  }
  const Terminal& t = in.session().out_terminal;
  if (!in.session().quiet || code != 0)
    in.out().line((code == 0 ? styled(t, Style::green, "ok ") : styled(t, Style::red, "BAD")) + "  " +
                  counted(r.files, "file") + ", " + human_bytes(r.bytes) + ", signed by " +
                  sanitize(r.signer) +
                  (r.ignored > 0 ? ", " + counted(r.ignored, "file") + " not covered" : "") +
                  (r.old_form ? ", in the form of v0.2" : ""));
  for (const auto& d : r.differences) {
    in.out().line(d.kind + ": " + sanitize(d.path));
    if (d.kind == "uncovered")
      in.out().line(
          d.left_out_by_signer
              ? "  hint: the signer left it out, so nobody vouches for it; --ignore PATH accepts that"
              : "  hint: nobody vouches for it; take it away, or accept it with --ignore PATH");
  }
  return code;
}

void add_sign_commands(std::vector<Command>& table) {
  table.push_back(
      {.name = "sign",
       .group = "Make packages",
       .summary = "sign a folder of model files (OpenSSF Model Signing)",
       .description =
           "Writes model.sig, which lists every file of the folder by its digest and which any tool for "
           "OpenSSF Model Signing 1.0 can check. Left out are the signature itself, what --ignore names and, "
           "as the specification has it, .git, .gitignore, .gitattributes and .github in the folder (not below): "
           "the signature says so, and --no-ignore-git-paths covers them too. The key is an ECDSA key (P-256, P-384 or P-521) in PEM, as `openssl genpkey "
           "-algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one.",
       .positionals = {{.name = "DIR", .help = "the folder, or one file", .completes = Completes::folders}},
       .options = {{.name = "key",
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "the private key",
                    .completes = Completes::files},
                   {.name = "cert",
                    .kind = OptionKind::multi,
                    .value = "FILE",
                    .help = "the key's certificate and those above it, the root left out",
                    .completes = Completes::files},
                   {.name = "ignore",
                    .kind = OptionKind::multi,
                    .value = "PATH",
                    .help = "leave this file or folder out, and say so in the signature"},
                   {.name = "no-ignore-git-paths",
                    .help = "cover .git, .gitignore, .gitattributes and .github too"},
                   {.name = "output",
                    .short_name = 'o',
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "write the signature here (else DIR/model.sig, or FILE.sig beside a file)",
                    .completes = Completes::files},
                   {.name = "passphrase-file",
                    .kind = OptionKind::value,
                    .value = "FILE",
                    .help = "the key's passphrase is the first line of this (else NANO_KEY_PASSPHRASE)",
                    .completes = Completes::files}},
       .examples = {{.line = "nano sign my-model --key signing.pem"},
                    {.line = "nano sign my-model --key signing.pem --cert leaf.pem --cert intermediate.pem"}},
       .exits = {Errc::not_found, Errc::denied, Errc::store, Errc::invalid, Errc::unsupported},
       .run = run_sign});
}

}  // namespace nano::cli
