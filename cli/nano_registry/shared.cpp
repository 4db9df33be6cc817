// cli/nano_registry/shared.cpp: see shared.h.
#include "cli/nano_registry/shared.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace nano::cli {

namespace {

/// The first line of the file an option names (a passphrase on the command line would stand in every process list), else of the
/// environment; "": neither.
Result<std::string> passphrase_of(const Invocation& in, std::string_view option, const char* variable) {
  const std::string path = in.value(option);
  if (path.empty()) {
    const char* env = std::getenv(variable);
    return std::string(env == nullptr ? "" : env);
  }
  NANO_TRY_ASSIGN(std::string text, fs::read_file(path, 4096));
  text.resize(std::min(text.find('\n'), text.size()));
  if (!text.empty() && text.back() == '\r') text.pop_back();
  if (text.empty()) return make_error(Errc::usage, "no passphrase in '" + path + "'", "write it on the first line");
  return text;
}

}  // namespace

Result<server::KeyOptions> key_options(Invocation& in) {
  server::KeyOptions out;
  out.folders = paths(in.values("keys"));
  out.clock_is_right = in.has("clock-is-right");
  NANO_TRY_ASSIGN(out.passphrase, passphrase_of(in, "passphrase-file", "NANO_KEY_PASSPHRASE"));
  NANO_TRY_ASSIGN(out.offline_passphrase, passphrase_of(in, "offline-passphrase-file", "NANO_OFFLINE_KEY_PASSPHRASE"));
  if (can_ask() && !in.json())
    out.ask = [](const std::string& question) { return Result<std::string>(ask_secret(question)); };
  return out;
}

void warn_of_what_runs_out(Invocation& in, const server::KeyOptions& keys) {
  const auto warnings = server::runs_out(in.argument("DIR"), keys);
  if (!warnings) return;
  for (const auto& w : *warnings) in.session().log.warn(w);
}

Option keys_option() {
  return {.name = "keys",
          .kind = OptionKind::multi,
          .value = "FOLDER",
          .help = "also look for private keys there (besides DIR.keys)",
          .completes = Completes::folders};
}
Option passphrase_option() {
  return {.name = "passphrase-file",
          .kind = OptionKind::value,
          .value = "FILE",
          .help =
              "a file whose first line protects the private keys (else NANO_KEY_PASSPHRASE, else asked for "
              "on a terminal)",
          .completes = Completes::files};
}
Option offline_passphrase_option() {
  return {.name = "offline-passphrase-file",
          .kind = OptionKind::value,
          .value = "FILE",
          .help = "the same for keys that are kept elsewhere, when theirs is another one (else "
                  "NANO_OFFLINE_KEY_PASSPHRASE)",
          .completes = Completes::files};
}
Option clock_option() {
  return {.name = "clock-is-right",
          .help = "sign although the clock is before what was signed last, or more than 400 days after it"};
}
Option draft_option() {
  return {.name = "output",
          .short_name = 'o',
          .kind = OptionKind::value,
          .value = "FOLDER",
          .help = "when more keys must sign than are here: where the document for the others goes",
          .completes = Completes::folders};
}
std::string missing_signatures(uint32_t missing) {
  return missing == 0
             ? "has all its signatures"
             : "needs " + std::to_string(missing) + (missing == 1 ? " more signature" : " more signatures");
}
Positional dir_positional() {
  return {.name = "DIR", .help = "the registry's folder", .completes = Completes::folders};
}

std::vector<fs::Path> paths(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

fs::Path full_path(const fs::Path& path) {
  std::error_code ec;
  const fs::Path full = std::filesystem::absolute(path, ec);
  return ec ? path : full.lexically_normal();
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Result<uint64_t> parse_days(const std::string& text) {
  const auto bad = [&] {
    return make_error(Errc::usage, "'" + sanitize(text) + "' is no time of 1 day to 100 years",
                      "write 90d or 10y");
  };
  std::string digits = text;
  uint64_t unit = 1;
  if (!digits.empty() && (digits.back() == 'y' || digits.back() == 'd')) {
    if (digits.back() == 'y') unit = 365;
    digits.pop_back();
  }
  if (digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos)
    return bad();
  const uint64_t days = std::stoull(digits) * unit;
  if (days < 1 || days > server::kMaxStaticDays) return bad();
  return days;
}

std::string short_ids(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) out += (out.empty() ? "" : ", ") + sanitize(id.substr(0, 16));
  return out;
}

}  // namespace nano::cli
