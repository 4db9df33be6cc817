// cli/progress.h: how far a download or copy has come, drawn on a terminal about ten times a second.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/log.h"
#include "cli/output.h"

namespace nano::cli {

/// One line for `done` of `total` bytes (0 = unknown) after `seconds`: bar, bytes, rate, remaining time.
[[nodiscard]] std::string progress_text(std::string_view label, uint64_t done, uint64_t total, double seconds,
                                        std::size_t width);

/// Silent unless enabled (standard error is a terminal, neither --quiet nor --json). A thread draws from start() to finish(),
/// so that a stalled transfer is seen to stall. advance() is one atomic addition.
class TerminalProgress final : public Progress {
 public:
  explicit TerminalProgress(StatusLine& line) : line_(line) {}
  ~TerminalProgress() override { stop(); }
  void enable(bool on) { enabled_ = on; }
  void start(std::string_view label, uint64_t total_bytes) override;
  void advance(uint64_t bytes) override { done_.fetch_add(bytes, std::memory_order_relaxed); }
  void finish() override { stop(); }

 private:
  void stop();
  void draw_until_stopped();

  StatusLine& line_;
  bool enabled_ = false;
  std::string label_{};
  uint64_t total_ = 0;
  std::atomic<uint64_t> done_{0};
  double started_ms_ = 0;
  std::mutex mutex_{};
  std::condition_variable wake_{};
  bool stopping_ = false;
  std::thread drawer_{};
};

}  // namespace nano::cli
