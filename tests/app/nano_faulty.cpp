// nano_faulty: `nano` with broken disks. NANO_TEST_FAULT=<step>:<errno>[:<after>] fails every such step after
// the first <after>; step is one of create write fsync rename link mkdir unlink lock any; NANO_TEST_SHORT=1
// makes writes short.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "base/fs.h"
#include "base/text.h"
#include "cli/nano/commands.h"
#include "cli/program.h"

namespace {

using nano::fs::Op;

nano::fs::Faults plan_from_environment() {
  static const std::map<std::string, Op> kSteps = {
      {"create", Op::create}, {"write", Op::write}, {"fsync", Op::fsync},   {"rename", Op::rename},
      {"link", Op::link},     {"mkdir", Op::mkdir}, {"unlink", Op::unlink}, {"lock", Op::lock},
      {"look", Op::look},     {"list", Op::list},   {"open", Op::open_read}};
  static const std::map<std::string, int> kErrors = {
      {"ENOSPC", ENOSPC}, {"EROFS", EROFS}, {"EIO", EIO}, {"EACCES", EACCES}};
  const char* fault = std::getenv("NANO_TEST_FAULT");
  const bool shorten = std::getenv("NANO_TEST_SHORT") != nullptr;
  std::string step = "none";
  int error = 0;
  long after = 0;
  if (fault != nullptr) {
    const auto parts = nano::split(fault, ':');
    if (parts.size() < 2 || (parts[0] != "any" && !kSteps.contains(parts[0])) ||
        !kErrors.contains(parts[1])) {
      std::fprintf(stderr, "nano_faulty: bad NANO_TEST_FAULT\n");
      std::exit(99);
    }
    step = parts[0];
    error = kErrors.at(parts[1]);
    if (parts.size() > 2) after = std::atol(parts[2].c_str());
  }
  return [=, seen = 0L](Op op, const nano::fs::Path&, std::size_t& allowed) mutable {
    if (shorten && op == Op::write && allowed > 1000) allowed = 1000 + allowed % 7;
    const bool hit = step == "any" ? op != Op::open_read && op != Op::mmap && op != Op::look && op != Op::list
                                   : kSteps.contains(step) && kSteps.at(step) == op;
    return hit && seen++ >= after ? error : 0;
  };
}

}  // namespace

int main(int argc, char** argv) {
  nano::fs::inject_faults(plan_from_environment());
  return nano::cli::run_program(nano::cli::nano_program(), argc, argv);
}
