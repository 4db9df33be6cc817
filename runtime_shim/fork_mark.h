// runtime_shim/fork_mark.h: has this process been forked since? Threads do not follow into a child.
#pragma once

#include <sys/types.h>

namespace nano {

/// Made by the process that owns threads; in a child of it, and in the child's children, `forked` is true. It holds no lock
/// and no handler: a page that the kernel empties in a child (MADV_WIPEONFORK, Linux 4.14), and the process id where that is
/// not to be had. (The id alone would not do: a grandchild may get the number of a process that has ended.)
class ForkMark {
 public:
  ForkMark();
  ~ForkMark();
  ForkMark(const ForkMark&) = delete;
  ForkMark& operator=(const ForkMark&) = delete;

  [[nodiscard]] bool forked() const;

 private:
  volatile unsigned char* page_ = nullptr;  ///< nullptr: none
  pid_t owner_ = 0;
};

}  // namespace nano
