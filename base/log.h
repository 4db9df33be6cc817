// base/log.h: prose for people on stderr. Results never go through here.
#pragma once

#include <cstdint>
#include <string_view>

namespace nano {

/// How much prose: quiet = errors only, normal = notes and warnings, verbose = also what nano is doing.
enum class Verbosity { quiet, normal, verbose };

/// Where use cases send prose and warnings. Passed in, so that tests record it and --json collects warnings.
class Log {
 public:
  virtual ~Log() = default;
  virtual void note(std::string_view text) = 0;    ///< said unless quiet
  virtual void warn(std::string_view text) = 0;    ///< said unless quiet; also in JSON `warnings`
  virtual void detail(std::string_view text) = 0;  ///< said when verbose
};

/// Says nothing (tests, library use).
class NullLog final : public Log {
 public:
  void note(std::string_view) override {}
  void warn(std::string_view) override {}
  void detail(std::string_view) override {}
};

/// A running total towards a known or unknown end; drawn on a terminal, silent in a pipe.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void start(std::string_view label, uint64_t total_bytes) = 0;  ///< total 0 = unknown
  virtual void advance(uint64_t bytes) = 0;                              ///< thread-safe
  virtual void finish() = 0;
};

class NullProgress final : public Progress {
 public:
  void start(std::string_view, uint64_t) override {}
  void advance(uint64_t) override {}
  void finish() override {}
};

}  // namespace nano
