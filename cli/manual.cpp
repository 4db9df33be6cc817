// cli/manual.cpp: the manual as markdown, from the same table as the help.
#include "cli/args.h"
#include "cli/help.h"

namespace nano::cli {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string option_rows(const std::vector<Option>& options) {
  std::string out;
  for (const auto& o : options) {
    if (o.hidden) continue;
    out += "| `" + (o.short_name == '\0' ? "" : std::string("-") + o.short_name + "`, `") + "--" +
           std::string(o.name) + (o.value.empty() ? "" : " " + std::string(o.value)) + "` | " + cell(o.help);
    for (std::size_t i = 0; i < o.choices.size(); ++i)
      out += (i == 0 ? ": `" : ", `") + std::string(o.choices[i]) + "`";
    out += " |\n";
  }
  return out.empty() ? out : "| option | what it does |\n|---|---|\n" + out + "\n";
}

}  // namespace

std::string manual_markdown(const Program& program) {
  const std::string name(program.name);
  std::string out = "# " + name + "\n\n" + std::string(program.summary) +
                    ".\n\n## Global options\n\nBefore or after the command's name.\n\n" +
                    option_rows(global_options());
  for (const auto group : program.groups) {
    std::string part;
    for (const auto& c : program.commands) {
      if (c.hidden || c.group != group) continue;
      part += "### `" + usage_line(program, c) + "`\n\n" + std::string(c.description) + "\n\n";
      for (const auto& p : c.positionals)
        part += "- `" + std::string(p.name) + "`: " + std::string(p.help) + "\n";
      if (!c.positionals.empty()) part += "\n";
      part += option_rows(c.options);
      part += "```\n";
      for (const auto& e : c.examples)
        part += "$ " + std::string(e.line) + (e.what.empty() ? "" : "    # " + std::string(e.what)) + "\n";
      part += "```\n\nExit codes: 0, 2";
      for (const auto code : c.exits) part += ", " + std::to_string(static_cast<int>(code));
      part += ", 130.\n\n";
    }
    if (!part.empty()) out += "## " + std::string(group) + "\n\n" + part;
  }
  while (out.size() > 1 && out[out.size() - 2] == '\n') out.pop_back();
  return out;
}

std::string exit_codes_markdown() {
  std::string out =
      "# Exit codes\n\nOne numbering for the programs' exit codes, the C library's `nano_status` and the "
      "`code` of JSON errors. "
      "The numbers are stable.\n\n| code | kind | meaning |\n|---|---|---|\n";
  for (int n = 0; n <= 130; ++n) {
    if (n > static_cast<int>(Errc::attention) && n != static_cast<int>(Errc::interrupted)) continue;
    const auto code = static_cast<Errc>(n);
    out += "| " + std::to_string(n) + " | `" + std::string(kind(code)) + "` | " +
           std::string(exit_meaning(code)) + " |\n";
  }
  return out +
         "\nWith `--json` an error is one document on standard "
         "error:\n\n```json\n{\"error\":{\"code\":3,\"kind\":\"not_found\",\"message\":"
         "\"…\",\"hint\":\"…\",\"context\":[]}}\n```\n\nA reader of standard output that goes away (`nano "
         "list | head -1`) is no error. "
         "Which codes a command can give stands in its help and in COMMANDS.md.\n";
}

}  // namespace nano::cli
