// cli/program.h: the main function of both programs.
#pragma once

#include "cli/table.h"

namespace nano::cli {

/// Parse, run, print the error if there is one, and return the exit code. Catches everything; ignores SIGPIPE; SIGINT and
/// SIGTERM end the process with 130 (what is on the disk is crash-safe).
[[nodiscard]] int run_program(const Program& program, int argc, char** argv);

}  // namespace nano::cli
