// runtime_shim/session_team.cpp: joining and leaving a parallel loop by one atomic word.
#include "runtime_shim/session_team.h"

#include <algorithm>
#include <chrono>

namespace nano {
namespace {

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

constexpr auto kSpin = std::chrono::microseconds(60);  ///< how long a helper stays awake without work
constexpr uint64_t kEpoch = uint64_t{1} << 32;
constexpr uint64_t kJoined = (uint64_t{1} << 31) - 1;

}  // namespace

Team::Team(unsigned threads) {
  if (threads > 1) helpers_.reserve(threads - 1);
  for (unsigned i = 1; i < threads; ++i) helpers_.emplace_back([this, i] { helper_main(i); });
}

Team::~Team() {
  {
    const std::lock_guard lock(mutex_);
    stop_.store(true);
  }
  wake_.notify_all();
  for (auto& t : helpers_) t.join();
}

void Team::work(unsigned worker) {
  // A worker takes its share of what is left, less a little: few steps on the shared counter, and no long last part.
  const std::size_t parts = 2 * size() - 1;
  std::size_t begin = next_.load(std::memory_order_relaxed);
  while (begin < items_) {
    const std::size_t end = begin + std::max<std::size_t>(1, (items_ - begin) / parts);
    if (!next_.compare_exchange_weak(begin, end, std::memory_order_relaxed)) continue;
    call_(body_, begin, end, worker);
    begin = next_.load(std::memory_order_relaxed);
  }
}

void Team::run_erased(std::size_t items, Call call, void* body) {
  if (helpers_.empty() || items <= 1) {
    if (items != 0) call(body, 0, items, 0);
    return;
  }
  items_ = items;
  call_ = call;
  body_ = body;
  next_.store(0, std::memory_order_relaxed);
  const uint64_t epoch = (gate_.load(std::memory_order_relaxed) & ~(kEpoch - 1)) + kEpoch;
  gate_.store(epoch);  // sequentially consistent, as the sleepers' count: one of the two sides sees the other
  if (sleepers_.load() != 0) {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  work(0);
  gate_.fetch_or(kClosed, std::memory_order_acq_rel);
  for (unsigned spins = 0; (gate_.load(std::memory_order_acquire) & kJoined) != 0; ++spins) {
    if (spins < 2'000) {
      relax();
    } else {
      std::this_thread::yield();  // a joined helper has lost its core
    }
  }
}

void Team::helper_main(unsigned worker) {
  auto awake_until = std::chrono::steady_clock::now() + kSpin;
  uint64_t seen = 0;
  for (unsigned spins = 1;; ++spins) {
    uint64_t gate = gate_.load(std::memory_order_acquire);
    const auto open = [&] { return (gate & kClosed) == 0 && (gate & ~(kEpoch - 1)) != seen; };
    if (open()) {
      if (!gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acq_rel)) continue;
      seen = gate & ~(kEpoch - 1);
      work(worker);
      gate_.fetch_sub(1, std::memory_order_release);
      awake_until = std::chrono::steady_clock::now() + kSpin;
      continue;
    }
    relax();
    if (stop_.load(std::memory_order_relaxed)) return;
    if (spins % 64 != 0 || std::chrono::steady_clock::now() < awake_until) continue;
    std::unique_lock lock(mutex_);
    sleepers_.fetch_add(1);
    wake_.wait(lock, [&] {
      gate = gate_.load();
      return stop_.load() || open();
    });
    sleepers_.fetch_sub(1);
    if (stop_.load()) return;
    awake_until = std::chrono::steady_clock::now() + kSpin;
  }
}

}  // namespace nano
