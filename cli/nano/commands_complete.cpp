// cli/nano/commands_complete.cpp: __complete, which the shells' completions call, and which argument takes which names.
#include <array>

#include "app/complete.h"
#include "base/text.h"
#include "cli/nano/commands.h"

namespace nano::cli {
namespace {

constexpr std::array<std::pair<std::string_view, app::Known>, 8> kKnown{{{"installed", app::Known::installed},
                                                                         {"packages", app::Known::packages},
                                                                         {"models", app::Known::models},
                                                                         {"registries", app::Known::registries},
                                                                         {"tasks", app::Known::tasks},
                                                                         {"languages", app::Known::languages},
                                                                         {"licences", app::Known::licences},
                                                                         {"generations", app::Known::generations}}};

/// One name a line; what goes wrong ends the list and nothing else: a shell waits for it at every TAB.
Result<int> run_complete(Invocation& in) {
  const auto ctx = open_context(in);
  if (!ctx) return 0;
  for (const auto& [word, what] : kKnown)
    if (in.argument("WHAT") == word)
      for (const auto& name : app::complete(*ctx, what, in.argument("WORD"))) in.out().line(sanitize(name));
  return 0;
}

struct Row {
  std::string_view command{};  ///< "" = every command
  std::string_view name{};     ///< of the option or the argument
  Completes completes = Completes::nothing;
};

constexpr Row kRows[] = {
    {"", "task", Completes::tasks},
    {"", "language", Completes::languages},
    {"", "license", Completes::licences},
    {"", "to", Completes::generations},
    {"", "MODEL", Completes::models},
    {"", "REQUIREMENT", Completes::packages},
    {"", "PACKAGE", Completes::packages},
    {"info", "NAME", Completes::packages},
    {"card", "NAME", Completes::packages},
    {"why-not", "NAME", Completes::packages},
    {"policy explain", "NAME", Completes::packages},
    {"remove", "NAME", Completes::installed},
    {"inspect", "FILE", Completes::models},
    {"registry remove", "NAME", Completes::registries},
    {"trust show", "NAME", Completes::registries},
    {"trust reset", "NAME", Completes::registries},
    {"sign", "DIR", Completes::files},
};

}  // namespace

void name_completions(std::vector<Command>& table) {
  for (auto& command : table)
    for (const Row& row : kRows) {
      if (!row.command.empty() && row.command != command.name) continue;
      for (auto& o : command.options)
        if (o.name == row.name && o.kind != OptionKind::flag) o.completes = row.completes;
      for (auto& p : command.positionals)
        if (p.name == row.name) p.completes = row.completes;
    }
}

void add_complete_commands(std::vector<Command>& table) {
  std::vector<std::string_view> words;
  for (const auto& known : kKnown) words.push_back(known.first);
  table.push_back({.name = "__complete",
                   .group = "Settings and help",
                   .summary = "names for a shell to offer",
                   .description = "Prints the names that begin with WORD, one a line: of what is installed here and of the last copies of "
                                  "the registries' indexes. Fetches nothing, and complains of nothing.",
                   .positionals = {{.name = "WHAT", .help = "what kind of name", .choices = words},
                                   {.name = "WORD", .help = "what was typed so far", .required = false}},
                   .examples = {{.line = "nano __complete packages sen"}},
                   .run = run_complete,
                   .hidden = true});
}

}  // namespace nano::cli
