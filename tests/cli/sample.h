// tests/cli/sample.h: a small program's table for the tests.
#pragma once

#include "cli/table.h"

namespace nano::test {

/// `demo install PACKAGE... [--dry-run --yes]`, `demo search [WORD...] [--limit N --task T --key K]`, `demo show NAME`,
/// `demo shell SHELL`, `demo registry add NAME URL`, `demo registry list`.
[[nodiscard]] const cli::Program& sample_program();

}  // namespace nano::test
