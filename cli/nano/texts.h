// cli/nano/texts.h: where `run` and `embed` take their texts from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/invocation.h"

namespace nano::cli {

inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;  ///< of one line from a pipe

/// Where texts come from a terminal: what to type, on standard error.
void say_what_to_type(const Invocation& in);

/// Call `one` for each TEXT argument, and in place of `-` (or when there are none) for each line of standard input as it
/// comes, without its line end. Empty lines count: results stay in step. Stops quietly when nobody reads the output.
///   errors  invalid: a line longer than kMaxLineBytes; store: reading failed; whatever `one` returns
[[nodiscard]] Status for_each_text(Invocation& in, const std::function<Status(std::string_view)>& one);

/// One text, or two that belong together.
struct TextInput {
  std::string_view text{};
  std::optional<std::string_view> pair{};
};

/// As for_each_text; with --pair the arguments are taken two by two, and a line is {"text": …, "text_pair": …}.
///   errors  usage: an odd number of arguments; invalid: a line that is no such object
[[nodiscard]] Status for_each_input(Invocation& in, const std::function<Status(const TextInput&)>& one);

/// The lines of a descriptor, one by one; `one` returns false to stop.
[[nodiscard]] Status for_each_line(int fd, const std::function<Result<bool>(std::string_view)>& one);

/// Bytes that are not UTF-8 become U+FFFD; all else is kept: for JSON, which escapes the rest.
[[nodiscard]] std::string sanitize_utf8(std::string_view bytes);

}  // namespace nano::cli
