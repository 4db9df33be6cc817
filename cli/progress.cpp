// cli/progress.cpp: the line and the thread that draws it.
#include "cli/progress.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "base/clock.h"
#include "base/text.h"

namespace nano::cli {
namespace {
constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr std::size_t kBar = 24;       // columns
constexpr double kLeastSeconds = 0.5;  // a rate over less is noise
}  // namespace

std::string progress_text(std::string_view label, uint64_t done, uint64_t total, double seconds,
                          std::size_t width) {
  std::string out = sanitize(label);
  if (total > 0) {
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto full = static_cast<std::size_t>(part * static_cast<double>(kBar));
    std::string bar;
    for (std::size_t i = 0; i < kBar; ++i) bar += i < full ? "█" : "░";
    if (width >= 70) out += " " + bar;
    out += " " + std::to_string(static_cast<int>(part * 100)) + "%";
  }
  out += " " + human_bytes(done);
  if (total > 0) out += "/" + human_bytes(total);
  if (seconds >= kLeastSeconds && done > 0) {
    const double rate = static_cast<double>(done) / seconds;
    out += " " + human_bytes(static_cast<uint64_t>(rate)) + "/s";
    if (total > done && rate > 0)
      out += ", " + human_duration(static_cast<double>(total - done) / rate) + " left";
  }
  return out;
}

void TerminalProgress::start(std::string_view label, uint64_t total_bytes) {
  stop();
  label_ = std::string(label);
  total_ = total_bytes;
  done_.store(0, std::memory_order_relaxed);
  started_ms_ = monotonic_ms();
  stopping_ = false;
  if (!enabled_) return;
  try {
    drawer_ = std::thread([this] { draw_until_stopped(); });
  } catch (const std::system_error&) {
    // No thread to be had (RLIMIT_NPROC): the work goes on without a line.
  }
}

void TerminalProgress::draw_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kInterval, [this] { return stopping_; }))
    line_.draw(progress_text(label_, done_.load(std::memory_order_relaxed), total_,
                             (monotonic_ms() - started_ms_) / 1000, line_.terminal().width));
}

void TerminalProgress::stop() {
  if (!drawer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  drawer_.join();
  line_.clear();
}

}  // namespace nano::cli
