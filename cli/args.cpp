// cli/args.cpp: the table as a CLI11 parser. The only file that includes CLI11; its messages are replaced by ours.
#include "cli/args.h"

#include <algorithm>
#include <charconv>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/env.h"
#include "base/text.h"

namespace nano::cli {
namespace {

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

std::string dashed(std::string_view name) {
  return "--" + std::string(name);
}

std::string help_hint(const Program& program, std::string_view command) {
  return "see `" + std::string(program.name) +
         (command.empty() ? " --help`" : " " + std::string(command) + " --help`");
}

Error no_such_option(const Program& program, const Command* command, const std::string& given) {
  const std::string option = given.substr(0, given.find('='));
  std::vector<std::string> known = {"--help"};
  for (const auto& o : global_options()) known.push_back(dashed(o.name));
  if (command == nullptr) {
    known.emplace_back("--version");
  } else {
    for (const auto& o : command->options)
      if (!o.hidden) known.push_back(dashed(o.name));
  }
  std::string message = "no option '" + sanitize(option) + "'";
  if (command != nullptr)
    message += " for '" + std::string(program.name) + " " + std::string(command->name) + "'";
  if (const auto near = nearest(option, known))
    return make_error(Errc::usage, message + "; did you mean '" + *near + "'?");
  std::string hint = help_hint(program, command == nullptr ? "" : command->name);
  if (command != nullptr && !command->positionals.empty() && command->positionals.back().many)
    hint += "; an argument that begins with '-' goes after `--`";
  return make_error(Errc::usage, std::move(message), std::move(hint));
}

Error no_such_command(const Program& program, std::string_view given, const std::vector<std::string>& known,
                      std::string_view parent) {
  std::string message =
      "no command '" + (parent.empty() ? "" : std::string(parent) + " ") + sanitize(given) + "'";
  // What other programs call it.
  static constexpr std::pair<std::string_view, std::string_view> kSame[] = {
      {"ls", "list"}, {"show", "list"}, {"rm", "remove"}, {"del", "remove"}, {"delete", "remove"}, {"create", "new"}, {"create", "add"},
      {"new", "add"}, {"update", "set"}, {"reset", "unset"}};
  const auto same = std::find_if(std::begin(kSame), std::end(kSame), [&](const auto& pair) {
    return !parent.empty() && pair.first == given && std::find(known.begin(), known.end(), pair.second) != known.end();
  });
  if (same != std::end(kSame))
    return make_error(Errc::usage, message + "; did you mean '" + std::string(parent) + " " + std::string(same->second) + "'?");
  if (const auto near = nearest(given, known))
    return make_error(Errc::usage, message + "; did you mean '" +
                                       (parent.empty() ? "" : std::string(parent) + " ") + *near + "'?");
  return make_error(Errc::usage, std::move(message), help_hint(program, parent));
}

std::vector<std::string> second_words(const std::vector<const Command*>& commands) {
  std::vector<std::string> out;
  for (const auto* c : commands) out.emplace_back(c->name.substr(c->name.find(' ') + 1));
  return out;
}

/// Where the command's words are: the indices to leave out before CLI11 sees the rest.
struct Place {
  Parsed::What what = Parsed::What::run;
  std::string topic{};
  const Command* command = nullptr;
  std::vector<std::size_t> words{};
};

/// The next word at or after `at` that is no global option (nor a global option's value).
std::size_t next_word(const std::vector<std::string>& args, std::size_t at) {
  while (at < args.size()) {
    if (!is_option(args[at])) return at;
    bool takes_value = false;
    for (const auto& o : global_options())
      if (o.kind != OptionKind::flag && args[at] == dashed(o.name)) takes_value = true;
    at += takes_value ? 2 : 1;
  }
  return args.size();
}

/// The first option among args[from, to) that is not global (nor --help); npos-like `to` when there is none.
std::size_t foreign_option(const std::vector<std::string>& args, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (!is_option(args[i]) || args[i] == "--help" || args[i] == "-h") continue;
    bool known = false;
    for (const auto& o : global_options()) {
      const std::string name = dashed(o.name);
      if (args[i] == name || (o.short_name != '\0' && args[i] == std::string("-") + o.short_name))
        known = true;
      if (o.kind != OptionKind::flag && args[i].substr(0, name.size() + 1) == name + "=") known = true;
    }
    if (!known) return i;
  }
  return to;
}

bool asks_help(const std::vector<std::string>& args, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to && args[i] != "--"; ++i)
    if (args[i] == "--help" || args[i] == "-h") return true;
  return false;
}

Result<Place> find_place(const Program& program, const std::vector<std::string>& args) {
  Place place;
  const std::size_t first = next_word(args, 0);
  for (std::size_t i = 0; i < first && i < args.size(); ++i)
    if (args[i] == "--version" || args[i] == "-V") return Place{.what = Parsed::What::version};
  if (first > args.size() ||
      foreign_option(args, 0, std::min(first, args.size())) < std::min(first, args.size())) {
    // An option of ours that is wrong, or one of an editor's before a file.
    if (program.stray != nullptr && first < args.size() && args[first].find_first_of("./") != std::string::npos)
      if (auto meant = program.stray(args, first)) return std::move(*meant);
    return no_such_option(program, nullptr, args[foreign_option(args, 0, std::min(first, args.size()))]);
  }
  if (asks_help(args, 0, first) && first == args.size()) return Place{.what = Parsed::What::help};
  if (first == args.size()) {
    if (args.empty()) return Place{.what = Parsed::What::help};
    return make_error(Errc::usage, "no command given", help_hint(program, ""));
  }
  const std::string& word = args[first];
  place.words.push_back(first);
  const auto members = family(program, word);
  if (const Command* c = find_command(program, word); c != nullptr && members.empty()) {
    place.command = c;
  } else if (!members.empty()) {
    const std::size_t second = next_word(args, first + 1);
    if (second >= args.size()) {
      if (asks_help(args, 0, args.size())) return Place{.what = Parsed::What::help, .topic = word};
      std::string subs;
      for (const auto& s : second_words(members)) subs += (subs.empty() ? "" : ", ") + s;
      return make_error(Errc::usage, "'" + std::string(program.name) + " " + word + "' needs one of: " + subs,
                        help_hint(program, word));
    }
    place.command = find_command(program, word + " " + args[second]);
    if (place.command == nullptr) return no_such_command(program, args[second], second_words(members), word);
    place.words.push_back(second);
  } else {
    if (program.stray != nullptr)
      if (auto meant = program.stray(args, first)) return std::move(*meant);
    return no_such_command(program, word, first_words(program), "");
  }
  if (asks_help(args, 0, args.size()))
    return Place{.what = Parsed::What::help, .topic = std::string(place.command->name)};
  return place;
}

void add_option(::CLI::App& app, const Option& o) {
  const std::string names =
      (o.short_name == '\0' ? "" : std::string("-") + o.short_name + ",") + dashed(o.name);
  if (o.kind == OptionKind::flag) {
    app.add_flag(names)->multi_option_policy(::CLI::MultiOptionPolicy::TakeLast);
    return;
  }
  auto* option = app.add_option(names)->allow_extra_args(false)->expected(1);
  if (o.kind == OptionKind::multi) {
    if (o.value != "FILE") option->delimiter(',');  // a file's name may hold a comma
    option->multi_option_policy(::CLI::MultiOptionPolicy::TakeAll);
  } else {
    option->multi_option_policy(::CLI::MultiOptionPolicy::TakeLast);
  }
}

Status check_choice(std::string_view what, const std::string& value,
                    const std::vector<std::string_view>& choices) {
  if (choices.empty()) return Unit{};
  std::vector<std::string> known;
  std::string all;
  for (const auto c : choices) {
    if (c == value) return Unit{};
    known.emplace_back(c);
    all += (all.empty() ? "" : ", ") + std::string(c);
  }
  std::string message = "'" + sanitize(value) + "' is no value for " + std::string(what);
  if (const auto near = nearest(value, known))
    return make_error(Errc::usage, message + "; did you mean '" + *near + "'?", "one of: " + all);
  return make_error(Errc::usage, std::move(message), "one of: " + all);
}

Status take_option(::CLI::App& app, const Option& o, Parsed& out) {
  auto* option = app.get_option(dashed(o.name));
  if (option->count() == 0) return Unit{};
  auto& values = out.options[std::string(o.name)];
  if (o.kind == OptionKind::flag) {
    if (option->results().back() == "false") {
      out.options.erase(std::string(o.name));
    } else {
      values = {""};
    }
    return Unit{};
  }
  const auto results = option->results();
  values = o.kind == OptionKind::multi ? results : std::vector<std::string>{results.back()};
  for (const auto& v : values) {
    if (v.empty())
      return make_error(Errc::usage, "option '" + dashed(o.name) + "' needs a value",
                        "write " + dashed(o.name) + " " + std::string(o.value));
    NANO_TRY(check_choice("'" + dashed(o.name) + "'", v, o.choices));
    if (o.kind != OptionKind::number) continue;
    uint64_t n = 0;
    const auto [end, ec] = std::from_chars(v.data(), v.data() + v.size(), n);
    if (ec != std::errc() || end != v.data() + v.size() || n < o.least || n > 1'000'000'000)
      return make_error(Errc::usage, "'" + sanitize(v) + "' is no value for '" + dashed(o.name) + "'",
                        "a whole number from " + std::to_string(o.least) + " up");
  }
  return Unit{};
}

Status take_positionals(const Program& program, const Command& command,
                        const std::vector<std::string>& remaining, Parsed& out) {
  std::vector<std::string> words;
  bool only_words = false;
  for (const auto& r : remaining) {
    if (!only_words && r == "--") {
      only_words = true;
    } else if (!only_words && is_option(r)) {
      return no_such_option(program, &command, r);
    } else {
      words.push_back(r);
    }
  }
  const std::string usage = "usage: " + usage_line(program, command);
  std::size_t at = 0;
  for (const auto& p : command.positionals) {
    auto& values = out.positionals[std::string(p.name)];
    while (at < words.size() && (p.many || values.empty())) {
      NANO_TRY(check_choice(p.name, words[at], p.choices));
      values.push_back(words[at++]);
    }
    if (values.empty() && p.required)
      return make_error(Errc::usage,
                        "'" + std::string(program.name) + " " + std::string(command.name) + "' needs " +
                            std::string(p.name),
                        usage);
  }
  if (at < words.size())
    return make_error(Errc::usage, "one argument too many: '" + sanitize(words[at]) + "'", usage);
  return Unit{};
}

Result<Parsed> parse_with_cli11(const Program& program, const Place& place,
                                const std::vector<std::string>& args) {
  Parsed out{.what = place.what, .topic = place.topic, .command = place.command};
  const Command& command = *place.command;
  ::CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (const auto& o : global_options()) add_option(app, o);
  for (const auto& o : command.options) add_option(app, o);
  std::vector<std::string> rest;  // CLI11 takes them last first
  for (std::size_t i = args.size(); i-- > 0;)
    if (std::find(place.words.begin(), place.words.end(), i) == place.words.end()) rest.push_back(args[i]);
  // An empty word would be lost: CLI11 keeps it, but `--opt ""` cannot be told from `--opt`; both are refused above.
  app.parse(rest);
  for (const auto& o : global_options()) NANO_TRY(take_option(app, o, out));
  for (const auto& o : command.options) NANO_TRY(take_option(app, o, out));
  NANO_TRY(take_positionals(program, command, app.remaining(), out));
  const auto flag = [&](const char* name) { return out.options.erase(name) > 0; };
  const auto text = [&](const char* name) {
    const auto it = out.options.find(name);
    std::string v = it == out.options.end() ? "" : it->second.back();
    if (it != out.options.end()) out.options.erase(it);
    return v;
  };
  out.globals = {.json = flag("json"),
                 .quiet = flag("quiet"),
                 .verbose = flag("verbose"),
                 .offline = flag("offline"),
                 .registry = text("registry"),
                 .store = text("store")};
  if (out.globals.quiet && out.globals.verbose)
    return make_error(Errc::usage, "--quiet and --verbose exclude each other", "leave one out");
  return out;
}

}  // namespace

Result<Parsed> parse_args(const Program& program, const std::vector<std::string>& args) {
  NANO_TRY_ASSIGN(const Place place, find_place(program, args));
  if (place.what != Parsed::What::run) return Parsed{.what = place.what, .topic = place.topic};
  const std::string command(place.command->name);
  try {
    return parse_with_cli11(program, place, args);
  } catch (const ::CLI::ArgumentMismatch&) {
    // The one mismatch left: an option at the very end that lacks its value.
    return make_error(Errc::usage, "option '" + sanitize(args.back()) + "' needs a value",
                      help_hint(program, command));
  } catch (const ::CLI::Error& e) {
    return make_error(Errc::usage, sanitize(e.what()), help_hint(program, command));
  }
}

bool env_flag(const char* name) {
  const auto value = env_bool(name);
  return value && value->value_or(false);
}

Result<bool> env_switch(const char* name) {
  NANO_TRY_ASSIGN(const std::optional<bool> value, env_bool(name));
  return value.value_or(false);
}

bool wants_json(const std::vector<std::string>& args) {
  for (const auto& a : args) {
    if (a == "--") break;
    if (a == "--json" || a == "--jsonl") return true;
  }
  return env_flag("NANO_JSON");
}

std::string usage_line(const Program& program, const Command& command) {
  std::string out = std::string(program.name) + " " + std::string(command.name);
  bool shown = false;
  for (const auto& o : command.options) shown = shown || !o.hidden;
  if (shown) out += " [OPTIONS]";
  for (const auto& p : command.positionals) {
    const std::string word = std::string(p.name) + (p.many ? "..." : "");
    out += p.required ? " " + word : " [" + word + "]";
  }
  return out;
}

}  // namespace nano::cli
