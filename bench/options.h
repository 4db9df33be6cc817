// bench/options.h: the command line of a bench program: --help, --json, numbers, lists "16,32,128". CLI11 behind it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nano::bench {

/// Declare what a program takes, then parse(). The variables hold their defaults before, and --help shows these.
class Options {
 public:
  /// `about`: what is measured, and how the figures are to be read.
  explicit Options(const std::string& about);
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options();

  Options& flag(const std::string& name, bool& to, const std::string& help);
  Options& number(const std::string& name, unsigned& to, const std::string& help);  ///< above 0
  Options& numbers(const std::string& name, std::vector<unsigned>& to, const std::string& help);  ///< each above 0, with commas
  Options& words(const std::string& name, std::vector<std::string>& to, const std::string& help);  ///< with commas
  /// `name` without dashes is a positional argument.
  Options& text(const std::string& name, std::string& to, const std::string& help);

  /// Nothing: go on. Else the exit code: 0 after --help, 2 after a message on standard error.
  [[nodiscard]] std::optional<int> parse(int argc, char** argv);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::bench
