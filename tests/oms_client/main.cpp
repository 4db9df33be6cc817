// tests/oms_client/main.cpp: verify/oms behind the command line that the public model signing suite speaks.
//
//   oms_client sign-model   --method key|certificate --model-path P --output-bundle B --private-key K
//                           [--signing-cert C --cert-chain C...] [--ignore-paths P...]
//   oms_client verify-model --method key|certificate --model-path P --bundle B --public-key K | --cert-chain C...
//                           [--ignore-paths P...] [--ignore-unsigned-files]
//
// Exit 0: done. Exit 1: not done, with the reason on stderr. The protocol has no word for a subject, for v0.2's form or
// for what a signer left out, so this program asks for what the suite expects: any subject, the old form allowed, the
// signer's own ignored paths and git's honoured. `nano verify --oms` does none of that unasked.
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fs.h"
#include "verify/oms/model_signature.h"

namespace {

using namespace nano;
using namespace nano::verify;

struct Args {
  std::string command{};
  std::map<std::string, std::vector<std::string>> values{};
  std::set<std::string> flags{};

  [[nodiscard]] std::string one(const std::string& name) const {
    const auto it = values.find(name);
    return it == values.end() ? std::string() : it->second.back();
  }
  [[nodiscard]] std::vector<std::string> all(const std::string& name) const {
    const auto it = values.find(name);
    return it == values.end() ? std::vector<std::string>() : it->second;
  }
};

Result<Args> parse_args(int argc, char** argv) {
  static const std::set<std::string> kValued{"--method",       "--model-path",        "--output-bundle",
                                             "--bundle",       "--private-key",       "--public-key",
                                             "--signing-cert", "--cert-chain",        "--ignore-paths",
                                             "--identity",     "--identity-provider", "--identity-token"};
  static const std::set<std::string> kFlags{"--ignore-unsigned-files", "--use-staging"};
  Args out;
  if (argc > 1) out.command = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string arg = argv[i];
    if (kFlags.contains(arg)) {
      out.flags.insert(arg);
    } else if (kValued.contains(arg) && i + 1 < argc) {
      out.values[arg].emplace_back(argv[++i]);
    } else {
      return make_error(Errc::usage, "unknown or incomplete argument '" + arg + "'");
    }
  }
  const std::string method = out.one("--method");
  if ((out.command != "sign-model" && out.command != "verify-model") || out.one("--model-path").empty())
    return make_error(Errc::usage, "see the first lines of tests/oms_client/main.cpp");
  if (method != "key" && method != "certificate")
    return make_error(Errc::unsupported, "the method '" + method + "' is not supported");
  return out;
}

Result<std::vector<std::string>> certificates(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const std::string& file : files) {
    NANO_TRY_ASSIGN(const std::string pem, fs::read_file(file, oms::kMaxCertificateFileBytes));
    NANO_TRY_ASSIGN(const auto some, oms::certificates_from_pem(pem));
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

/// The protocol's absolute paths, as paths inside the model; others concern nothing.
std::vector<std::string> ignored(const Args& args, const fs::Path& model) {
  std::vector<std::string> out = oms::git_paths();
  for (const std::string& path : args.all("--ignore-paths"))
    if (const auto rel = oms::inside_model(model, path)) out.push_back(*rel);
  return out;
}

Status sign(const Args& args) {
  const fs::Path model = args.one("--model-path");
  const fs::Path bundle = args.one("--output-bundle");
  NANO_TRY_ASSIGN(const auto key, oms::EcPrivateKey::load(args.one("--private-key")));
  oms::SignRequest request{
      .model = model, .bundle = bundle, .ignore = ignored(args, model), .certificates = {}};
  if (args.one("--method") == "certificate") {
    NANO_TRY_ASSIGN(request.certificates, certificates({args.one("--signing-cert")}));
    NANO_TRY_ASSIGN(const auto above, certificates(args.all("--cert-chain")));
    request.certificates.insert(request.certificates.end(), above.begin(), above.end());
  }
  NANO_TRY_ASSIGN(const auto done, oms::sign_model(request, key));
  return fs::write_atomic(bundle, done.bundle);
}

Status verify(const Args& args) {
  const fs::Path model = args.one("--model-path");
  const fs::Path file = args.one("--bundle");
  NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(file, oms::kMaxBundleBytes));
  NANO_TRY_ASSIGN(const auto bundle, oms::parse_bundle(bytes));
  oms::Trust trust;
  trust.at = now();
  trust.allow_old_form = true;
  if (args.one("--method") == "key") {
    NANO_TRY_ASSIGN(const std::string pem, fs::read_file(args.one("--public-key"), kMaxKeyFileBytes));
    NANO_TRY_ASSIGN(trust.key, oms::EcPublicKey::from_pem(pem));
  } else {
    NANO_TRY_ASSIGN(trust.roots, certificates(args.all("--cert-chain")));
  }
  NANO_TRY_ASSIGN(const auto statement, oms::verify_statement(bundle, trust));
  NANO_TRY_ASSIGN(const auto found,
                  oms::compare_model(statement.statement,
                                     {.model = model,
                                      .bundle = file,
                                      .ignore = ignored(args, model),
                                      .ignore_unsigned_files = args.flags.contains("--ignore-unsigned-files"),
                                      .honour_signed_ignores = true}));
  if (found.differences.empty()) return Unit{};
  return make_error(Errc::integrity, std::to_string(found.differences.size()) +
                                         " files differ, the first is '" + found.differences.front().path +
                                         "'");
}

Status run(int argc, char** argv) {
  NANO_TRY_ASSIGN(const Args args, parse_args(argc, argv));
  return args.command == "sign-model" ? sign(args) : verify(args);
}

}  // namespace

int main(int argc, char** argv) {
  const nano::Status done = run(argc, argv);
  if (!done)
    std::fprintf(stderr, "%s: %s\n", std::string(nano::kind(done.error().code)).c_str(),
                 done.error().render().c_str());
  return done ? 0 : 1;
}
