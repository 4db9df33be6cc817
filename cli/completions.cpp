// cli/completions.cpp: one script per shell. All three share the idea: find the command's words, then offer its options
// (after a dash), its choices, or what its positional names.
#include "cli/completions.h"

#include <algorithm>

namespace nano::cli {
namespace {

std::string function_name(const Program& program) {
  std::string out = "_" + std::string(program.name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::string all_names(const Program& program) {
  std::string out(program.name);
  for (const auto n : program.also_called) out += " " + std::string(n);
  return out;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : " ") + w;
  return out;
}

std::string join(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto w : words) out += (out.empty() ? "" : " ") + std::string(w);
  return out;
}

std::string option_words(const std::vector<Option>& options) {
  std::string out;
  for (const auto& o : options)
    if (!o.hidden) out += (out.empty() ? "--" : " --") + std::string(o.name);
  return out;
}

/// Single-quoted for bash, zsh and fish alike: the table's texts hold no backslash.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// What to offer for a word, as a shell command that sets `kind` and `words`.
std::string offer(Completes completes, const std::vector<std::string_view>& choices,
                  const std::string& commands) {
  if (!choices.empty()) return "kind=words; words=" + quoted(join(choices));
  if (const auto asked = asked_word(completes); !asked.empty()) {
    const bool files = completes == Completes::packages || completes == Completes::models;
    return std::string("kind=") + (files ? "asked_or_files" : "asked") + "; words=" + std::string(asked);
  }
  switch (completes) {
    case Completes::files: return "kind=files; words=''";
    case Completes::folders: return "kind=folders; words=''";
    case Completes::commands: return "kind=words; words=" + quoted(commands);
    default: break;
  }
  return "kind=nothing; words=''";
}

/// "|'install':--task|…": the options of each command that take a value, as patterns.
std::string value_options(const Program& program) {
  std::string out;
  for (const auto& c : program.commands)
    for (const auto& o : c.options) {
      if (o.kind == OptionKind::flag || c.hidden) continue;
      out += "|" + quoted(c.name) + ":--" + std::string(o.name);
      if (o.short_name != '\0') out += "|" + quoted(c.name) + ":-" + o.short_name;
    }
  return out;
}

/// The part bash and zsh share: a function that, given the words before the one to complete, sets `kind`, `words` and `options`.
/// $1 = the word before, $2... = the words after the program's name. An option's value is no argument.
std::string decide_function(const Program& program) {
  const std::string commands = join(first_words(program));
  std::string out =
      function_name(program) +
      "_decide() {\n  local before=$1 command= second= w skip= count=0\n  shift\n  for w in \"$@\"; do\n"
      "    if [ -n \"$skip\" ]; then skip=; continue; fi\n"
      "    case $command${second:+ $second}:$w in\n      *:--registry|*:--store" +
      value_options(program) +
      ") skip=1 ;;\n      *:-*) ;;\n"
      "      *) if [ -z \"$command\" ]; then command=$w\n";
  std::string families;
  for (const auto& word : first_words(program))
    if (!family(program, word).empty()) families += (families.empty() ? "" : "|") + word;
  if (!families.empty())
    out += "         elif [ -z \"$second\" ]; then case $command in " + families +
           ") second=$w ;; *) count=$((count+1)) ;; esac\n";
  out +=
      "         else count=$((count+1)); fi ;;\n    esac\n  done\n  local full=$command${second:+ $second}\n";
  out += "  options=" + quoted(option_words(global_options()) + " --help") + "\n";
  for (const auto& o : global_options())
    if (o.kind != OptionKind::flag)
      out += "  if [ \"$before\" = --" + std::string(o.name) + " ]; then " +
             offer(o.completes, o.choices, commands) + "; options=; return; fi\n";
  out += "  case $full in\n    '') kind=words; words=" + quoted(commands) +
         "; options=\"$options --version\" ;;\n";
  for (const auto& word : first_words(program)) {
    const auto members = family(program, word);
    if (members.empty()) continue;
    std::string seconds;
    for (const auto* c : members)
      seconds += (seconds.empty() ? "" : " ") + std::string(c->name.substr(word.size() + 1));
    out += "    " + quoted(word) + ") kind=words; words=" + quoted(seconds) + " ;;\n";
  }
  for (const auto& c : program.commands) {
    if (c.hidden) continue;
    out += "    " + quoted(c.name) + ")\n      options=\"$options " + option_words(c.options) + "\"\n";
    std::string values;
    for (const auto& o : c.options)
      if (o.kind != OptionKind::flag && !o.hidden)
        values += "        --" + std::string(o.name) + (o.short_name == '\0' ? "" : std::string("|-") + o.short_name) + ") " + offer(o.completes, o.choices, commands) +
                  "; options=; return ;;\n";
    if (!values.empty()) out += "      case $before in\n" + values + "      esac\n";
    if (c.positionals.empty()) {
      out += "      kind=nothing; words=''";
    } else {
      out += "      case $count in\n";
      for (std::size_t i = 0; i < c.positionals.size(); ++i) {
        const auto& p = c.positionals[i];
        out += "        " + (p.many ? std::string("*") : std::to_string(i)) + ") " +
               offer(p.completes, p.choices, commands) + " ;;\n";
      }
      out += "        *) kind=nothing; words='' ;;\n      esac";
    }
    out += " ;;\n";
  }
  return out + "    *) kind=nothing; words='' ;;\n  esac\n}\n\n";
}

}  // namespace

std::string bash_completions(const Program& program) {
  const std::string f = function_name(program);
  std::string out = "# bash completion for " + std::string(program.name) + ", made by `" +
                    std::string(program.name) + " completions bash`\n";
  out += decide_function(program);
  // bash breaks words at ':' (COMP_WORDBREAKS); NAME:VARIANT and https://… are one word here, and what stands before the last
  // colon is taken off the answers again.
  out += f + "() {\n  local cur= kind= words= options= before= answers= w\n  local -a given=()\n  COMPREPLY=()\n";
  out +=
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD}\"; do\n"
      "    if [ -n \"$cur\" ] && { [ \"$w\" = : ] || [ \"${cur%:}\" != \"$cur\" ]; }; then cur=$cur$w; continue; fi\n"
      "    [ ${#given[@]} -gt 0 ] || [ -n \"$cur\" ] && given+=(\"$cur\")\n    cur=$w\n  done\n";
  out += "  [ ${#given[@]} -gt 0 ] && before=${given[${#given[@]}-1]}\n";
  out += "  " + f + "_decide \"$before\" \"${given[@]}\"\n";
  out +=
      "  case $cur in\n    -*) [ -n \"$options\" ] && { mapfile -t COMPREPLY < <(compgen -W \"$options\" -- "
      "\"$cur\"); return; } ;;\n  esac\n";
  out +=
      "  case $kind in asked*) answers=$(\"${COMP_WORDS[0]}\" __complete \"$words\" \"$cur\" 2>/dev/null) ;; esac\n";
  out += "  case $kind in\n    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n";
  out += "    asked) mapfile -t COMPREPLY < <(compgen -W \"$answers\" -- \"$cur\") ;;\n";
  out +=
      "    asked_or_files) mapfile -t COMPREPLY < <(compgen -W \"$answers\" -- \"$cur\"; compgen -f -- \"$cur\"); compopt -o "
      "filenames 2>/dev/null ;;\n";
  out += "    files) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); compopt -o filenames 2>/dev/null ;;\n";
  out +=
      "    folders) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); compopt -o filenames 2>/dev/null ;;\n  "
      "esac\n";
  out +=
      "  case $cur in *:*) case $COMP_WORDBREAKS in *:*) COMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*:}\"}\"}\") ;; esac ;; "
      "esac\n}\n\n";
  return out + "complete -F " + f + " " + all_names(program) + "\n";
}

std::string zsh_completions(const Program& program) {
  const std::string f = function_name(program);
  std::string out = "#compdef " + all_names(program) + "\n# zsh completion for " + std::string(program.name) +
                    ", made by `" + std::string(program.name) + " completions zsh`\n";
  out += decide_function(program);
  out += f +
         "() {\n  emulate -L zsh\n  local kind= words_= options= before=\n  (( CURRENT > 2 )) && "
         "before=$words[CURRENT-1]\n";
  out +=
      "  local -a given\n  given=(\"${(@)words[2,CURRENT-1]}\")\n  local program=$words[1] "
      "cur=$words[CURRENT]\n  local words=\n";
  out += "  " + f + "_decide \"$before\" \"${(@)given}\"\n";
  out += "  if [[ $cur == -* && -n $options ]]; then compadd -- ${=options}; return; fi\n";
  out += "  case $kind in\n    words) compadd -- ${=words} ;;\n";
  out += "    asked) compadd -- ${(f)\"$($program __complete $words $cur 2>/dev/null)\"} ;;\n";
  out +=
      "    asked_or_files) compadd -- ${(f)\"$($program __complete $words $cur 2>/dev/null)\"}; _files ;;\n";
  out += "    files) _files ;;\n    folders) _files -/ ;;\n  esac\n}\n\n";
  return out + "if [ \"$funcstack[1]\" = \"" + f + "\" ]; then " + f + " \"$@\"; else compdef " + f + " " +
         all_names(program) + "; fi\n";
}

std::string fish_completions(const Program& program) {
  const auto asked = [&](Completes completes) {
    const auto word = asked_word(completes);
    return word.empty() ? std::string()
                        : quoted("(" + std::string(program.name) + " __complete " + std::string(word) +
                                 " (commandline -ct) 2>/dev/null)");
  };
  std::string out = "# fish completion for " + std::string(program.name) + ", made by `" +
                    std::string(program.name) + " completions fish`\n";
  std::vector<std::string_view> names = {program.name};
  names.insert(names.end(), program.also_called.begin(), program.also_called.end());
  const auto options = [&](const std::string& head, const std::vector<Option>& all) {
    std::string lines;
    for (const auto& o : all) {
      if (o.hidden) continue;
      lines += head + " -l " + std::string(o.name);
      if (o.short_name != '\0') lines += std::string(" -s ") + o.short_name;
      if (o.kind != OptionKind::flag)
        lines += !o.choices.empty() ? " -x -a " + quoted(join(o.choices))
                 : asked(o.completes).empty() ? (o.completes == Completes::nothing ? " -x" : " -r -F")
                                              : " -x -a " + asked(o.completes);
      lines += " -d " + quoted(o.help) + "\n";
    }
    return lines;
  };
  for (const auto name : names) {
    const std::string complete = "complete -c " + std::string(name);
    out += complete + " -f\n" + options(complete, global_options()) + complete +
           " -l help -s h -d 'show help'\n";
    for (const auto& word : first_words(program)) {
      const Command* c = find_command(program, word);
      out += complete + " -n __fish_use_subcommand -a " + word + " -d " +
             quoted(c == nullptr ? "" : c->summary) + "\n";
      const auto members = family(program, word);
      std::string seconds;
      for (const auto* m : members)
        seconds += (seconds.empty() ? "" : " ") + std::string(m->name.substr(word.size() + 1));
      for (const auto* m : members)
        out += complete + " -n '__fish_seen_subcommand_from " + word +
               "; and not __fish_seen_subcommand_from " + seconds + "' -a " +
               std::string(m->name.substr(word.size() + 1)) + " -d " + quoted(m->summary) + "\n";
    }
    for (const auto& c : program.commands) {
      if (c.hidden) continue;
      const auto space = c.name.find(' ');
      std::string when = "__fish_seen_subcommand_from " + std::string(c.name.substr(0, space));
      if (space != std::string_view::npos)
        when += "; and __fish_seen_subcommand_from " + std::string(c.name.substr(space + 1));
      const std::string head = complete + " -n " + quoted(when);
      out += options(head, c.options);
      for (const auto& p : c.positionals) {
        if (const auto answers = asked(p.completes); !answers.empty()) out += head + " -a " + answers + "\n";
        if (p.completes == Completes::packages || p.completes == Completes::models) out += head + " -F\n";
        if (!p.choices.empty()) out += head + " -a " + quoted(join(p.choices)) + "\n";
        if (p.completes == Completes::commands)
          out += head + " -a " + quoted(join(first_words(program))) + "\n";
        if (p.completes == Completes::files || p.completes == Completes::folders) out += head + " -F\n";
      }
    }
  }
  return out;
}

}  // namespace nano::cli
