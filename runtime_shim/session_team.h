// runtime_shim/session_team.h: the threads of one model: a parallel loop that costs well under a microsecond.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include <pthread.h>

#include "runtime_shim/fork_mark.h"

namespace nano {

/// The caller and `threads - 1` helpers. Helpers spin for a few tens of microseconds after a loop, so that the steps of a
/// forward pass find them awake, and sleep after that. A helper that comes late is not waited for: the caller does its
/// share. One thread makes no helpers at all, and then any number of callers may use the team at once; otherwise one.
/// Helpers take no signals: those are the host's. Where the system gives fewer threads, the team is smaller. In a child after
/// fork there are no helpers: it must not be run there, and destroying it leaves them alone.
class Team {
 public:
  explicit Team(unsigned threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(helpers_.size()) + 1; }
  /// This process is a child of the one that made the helpers. Without helpers: false, the team is of use everywhere.
  [[nodiscard]] bool lost() const { return sleep_ != nullptr && sleep_->mark.forked(); }

  /// Call f(begin, end, worker) for parts of [0, items) that make it up, worker in [0, size()), in any order, and return
  /// when all are done. Parts are large at first and small at the end, so that all workers end together.
  /// f must not throw and must not call run.
  template <class F>
  void run(std::size_t items, F&& f) {
    using Body = std::remove_reference_t<F>;
    run_erased(
        items,
        [](void* body, std::size_t begin, std::size_t end, unsigned worker) {
          (*static_cast<Body*>(body))(begin, end, worker);
        },
        const_cast<void*>(static_cast<const void*>(&f)));
  }

 private:
  using Call = void (*)(void*, std::size_t, std::size_t, unsigned);
  void run_erased(std::size_t items, Call call, void* body);
  void work(unsigned worker);
  void helper_main(unsigned worker);
  static void* helper_entry(void* helper);

  // One word says which loop is running and who takes part: epoch in the upper half, "closed" in bit 31, helpers that have
  // joined and not left below it. The fields after it belong to the joined and change only while the word is closed at 0.
  alignas(64) std::atomic<uint64_t> gate_{kClosed};
  alignas(64) std::atomic<std::size_t> next_{0};
  std::size_t items_ = 0;
  Call call_ = nullptr;
  void* body_ = nullptr;

  static constexpr uint64_t kClosed = uint64_t{1} << 31;
  alignas(64) std::atomic<uint32_t> sleepers_{0};
  std::atomic<bool> stop_{false};

  struct Helper {
    Team* team = nullptr;
    unsigned worker = 0;
    pthread_t thread{};
  };
  struct Sleep {
    std::mutex mutex{};
    std::condition_variable wake{};
    ForkMark mark{};
  };
  std::unique_ptr<Sleep> sleep_{};  ///< where there are helpers
  std::vector<Helper> helpers_{};   ///< does not move once the first of them runs
};

}  // namespace nano
