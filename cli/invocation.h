// cli/invocation.h: one call of one command: its arguments, and where its output goes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/args.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace nano::cli {

/// What lives as long as the process: the streams and what is written to them.
struct Session {
  Terminal out_terminal{};
  Terminal err_terminal{};
  Output out;
  StatusLine status;
  ConsoleLog log;
  TerminalProgress progress;
  bool json = false;  ///< one document on standard output; errors as JSON
  bool quiet = false;

  Session(int out_fd, int err_fd);
  /// Apply the settled flags: verbosity, JSON, whether progress is drawn.
  void settle(bool json_on, bool quiet_on, bool verbose_on);
};

class Invocation {
 public:
  Invocation(const Program& program, Parsed parsed, Session& session, std::string command_line)
      : program_(program),
        parsed_(std::move(parsed)),
        session_(session),
        command_line_(std::move(command_line)) {}

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] const Command& command() const { return *parsed_.command; }
  [[nodiscard]] const GlobalFlags& globals() const { return parsed_.globals; }
  [[nodiscard]] const std::string& command_line() const { return command_line_; }  ///< "nano install x"
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] Output& out() { return session_.out; }
  [[nodiscard]] bool json() const { return session_.json; }

  [[nodiscard]] bool has(std::string_view option) const;
  [[nodiscard]] std::string value(std::string_view option, std::string_view otherwise = {}) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
  [[nodiscard]] uint64_t number(std::string_view option,
                                uint64_t otherwise) const;                ///< checked while parsing
  [[nodiscard]] std::string argument(std::string_view positional) const;  ///< "" when left out
  [[nodiscard]] std::vector<std::string> arguments(std::string_view positional) const;

  /// The command writes a file of its own to `path`. If that is standard output (`-o -`), what is said to people goes to
  /// standard error. errors  usage: --json wants standard output too; bytes for a program would go to a terminal
  [[nodiscard]] Status output_goes_to(const std::string& path, bool is_text = false);
  /// The file to write, as `OUT` or `-o OUT`. errors  usage: both, neither
  [[nodiscard]] Result<std::string> output_path(std::string_view positional) const;

  /// Print the one JSON document of this command, with the warnings so far.
  ///   form  the option that gives the document another shape: `verify --oms` prints "nano.verify-oms/1"
  void document(const OrderedJson& data, std::string_view form = {});

 private:
  const Program& program_;
  Parsed parsed_;
  Session& session_;
  std::string command_line_;
};

}  // namespace nano::cli
