// cli/invocation.cpp: access to parsed arguments; settling the streams.
#include "cli/invocation.h"

#include <charconv>

#include <unistd.h>

#include "base/fs_output.h"
#include "base/text.h"

namespace nano::cli {

Session::Session(int out_fd, int err_fd)
    : out_terminal(look_at(out_fd)),
      err_terminal(look_at(err_fd)),
      out(out_fd),
      status(err_fd, err_terminal),
      log(status),
      progress(status) {}

void Session::settle(bool json_on, bool quiet_on, bool verbose_on) {
  json = json_on;
  quiet = quiet_on;
  log.set(quiet_on ? Verbosity::quiet : verbose_on ? Verbosity::verbose : Verbosity::normal, json_on);
  progress.enable(err_terminal.tty && !quiet_on && !json_on);
}

bool Invocation::has(std::string_view option) const {
  return parsed_.options.find(option) != parsed_.options.end();
}

std::string Invocation::value(std::string_view option, std::string_view otherwise) const {
  const auto it = parsed_.options.find(option);
  return it == parsed_.options.end() || it->second.empty() ? std::string(otherwise) : it->second.back();
}

std::vector<std::string> Invocation::values(std::string_view option) const {
  const auto it = parsed_.options.find(option);
  return it == parsed_.options.end() ? std::vector<std::string>{} : it->second;
}

uint64_t Invocation::number(std::string_view option, uint64_t otherwise) const {
  const std::string text = value(option);
  uint64_t n = otherwise;
  if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string Invocation::argument(std::string_view positional) const {
  const auto it = parsed_.positionals.find(positional);
  return it == parsed_.positionals.end() || it->second.empty() ? std::string() : it->second.front();
}

std::vector<std::string> Invocation::arguments(std::string_view positional) const {
  const auto it = parsed_.positionals.find(positional);
  return it == parsed_.positionals.end() ? std::vector<std::string>{} : it->second;
}

Status Invocation::output_goes_to(const std::string& path, bool is_text) {
  if (!fs::is_standard_output(path)) return Unit{};
  if (json())
    return make_error(Errc::usage, "--json and '" + sanitize(path) + "' both want standard output", "write the file to a path of its own");
  if (!is_text && session_.out_terminal.tty)
    return make_error(Errc::usage, "standard output is a terminal, and what would be written is not text", "pipe it into a program, or name a file");
  session_.out.redirect(STDERR_FILENO);
  session_.out_terminal = session_.err_terminal;
  return Unit{};
}

Result<std::string> Invocation::output_path(std::string_view positional) const {
  const std::string option = value("output"), word = argument(positional);
  if (!option.empty() && !word.empty())
    return make_error(Errc::usage, "the file to write is named twice: '" + sanitize(word) + "' and '" + sanitize(option) + "'", "name it once");
  if (option.empty() && word.empty())
    return make_error(Errc::usage, "the file to write is missing", "name it last, or with -o FILE");
  return option.empty() ? word : option;
}

void Invocation::document(const OrderedJson& data, std::string_view form) {
  std::string name(command().name);
  if (!form.empty()) name += "-" + std::string(form);
  session_.out.put(json_document(program_.name, name, data, session_.log.warnings()));
}

}  // namespace nano::cli
