// base/text.h: text that others wrote, and text for people.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nano {

/// Make foreign text (cards, titles, labels, server errors) safe to print: C0 (but newline and tab when
/// `multiline`), DEL, C1, bidi controls (U+061C, U+200E-F, U+202A-E, U+2066-9), U+2028/9, U+FEFF and invalid
/// UTF-8 become U+FFFD. Nothing a terminal would obey is left.
[[nodiscard]] std::string sanitize(std::string_view foreign, bool multiline = false);

/// The candidate nearest to `word` by Damerau-Levenshtein distance (optimal string alignment), if near enough
/// to be a slip (at most 1 + length/4 edits). Ties go to the first.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

[[nodiscard]] bool is_utf8(
    std::string_view bytes);  ///< RFC 3629: no surrogates, no overlong forms, <= U+10FFFF
/// Decode one code point at `at` and advance it; an invalid byte gives U+FFFD and advances by one.
[[nodiscard]] uint32_t decode_utf8(std::string_view s, std::size_t& at);
void append_utf8(std::string& out, uint32_t code_point);

[[nodiscard]] std::string human_bytes(uint64_t n);         ///< "53.1 MB" (decimal units)
[[nodiscard]] std::string human_duration(double seconds);  ///< "1m 20s", "0.4s"
[[nodiscard]] std::vector<std::string> split(std::string_view s, char sep);
[[nodiscard]] std::string listed(std::span<const std::string> words);  ///< "a, b, c"
[[nodiscard]] std::string_view trim(std::string_view s);  ///< ASCII white space off both ends
/// Columns text occupies on a terminal, counting code points (combining marks and wide forms not considered).
[[nodiscard]] std::size_t columns(std::string_view s);

}  // namespace nano
