// cli/output.h: results on standard output, prose and errors on standard error, each as text or as JSON.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/result.h"
#include "cli/terminal.h"

namespace nano::cli {

/// Results keep the order in which they are written: schema, data, warnings; scores from the highest down.
using OrderedJson = nlohmann::ordered_json;

/// One line; what a terminal would obey (C1, DEL, bidi controls) is written as \uXXXX, so the document is faithful and
/// safe to look at. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string dump_safe(const OrderedJson& doc, bool pretty = false);
/// A float for people and programs: `digits` significant digits, so that 0.1f does not become 0.10000000149.
[[nodiscard]] double rounded(double v, int digits = 6);

/// Standard output, buffered. A reader that went away (`| head`) is not an error: what follows is dropped.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}
  ~Output() { (void)flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void put(std::string_view text);
  void line(std::string_view text) {
    put(text);
    put("\n");
  }
  /// From here on to another descriptor: standard output belongs to a file that was asked for with `-o -`.
  void redirect(int fd) {
    (void)flush();
    fd_ = fd;
  }
  /// Everything so far to the descriptor. errors  store: disk full, I/O
  [[nodiscard]] Status flush();
  [[nodiscard]] bool closed() const { return closed_; }  ///< nobody reads any more: long work may stop

 private:
  int fd_ = -1;
  std::string buffer_{};
  bool closed_ = false;
  int failed_ = 0;  ///< errno of the first failed write
};

/// `{"schema":"<program>.<command>/1","data":…,"warnings":[…]}`, pretty, with a final newline. A command of two words is
/// joined by `-`.
[[nodiscard]] std::string json_document(std::string_view program, std::string_view command, const OrderedJson& data,
                                        const std::vector<std::string>& warnings);

/// For standard error. json: `{"error":{"code","kind","message","hint","context"}}`; else `error: …`, `  while …`, `  hint: …`.
[[nodiscard]] std::string render_error(const Error& error, bool json, const Terminal& err);

/// The status line (progress) and the prose above it, both on standard error, one at a time.
class StatusLine {
 public:
  StatusLine(int fd, Terminal terminal) : fd_(fd), terminal_(terminal) {}
  void print(std::string_view text);  ///< a line of prose; the status line is cleared first
  void draw(std::string_view text);   ///< replace the status line; one line, fitting
  void clear();
  [[nodiscard]] const Terminal& terminal() const { return terminal_; }

 private:
  void write_all(std::string_view text);
  int fd_ = -1;
  Terminal terminal_{};
  bool drawn_ = false;
  std::mutex mutex_{};
};

/// Prose on standard error; warnings are also kept for the JSON document. Thread-safe.
class ConsoleLog final : public Log {
 public:
  explicit ConsoleLog(StatusLine& line) : line_(line) {}
  void set(Verbosity verbosity, bool json) {
    verbosity_ = verbosity;
    json_ = json;
  }
  void note(std::string_view text) override;
  void warn(std::string_view text) override;
  void detail(std::string_view text) override;
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  StatusLine& line_;
  Verbosity verbosity_ = Verbosity::normal;
  bool json_ = false;  ///< then prose is only said when verbose: a program reads
  mutable std::mutex mutex_{};
  std::vector<std::string> warnings_{};
};

}  // namespace nano::cli
