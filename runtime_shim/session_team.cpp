// runtime_shim/session_team.cpp: joining and leaving a parallel loop by one atomic word.
#include "runtime_shim/session_team.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include <csignal>

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
constexpr std::size_t kStackBytes = std::size_t{1} << 20;  ///< of a helper: the usual 8 MB count against a host's limits

// false: the system gives no thread now. A host whose thread-local data do not fit into a small stack gets usual ones.
bool start_thread(pthread_t& thread, void* (*entry)(void*), void* argument) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  int failed = pthread_create(&thread, &attributes, entry, argument);
  pthread_attr_destroy(&attributes);
  if (failed == EINVAL) failed = pthread_create(&thread, nullptr, entry, argument);
  return failed == 0;
}

}  // namespace

Team::Team(unsigned threads) {
  if (threads <= 1) return;
  sleep_ = std::make_unique<Sleep>();
  helpers_.reserve(threads - 1);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // helpers begin with it
  for (unsigned i = 1; i < threads; ++i) {
    Helper& helper = helpers_.emplace_back(Helper{.team = this, .worker = i});
    if (start_thread(helper.thread, helper_entry, &helper)) continue;
    helpers_.pop_back();  // the system gives no more: fewer do it too
    break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (helpers_.empty()) sleep_.reset();
}

Team::~Team() {
  if (sleep_ == nullptr) return;
  // In a child the helpers are gone, the lock may be held for ever, and destroying what they waited for would wait for them.
  if (lost()) {
    (void)sleep_.release();
    return;
  }
  {
    const std::lock_guard lock(sleep_->mutex);
    stop_.store(true);
  }
  sleep_->wake.notify_all();
  for (const Helper& helper : helpers_) pthread_join(helper.thread, nullptr);
}

void* Team::helper_entry(void* helper) {
  const auto* self = static_cast<const Helper*>(helper);
  self->team->helper_main(self->worker);
  return nullptr;
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
    const std::lock_guard lock(sleep_->mutex);
    sleep_->wake.notify_all();
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
    std::unique_lock lock(sleep_->mutex);
    sleepers_.fetch_add(1);
    sleep_->wake.wait(lock, [&] {
      gate = gate_.load();
      return stop_.load() || open();
    });
    sleepers_.fetch_sub(1);
    if (stop_.load()) return;
    awake_until = std::chrono::steady_clock::now() + kSpin;
  }
}

}  // namespace nano
