// cli/bus_error.h: a mapped file that becomes shorter while it is read: an error line, not a crash.
#pragma once

namespace nano::cli {

/// From here on SIGBUS of a mapping whose file ended ends the program with an error and exit code 9. Other causes keep their
/// default. For programs only: a library leaves its host's signals alone (nano.h says so).
///
///   json             the error as a document, as render_error writes it
///   err_is_terminal  a status line is cleared first
void install_bus_error_handler(bool json, bool err_is_terminal);

}  // namespace nano::cli
