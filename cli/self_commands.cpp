// cli/self_commands.cpp: help and completions as commands.
#include "cli/self_commands.h"

#include "base/fs.h"
#include "cli/completions.h"
#include "cli/environment.h"
#include "cli/help.h"
#include "cli/man_page.h"

namespace nano::cli {
namespace {

/// Each page into a file of that folder; for builds.
Result<int> write_man_pages(const Program& program, const fs::Path& dir) {
  const auto page_name = program.also_called.empty() ? program.name : program.also_called.front();
  NANO_TRY(fs::make_dirs(dir));
  for (const auto& page : man_pages(program, page_name)) NANO_TRY(fs::write_atomic(dir / page.file, page.text));
  return 0;
}

}  // namespace

Result<int> run_help(Invocation& in) {
  std::string topic;
  for (const auto& w : in.arguments("COMMAND")) topic += (topic.empty() ? "" : " ") + w;
  if (topic == "environment") {
    in.out().put(in.has("markdown") ? environment_markdown() : environment_help(in.program(), in.session().out_terminal));
    return 0;
  }
  if (in.has("markdown")) {
    in.out().put(manual_markdown(in.program()));
    return 0;
  }
  if (in.has("exit-codes")) {
    in.out().put(exit_codes_markdown());
    return 0;
  }
  if (in.has("man-pages")) return write_man_pages(in.program(), in.value("man-pages"));
  NANO_TRY_ASSIGN(const std::string text, topic_help(in.program(), topic, in.session().out_terminal));
  in.out().put(text);
  return 0;
}

Result<int> run_completions(Invocation& in) {
  const std::string shell = in.argument("SHELL");
  in.out().put(shell == "bash"  ? bash_completions(in.program())
               : shell == "zsh" ? zsh_completions(in.program())
                                : fish_completions(in.program()));
  return 0;
}

Command help_command(std::string_view group, std::string_view example) {
  return {.name = "help",
          .group = group,
          .summary = "show help on a command",
          .description =
              "Without a command: the list of all commands. With one: its usage, options, examples and exit "
              "codes. `environment` is the page of environment variables.",
          .positionals = {{.name = "COMMAND",
                           .help = "one or two words, as `registry add`, or environment",
                           .required = false,
                           .many = true,
                           .completes = Completes::commands}},
          .options = {{.name = "markdown", .help = "print the manual of all commands as markdown"},
                      {.name = "exit-codes", .help = "print the table of exit codes as markdown"},
                      {.name = "man-pages",
                       .kind = OptionKind::value,
                       .value = "DIR",
                       .help = "write the manual pages into this folder",
                       .completes = Completes::folders,
                       .hidden = true}},
          .examples = {{.line = example}},
          .run = run_help};
}

Command completions_command(std::string_view group, std::string_view example) {
  return {.name = "completions",
          .group = group,
          .summary = "print completions for a shell",
          .description =
              "A script for your shell that completes commands, options, files, and the names of packages, variants, registries "
              "and tasks, as far as they are known here: nothing is fetched for it.",
          .positionals = {{.name = "SHELL",
                           .help = "bash, zsh or fish",
                           .completes = Completes::choices,
                           .choices = {"bash", "zsh", "fish"}}},
          .examples = {{.line = example}},
          .run = run_completions};
}

}  // namespace nano::cli
