// base/error.h: what went wrong, in one value that a person and a program can both use.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nano {

/// The kinds of failure nano can report. One kind = one decision a caller may take. The numbers are stable:
/// they are the exit codes, the C ABI's nano_status and the `code` of JSON errors (docs/EXIT_CODES.md).
enum class Errc : int {
  ok = 0,
  internal = 1,       ///< a bug in nano
  usage = 2,          ///< the caller (or the person) asked for something malformed
  not_found = 3,      ///< name, version, digest, tensor or file does not exist
  no_solution = 4,    ///< no set of versions satisfies what was asked
  network = 5,        ///< transport failed; retrying may help
  integrity = 6,      ///< bytes differ from the digest or length that was promised
  untrusted = 7,      ///< a signature, threshold, expiry or policy rule failed
  denied = 8,         ///< authentication, gated access, licence not accepted
  store = 9,          ///< the local disk, store or lock refused
  unmet = 10,         ///< a claim or a --min/--max does not hold
  updates = 11,       ///< `outdated --exit-code` found updates
  refused = 12,       ///< --offline or --locked forbids what would be needed
  invalid = 13,       ///< a file or document breaks its format
  unsupported = 14,   ///< valid, but this build, CPU or version cannot do it
  attention = 15,     ///< audit, status or policy check found something
  interrupted = 130,  ///< SIGINT or SIGTERM
};

/// The stable word for a code: JSON `kind` ("not_found"), and with spaces the first words of an error line.
[[nodiscard]] std::string_view kind(Errc code) noexcept;

/// A failure: a kind, a sentence, and the trail of what nano was doing (innermost first).
struct Error {
  Errc code = Errc::internal;
  std::string message{};               ///< lower case, no full stop; names the thing and the place
  std::string hint{};                  ///< the remedy: what the person can do next; may be empty
  std::vector<std::string> context{};  ///< "reading manifest tiny@1.2.0"

  [[nodiscard]] Error while_(std::string doing) && {
    context.push_back(std::move(doing));
    return std::move(*this);
  }
  [[nodiscard]] std::string render() const;  ///< the one place that turns an Error into text for people
};

/// `make_error(Errc::not_found, "no package 'x'", "try `nano search x`")`
[[nodiscard]] inline Error make_error(Errc code, std::string message, std::string hint = {}) {
  return Error{.code = code, .message = std::move(message), .hint = std::move(hint), .context = {}};
}

}  // namespace nano
