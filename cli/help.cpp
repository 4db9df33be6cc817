// cli/help.cpp: help at the terminal.
#include "cli/help.h"

#include <algorithm>

#include "cli/args.h"
#include "cli/environment.h"

namespace nano::cli {
namespace {

constexpr std::size_t kWidest = 100;  // columns: longer lines are hard to read
constexpr std::size_t kLeft = 26;     // columns of the names

std::size_t width_of(const Terminal& t) {
  return std::min(t.width, kWidest);
}

std::string heading(const Terminal& t, std::string_view text) {
  return "\n" + styled(t, Style::bold, text) + "\n";
}

/// "  left    right, wrapped"
std::string entry(const Terminal& t, std::string_view left, std::string_view right,
                  std::size_t left_width = kLeft) {
  const std::size_t room =
      std::max<std::size_t>(width_of(t) > left_width + 4 ? width_of(t) - left_width - 4 : 0, 20);
  std::string out = "  ";
  const bool long_left = display_width(left) > left_width;
  out +=
      long_left ? std::string(left) + "\n" + std::string(left_width + 4, ' ') : pad(left, left_width) + "  ";
  bool first = true;
  for (const auto& line : wrap(right, room)) {
    if (!first) out += "\n" + std::string(left_width + 4, ' ');
    out += line;
    first = false;
  }
  return out + "\n";
}

/// A paragraph two columns in.
std::string indented(const Terminal& t, std::string_view text) {
  std::string out;
  for (const auto& line : wrap(text, width_of(t) - 2)) out += "  " + line + "\n";
  return out;
}

std::string option_names(const Option& o) {
  std::string out = o.short_name == '\0' ? "    " : std::string("-") + o.short_name + ", ";
  out += "--" + std::string(o.name);
  if (!o.value.empty()) out += " " + std::string(o.value);
  return out;
}

std::string option_text(const Option& o) {
  std::string out(o.help);
  if (!o.choices.empty()) {
    out += ": ";
    for (std::size_t i = 0; i < o.choices.size(); ++i)
      out += (i == 0 ? "" : ", ") + std::string(o.choices[i]);
  }
  return out;
}

std::string paragraphs(const Terminal& t, std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto end = std::min(text.find("\n\n", at), text.size());
    for (const auto& line : wrap(text.substr(at, end - at), width_of(t))) out += line + "\n";
    if (end == text.size()) break;
    out += "\n";
    at = end + 2;
  }
  return out;
}

std::string global_part(const Terminal& t) {
  std::string out = heading(t, "Global options (before or after the command)");
  for (const auto& o : global_options()) out += entry(t, option_names(o), option_text(o));
  return out + entry(t, "-h, --help", "show this help");
}

}  // namespace

std::string_view exit_meaning(Errc code) {
  switch (code) {
    case Errc::ok: return "done";
    case Errc::internal: return "a bug in nano";
    case Errc::usage: return "a wrong command line, or a value that makes no sense";
    case Errc::not_found: return "a package, version, file or key does not exist";
    case Errc::no_solution: return "no set of versions satisfies everything asked for";
    case Errc::network: return "the network or a registry failed; trying again may help";
    case Errc::integrity: return "bytes differ from the digest or length that was promised";
    case Errc::untrusted: return "a signature is missing, wrong or by a key that is not configured";
    case Errc::denied: return "authentication, gated access or a licence not accepted";
    case Errc::store: return "the disk, the store or its lock refused";
    case Errc::unmet: return "a claim, or a --min or --max, does not hold";
    case Errc::updates: return "updates exist";
    case Errc::refused: return "--offline or --locked forbids what would be needed";
    case Errc::invalid: return "a file or document breaks its format";
    case Errc::unsupported: return "valid, but not possible with this build, model or processor";
    case Errc::attention: return "a check found something that needs attention";
    case Errc::interrupted: return "interrupted (SIGINT or SIGTERM)";
  }
  return "";
}

std::string program_help(const Program& program, const Terminal& t) {
  const std::string name(program.name);
  std::string out = styled(t, Style::bold, name) + " - " + std::string(program.summary) +
                    "\n\nUsage: " + name + " COMMAND [OPTIONS] [ARGUMENTS]\n";
  if (!program.start.empty()) out += heading(t, "To begin with");
  for (const auto& e : program.start) out += "  " + styled(t, Style::cyan, e.line) + "\n";
  for (const auto group : program.groups) {
    std::string part;
    for (const auto& c : program.commands)
      if (!c.hidden && c.group == group) part += entry(t, c.name, c.summary, 18);
    if (!part.empty()) out += heading(t, group) + part;
  }
  out += global_part(t) + entry(t, "-V, --version", "show the version");
  return out + "\n`" + name + " help COMMAND` shows its options, examples and exit codes; `" + name +
         " help environment`\nthe environment variables.\n";
}

std::string command_help(const Program& program, const Command& c, const Terminal& t) {
  std::string out = "Usage: " + usage_line(program, c) + "\n\n" + paragraphs(t, c.summary) + "\n" +
                    paragraphs(t, c.description);
  if (!c.positionals.empty()) {
    out += heading(t, "Arguments");
    for (const auto& p : c.positionals) out += entry(t, std::string(p.name) + (p.many ? "..." : ""), p.help);
  }
  std::string options;
  for (const auto& o : c.options)
    if (!o.hidden) options += entry(t, option_names(o), option_text(o));
  if (!options.empty()) out += heading(t, "Options") + options;
  out += global_part(t);
  out += heading(t, c.examples.size() == 1 ? "Example" : "Examples");
  for (const auto& e : c.examples) {
    out += "  " + styled(t, Style::cyan, e.line) + "\n";
    if (!e.what.empty()) out += "      " + std::string(e.what) + "\n";
  }
  if (const std::string read = variables_of(program, c); !read.empty())
    out += heading(t, "Environment") + indented(t, read + "; see `" + std::string(program.name) + " help environment`");
  out += heading(t, "Exit codes");
  std::vector<Errc> codes = {Errc::ok, Errc::usage};
  codes.insert(codes.end(), c.exits.begin(), c.exits.end());
  codes.push_back(Errc::interrupted);
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  for (const auto code : codes)
    out += entry(t, std::to_string(static_cast<int>(code)), exit_meaning(code), 4);
  return out;
}

std::string family_help(const Program& program, std::string_view first_word, const Terminal& t) {
  const std::string name = std::string(program.name) + " " + std::string(first_word);
  std::string out = "Usage: " + name + " COMMAND [OPTIONS] [ARGUMENTS]\n" + heading(t, "Commands");
  for (const auto* c : family(program, first_word)) out += entry(t, c->name, c->summary, 18);
  return out + global_part(t) + "\n`" + std::string(program.name) + " help " + std::string(first_word) +
         " COMMAND` shows options, examples and exit codes.\n";
}

Result<std::string> topic_help(const Program& program, std::string_view topic, const Terminal& terminal) {
  if (topic.empty()) return program_help(program, terminal);
  if (const Command* c = find_command(program, topic); c != nullptr)
    return command_help(program, *c, terminal);
  if (!family(program, topic).empty()) return family_help(program, topic, terminal);
  // The same words, near names and all, as for running it.
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at <= topic.size()) {
    const auto end = std::min(topic.find(' ', at), topic.size());
    words.emplace_back(topic.substr(at, end - at));
    at = end + 1;
  }
  auto parsed = parse_args(program, words);
  if (!parsed) return std::move(parsed).error();
  return make_error(Errc::usage, "no command '" + std::string(topic) + "'",
                    "see `" + std::string(program.name) + " --help`");
}

}  // namespace nano::cli
