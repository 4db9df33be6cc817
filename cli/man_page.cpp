// cli/man_page.cpp: roff: headings, tagged paragraphs, and text in which no character is taken for a request.
#include "cli/man_page.h"

#include <algorithm>

#include "cli/args.h"
#include "cli/environment.h"
#include "cli/help.h"

namespace nano::cli {
namespace {

/// Text of a page: `code` becomes bold; `\`, `-` and what would begin a request are escaped.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  bool code = false;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '~': out += "\\(ti"; break;
      case '^': out += "\\(ha"; break;
      case '`':
        code = !code;
        out += code ? "\\fB" : "\\fR";
        break;
      default: out += c;
    }
  }
  return code ? out + "\\fR" : out;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string section(std::string_view name) {
  return ".SH " + std::string(name) + "\n";
}

std::string tagged(const std::string& tag, const std::string& text) {
  return ".TP\n" + tag + "\n" + text + "\n";
}

std::string paragraphs(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto end = std::min(text.find("\n\n", at), text.size());
    out += (at == 0 ? "" : ".PP\n") + roff(text.substr(at, end - at)) + "\n";
    if (end == text.size()) break;
    at = end + 2;
  }
  return out;
}

std::string option_entry(const Option& o) {
  std::string tag = o.short_name == '\0' ? "" : bold(std::string("-") + o.short_name) + ", ";
  tag += bold("--" + std::string(o.name));
  if (!o.value.empty()) tag += " \\fI" + roff(o.value) + "\\fR";
  std::string text = roff(o.help);
  for (std::size_t i = 0; i < o.choices.size(); ++i) text += (i == 0 ? ": " : ", ") + bold(o.choices[i]);
  return tagged(tag, text);
}

std::string exit_entries(std::vector<Errc> codes) {
  codes.insert(codes.end(), {Errc::ok, Errc::usage, Errc::interrupted});
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  std::string out = section("EXIT STATUS");
  for (const auto code : codes) out += tagged(bold(std::to_string(static_cast<int>(code))), roff(exit_meaning(code)));
  return out;
}

std::string hyphenated(std::string_view page_name, std::string_view command) {
  std::string out = std::string(page_name) + "-" + std::string(command);
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

std::string title(const Program& p, std::string_view page) {
  std::string upper(page);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return ".TH \"" + upper + "\" 1 \"\" \"" + std::string(p.name) + " " + std::string(p.version) + "\" \"" + std::string(p.name) +
         " manual\"\n";
}

ManPage command_page(const Program& p, const Command& c, std::string_view page_name) {
  const std::string page = hyphenated(page_name, c.name);
  std::string out = title(p, page) + section("NAME") + roff(page) + " \\- " + roff(c.summary) + "\n" + section("SYNOPSIS") +
                    bold(usage_line(p, c)) + "\n" + section("DESCRIPTION") + paragraphs(c.description);
  if (!c.positionals.empty()) {
    out += section("ARGUMENTS");
    for (const auto& a : c.positionals) out += tagged(bold(a.name), roff(a.help));
  }
  const auto hidden = [](const Option& o) { return o.hidden; };
  if (!std::all_of(c.options.begin(), c.options.end(), hidden)) {
    out += section("OPTIONS");
    for (const auto& o : c.options)
      if (!o.hidden) out += option_entry(o);
  }
  if (!c.examples.empty()) {
    out += section("EXAMPLES");
    for (const auto& e : c.examples) out += ".TP\n" + bold(e.line) + "\n" + roff(e.what) + "\n";
  }
  if (const std::string read = variables_of(p, c); !read.empty())
    out += section("ENVIRONMENT") + roff(read + "; see ") + bold(page_name) + "(1).\n";
  out += exit_entries(c.exits) + section("SEE ALSO") + bold(page_name) + "(1): the global options and all commands\n";
  return {page + ".1", out};
}

ManPage program_page(const Program& p, std::string_view page_name) {
  const std::string name(p.name);
  std::string out = title(p, page_name) + section("NAME") + roff(page_name) + " \\- " + roff(p.summary) + "\n" + section("SYNOPSIS") +
                    bold(name) + " \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n" + section("DESCRIPTION");
  if (!p.also_called.empty()) {
    out += bold(name) + " is also installed as";
    for (std::size_t i = 0; i < p.also_called.size(); ++i) out += (i == 0 ? " " : ", ") + bold(p.also_called[i]);
    out += ".\n";
  }
  out += "Each command has a page of its own, and " + bold("--help") + ".\n";
  out += section("OPTIONS") + "Before or after the command's name.\n";
  for (const auto& o : global_options()) out += option_entry(o);
  out += section("COMMANDS");
  for (const auto group : p.groups) {
    out += ".SS " + roff(group) + "\n";
    for (const auto& c : p.commands)
      if (!c.hidden && c.group == group) out += tagged(bold(hyphenated(page_name, c.name)) + "(1)", roff(c.summary));
  }
  out += section("ENVIRONMENT") + "A flag beats a variable, that the settings; an empty one counts as unset.\n";
  for (const auto& v : variables())
    if (read_by(v, p)) out += tagged(bold(v.name), roff(v.meaning) + (v.otherwise.empty() ? "" : " Unset: " + roff(v.otherwise) + "."));
  std::vector<Errc> every;
  for (int n = 0; n <= static_cast<int>(Errc::attention); ++n) every.push_back(static_cast<Errc>(n));
  return {std::string(page_name) + ".1", out + exit_entries(every)};
}

}  // namespace

std::vector<ManPage> man_pages(const Program& program, std::string_view page_name) {
  std::vector<ManPage> out = {program_page(program, page_name)};
  for (const auto& c : program.commands)
    if (!c.hidden) out.push_back(command_page(program, c, page_name));
  return out;
}

}  // namespace nano::cli
