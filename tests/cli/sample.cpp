// tests/cli/sample.cpp: the sample table.
#include "tests/cli/sample.h"

namespace nano::test {

const cli::Program& sample_program() {
  using namespace cli;
  static const RunFunction run = [](Invocation&) -> Result<int> { return 0; };
  static const Program program{
      .name = "demo",
      .version = "1.2.3",
      .summary = "a program for tests",
      .also_called = {"demom"},
      .groups = {"All"},
      .commands = {
          {.name = "install",
           .group = "All",
           .summary = "install packages",
           .description = "Installs.\n\nA second paragraph.",
           .positionals =
               {{.name = "PACKAGE", .help = "a request", .many = true, .completes = Completes::files}},
           .options = {{.name = "dry-run", .short_name = 'n', .help = "change nothing"},
                       {.name = "secret", .help = "not shown", .hidden = true}},
           .examples = {{.line = "demo install x", .what = "installs x"}},
           .exits = {Errc::not_found, Errc::store},
           .run = run},
          {.name = "search",
           .group = "All",
           .summary = "search",
           .description = "Searches.",
           .positionals = {{.name = "WORD", .help = "words", .required = false, .many = true}},
           .options = {{.name = "limit",
                        .short_name = 'l',
                        .kind = OptionKind::number,
                        .value = "N",
                        .help = "at most so many",
                        .least = 1},
                       {.name = "task",
                        .kind = OptionKind::value,
                        .value = "T",
                        .help = "a task",
                        .choices = {"classify", "embed"}},
                       {.name = "key", .kind = OptionKind::multi, .value = "K", .help = "keys"}},
           .examples = {{.line = "demo search x"}},
           .run = run},
          {.name = "show",
           .group = "All",
           .summary = "show one",
           .description = "Shows.",
           .positionals = {{.name = "NAME", .help = "a name", .completes = Completes::installed}},
           .examples = {{.line = "demo show x"}},
           .run = run},
          {.name = "shell",
           .group = "All",
           .summary = "a choice",
           .description = "Chooses.",
           .positionals = {{.name = "SHELL",
                            .help = "which",
                            .completes = Completes::choices,
                            .choices = {"bash", "zsh", "fish"}}},
           .examples = {{.line = "demo shell bash"}},
           .run = run},
          {.name = "registry add",
           .group = "All",
           .summary = "add one",
           .description = "Adds.",
           .positionals = {{.name = "NAME", .help = "a name"},
                           {.name = "URL", .help = "an address", .completes = Completes::folders}},
           .examples = {{.line = "demo registry add a b"}},
           .run = run},
          {.name = "registry list",
           .group = "All",
           .summary = "list them",
           .description = "Lists.",
           .examples = {{.line = "demo registry list"}},
           .run = run},
      }};
  return program;
}

}  // namespace nano::test
