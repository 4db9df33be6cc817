// cli/environment.cpp: the table and its two forms.
#include "cli/environment.h"

#include <algorithm>
#include <array>
#include <vector>

namespace nano::cli {
namespace {

constexpr std::string_view kPlaces = "Where things are kept";
constexpr std::string_view kBehaviour = "How the programs behave";
constexpr std::string_view kNetwork = "The network";
constexpr std::string_view kRunning = "Running models";
constexpr std::string_view kSigning = "Keys and dates";

constexpr std::array kVariables{
    Variable{"NANO_HOME", kPlaces, "nano, libnano", "the XDG folders below",
             "One folder for everything: `store/v1`, `config`, `cache` and `trust` in it."},
    Variable{"NANO_STORE", kPlaces, "nano, libnano", "`store/v1` of NANO_HOME, the setting `store`, or `$XDG_DATA_HOME/nanom/store/v1`",
             "The store, where packages lie; as `--store`, which beats it."},
    Variable{"NANO_STORE_PATH", kPlaces, "nano, libnano", "none",
             "More stores to read, joined by ':', looked at after the first; nothing is written there. For images and shared machines.",
             "run embed list"},
    Variable{"NANO_PROJECT", kPlaces, "nano, libnano", "the working folder, or the nearest one above it with a project's nano.json",
             "The project's folder.", "run embed init add remove lock sync outdated upgrade"},
    Variable{"SUDO_UID", kPlaces, "nano, libnano", "set by sudo",
             "With sudo: whose projects count as yours. A project of anybody else is passed over unless NANO_PROJECT names it."},
    Variable{"NANO_STARTER", kPlaces, "nano", "`share/nanom/starter` beside the program",
             "The folder of the registry that comes with nano. Where it is set, nothing else is looked at; a folder without a registry turns it off.",
             "registry~list"},
    Variable{"HOME", kPlaces, "nano, libnano", "none", "Your home folder, where the XDG folders are without a variable of their own."},
    Variable{"XDG_DATA_HOME", kPlaces, "nano, libnano", "`$HOME/.local/share`", "Holds `nanom/store` and `nanom/trust`. Only absolute paths count."},
    Variable{"XDG_CONFIG_HOME", kPlaces, "nano", "`$HOME/.config`", "Holds `nanom/config.json`. Only absolute paths count.", "config~list"},
    Variable{"XDG_CACHE_HOME", kPlaces, "nano", "`$HOME/.cache`", "Holds `nanom`. Only absolute paths count."},
    Variable{"PATH", kPlaces, "nano", "", "Looked through for GNU nano, the editor, when a file is named where a command belongs."},

    Variable{"NANO_JSON", kBehaviour, "nano, nano-registry", "off", "`1`, `true`, `yes` or `on`: as `--json`. `0`, `false`, `no`, `off`: not, whatever the settings say."},
    Variable{"NANO_QUIET", kBehaviour, "nano, nano-registry", "off", "Likewise for `--quiet`."},
    Variable{"NANO_VERBOSE", kBehaviour, "nano, nano-registry", "off", "Likewise for `--verbose`."},
    Variable{"NO_COLOR", kBehaviour, "nano, nano-registry", "colours on a terminal", "Not empty: no colours (no-color.org)."},
    Variable{"TERM", kBehaviour, "nano, nano-registry", "no colours", "`dumb`: no colours."},
    Variable{"PAGER", kBehaviour, "nano", "`less`",
             "The command that shows long text on a terminal. Empty, or `cat`: none.", "card"},
    Variable{"LESS", kBehaviour, "nano", "`FRX` is set for the pager",
             "Options of `less`: yours are left as they are.", "card"},

    Variable{"NANO_OFFLINE", kNetwork, "nano", "off", "As `--offline`, with the words of NANO_JSON."},
    Variable{"NANO_REGISTRY", kNetwork, "nano", "all that are configured", "As `--registry`: the name of the one configured registry to use."},
    Variable{"NANO_CA_FILE", kNetwork, "nano", "the system's certificates",
             "A PEM file of certificate authorities to trust instead.", "network"},
    Variable{"http_proxy", kNetwork, "nano", "none", "The proxy for http:// addresses (libcurl reads it; in lower case only).", "network"},
    Variable{"https_proxy", kNetwork, "nano", "none", "The proxy for https:// addresses; HTTPS_PROXY counts too.", "network"},
    Variable{"all_proxy", kNetwork, "nano", "none", "The proxy for both, where they have none of their own; ALL_PROXY counts too."},
    Variable{"no_proxy", kNetwork, "nano", "none", "Hosts to reach without one, joined by ','; `*` is all; NO_PROXY counts too.", "network"},

    Variable{"NANO_THREADS", kRunning, "nano, libnano", "the processors this process may use, at most 4",
             "Threads of a model that is opened without a number of its own.", "run embed golden"},
    Variable{"NANO_KERNELS", kRunning, "nano, libnano", "the best that the processor has",
             "The kernels to use, by name (`nano doctor` shows which are chosen): `ref`, and what was built for this processor.",
             "run embed bench golden doctor"},

    Variable{"NANO_KEY_PASSPHRASE", kSigning, "nano, nano-registry", "asked for on a terminal",
             "The passphrase of the keys that sign. Other processes of yours can read it: `--passphrase-file` is safer.",
             "passphrase"},
    Variable{"NANO_OFFLINE_KEY_PASSPHRASE", kSigning, "nano-registry", "NANO_KEY_PASSPHRASE",
             "The passphrase of keys that are kept elsewhere (`--offline-keys`, `--keys`), when theirs is another one; "
             "`--offline-passphrase-file` is safer.",
             "passphrase"},
    Variable{"SOURCE_DATE_EPOCH", kSigning, "nano-registry", "now",
             "Seconds since 1970: the date of what `nano-registry starter` makes in a build. No other signature heeds it, and `nano pack` looks at no "
             "clock at all.",
             "starter"},
};

bool names(std::string_view list, std::string_view command) {
  std::string wanted(command);
  std::replace(wanted.begin(), wanted.end(), ' ', '~');
  std::size_t at = 0;
  while (at < list.size()) {
    const auto end = std::min(list.find(' ', at), list.size());
    if (list.substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

std::vector<std::string_view> headings() {
  std::vector<std::string_view> out;
  for (const auto& v : kVariables)
    if (std::find(out.begin(), out.end(), v.group) == out.end()) out.push_back(v.group);
  return out;
}

std::string plain(std::string_view text) {
  std::string out(text);
  std::erase(out, '`');
  return out;
}

}  // namespace

std::span<const Variable> variables() { return kVariables; }

bool read_by(const Variable& v, const Program& program) {
  const auto at = v.read_by.find(program.name);
  if (at == std::string_view::npos) return false;
  const auto end = at + program.name.size();
  return end == v.read_by.size() || v.read_by[end] == ',';  // nano is no nano-registry
}

std::string variables_of(const Program& program, const Command& command) {
  const bool network = std::find(command.exits.begin(), command.exits.end(), Errc::network) != command.exits.end();
  const bool passphrase = std::any_of(command.options.begin(), command.options.end(), [](const Option& o) { return o.name == "passphrase-file"; });
  std::string out;
  for (const auto& v : kVariables)
    if (read_by(v, program) && (names(v.commands, command.name) || (network && v.commands == "network") ||
                                    (passphrase && v.commands == "passphrase")))
      out += (out.empty() ? "" : ", ") + std::string(v.name);
  return out;
}

std::string environment_help(const Program& program, const Terminal& t) {
  constexpr std::size_t kWidest = 100, kIndent = 4;
  const std::size_t width = std::min(t.width, kWidest) - kIndent;
  std::string out;
  for (const auto& line : wrap("Environment variables of " + std::string(program.name) +
                                   ". A flag beats them, they beat the settings; an empty one counts as unset.",
                               width + kIndent))
    out += line + "\n";
  for (const auto group : headings()) {
    std::string part;
    for (const auto& v : kVariables) {
      if (v.group != group || !read_by(v, program)) continue;
      part += "  " + styled(t, Style::bold, v.name) + "\n";
      std::string text = plain(v.meaning);
      if (!v.otherwise.empty()) text += " Unset: " + plain(v.otherwise) + ".";
      for (const auto& line : wrap(text, width)) part += std::string(kIndent, ' ') + line + "\n";
    }
    if (!part.empty()) out += "\n" + styled(t, Style::bold, group) + "\n" + part;
  }
  return out;
}

std::string environment_markdown() {
  std::string out =
      "# Environment variables\n\nEvery variable that the programs and the library read. A flag on the command line beats them, they beat the "
      "settings (`nano config list` shows which of them is in force and from where). An empty one counts as unset. libnano reads none in a "
      "program that runs with more rights than its user (setuid). `nano help environment` shows this page at the terminal.\n";
  for (const auto group : headings()) {
    out += "\n## " + std::string(group) + "\n\n| variable | read by | what it does | unset |\n|---|---|---|---|\n";
    for (const auto& v : kVariables)
      if (v.group == group)
        out += "| `" + std::string(v.name) + "` | " + std::string(v.read_by) + " | " + std::string(v.meaning) + " | " + std::string(v.otherwise) +
               " |\n";
  }
  return out + "\nThe tests read more, which no installed program heeds: `NANO_SHARED`, `NANO_SOURCE`, `NANO_TEST_DATA`, `NANO_BIN`.\n";
}

}  // namespace nano::cli
