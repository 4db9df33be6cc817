// cli/nano/habits.cpp: what was meant by a first word that is no command: another program's word for it, or a file for GNU nano.
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "cli/nano/commands.h"

namespace nano::cli {
namespace {

namespace stdfs = std::filesystem;

/// What people type who come from apt, cargo, git, npm, ollama or pip.
struct Habit {
  std::string_view said{};
  std::string_view command{};
  std::string_view hint{};
};

constexpr std::string_view kNoIndex = "`nano outdated` shows what is newer; the lists of the registries are fetched by themselves";
constexpr std::string_view kLeave = "`nano uninstall NAME`; in a project `nano remove NAME`";

constexpr Habit kHabits[] = {
    {"ls", "list", ""},
    {"ps", "list", ""},
    {"models", "list", ""},
    {"freeze", "list", "a project's versions stand in nano.lock: `nano lock`"},
    {"rm", "uninstall", kLeave},
    {"del", "uninstall", kLeave},
    {"delete", "uninstall", kLeave},
    {"erase", "uninstall", kLeave},
    {"purge", "uninstall", "`nano uninstall NAME`, then `nano gc` for its bytes"},
    {"pull", "install", ""},
    {"get", "install", ""},
    {"fetch", "install", ""},
    {"download", "install", ""},
    {"i", "install", ""},
    {"reinstall", "install", "`nano install NAME --force`"},
    {"update", "upgrade", kNoIndex},
    {"up", "upgrade", kNoIndex},
    {"show", "info", "`nano info NAME`, or `nano card NAME` for its model card"},
    {"view", "info", "`nano info NAME`, or `nano card NAME` for its model card"},
    {"describe", "info", ""},
    {"readme", "card", ""},
    {"find", "search", ""},
    {"query", "search", ""},
    {"clean", "gc", ""},
    {"prune", "gc", ""},
    {"autoremove", "gc", ""},
    {"cache", "gc", ""},
    {"undo", "rollback", ""},
    {"revert", "rollback", ""},
    {"downgrade", "install", "`nano install NAME@VERSION`, or `nano rollback`"},
    {"log", "history", ""},
    {"hold", "pin", ""},
    {"unhold", "unpin", ""},
    {"freeze-version", "pin", ""},
    {"exec", "run", ""},
    {"chat", "run", ""},
    {"generate", "run", ""},
    {"predict", "run", ""},
    {"ask", "run", ""},
    {"encode", "embed", ""},
    {"serve", "run", "nano runs no server: `nano run NAME` answers a line at a time, libnano embeds it in a program"},
    {"build", "pack", ""},
    {"create", "new", "`nano new DIR` starts a package, `nano init` a project"},
    {"publish", "pack", "`nano pack DIR`, then `nano-registry add REGISTRY FILE` on the registry's side"},
    {"push", "pack", "`nano pack DIR`, then `nano-registry add REGISTRY FILE` on the registry's side"},
    {"check", "verify", "`nano verify` checks the store, `nano doctor` the machine"},
    {"fsck", "verify", ""},
    {"repair", "verify", "`nano verify --repair`"},
    {"test", "verify", "`nano verify --behaviour` runs the packages' golden files"},
    {"ci", "sync", "`nano sync --frozen`"},
    {"repo", "registry list", ""},
    {"remote", "registry list", ""},
    {"registries", "registry list", ""},
    {"set", "config set", ""},
    {"settings", "config list", ""},
    {"env", "help environment", ""},
    {"save", "export", ""},
    {"load", "import", ""},
    {"depends", "tree", ""},
    {"deps", "tree", ""},
    {"licenses", "list", "`nano info NAME` shows a package's licence"},
};

/// Another program called nano on the PATH; "" = none. `nano` may also be a link to this one.
std::string editor() {
  std::error_code ec;
  const stdfs::path self = stdfs::canonical("/proc/self/exe", ec);
  const char* path = std::getenv("PATH");
  std::vector<std::string> folders = split(path == nullptr ? "" : path, ':');
  for (const char* usual : {"/usr/bin", "/bin"}) folders.emplace_back(usual);
  for (const auto& folder : folders) {
    if (folder.empty()) continue;
    const stdfs::path one = stdfs::canonical(stdfs::path(folder) / "nano", ec);
    if (!ec && one != self && stdfs::is_regular_file(one, ec)) return (stdfs::path(folder) / "nano").string();
  }
  return {};
}

Error for_an_editor(const std::string& file) {
  const std::string other = editor();
  return make_error(Errc::usage, "'" + sanitize(file) + "' is a file, and this `nano` is no editor: it installs and runs small neural networks",
                    (other.empty() ? "GNU nano, the editor, is not on your PATH" : "the editor is `" + sanitize(other) + " " + sanitize(file) + "`") +
                        "; where both are installed, call this one `nanom`");
}

}  // namespace

std::optional<Error> stray_word(const std::vector<std::string>& args, std::size_t at) {
  const std::string& word = args[at];
  for (const auto& h : kHabits)
    if (h.said == word)
      return make_error(Errc::usage, "no command '" + word + "'; did you mean '" + std::string(h.command) + "'?", std::string(h.hint));
  std::error_code ec;
  const bool path = word.find('/') != std::string::npos;
  if (!path && !stdfs::is_regular_file(word, ec)) return std::nullopt;
  for (const auto& [end, command] : {std::pair{".gguf", "run"}, std::pair{".nano", "install"}})
    if (word.ends_with(end))
      return make_error(Errc::usage, "no command given for '" + sanitize(word) + "'", "`nano " + std::string(command) + " " + sanitize(word) + "`");
  return for_an_editor(word);
}

}  // namespace nano::cli
