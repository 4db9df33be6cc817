// schemas/range.h: the version ranges people write.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/version_set.h"

namespace nano::schemas {

inline constexpr std::size_t kMaxRangeBytes = 1024;

/// A range as written and the set it means.
///
///   1.2.3  =1.2.3    exactly that                 1.2  1.2.x  1.2.*   >=1.2.0 <1.3.0;  `x`, `*` any
///   ^1.2.3           >=1.2.3 <2.0.0               ^0.2.3  >=0.2.3 <0.3.0      ^0.0.3  >=0.0.3 <0.0.4
///   ~1.2.3  ~1.2     >=1.2.3 <1.3.0               ~1      >=1.0.0 <2.0.0
///   < <= > >=        `>1.2` is >=1.3.0, `<=1.2` is <1.3.0 (as npm)
///   1.2 - 2.3        >=1.2.0 <2.4.0               a space or comma means and; `||` means or
///
/// An upper bound `<2.0.0` keeps out the pre-releases of 2.0.0 too, unless the same conjunction has a lower bound that
/// is a pre-release of 2.0.0 (as pub and npm do): nobody who writes <2.0.0 wants 2.0.0-beta.
class Range {
 public:
  Range();  ///< any version, "*"
  /// errors  usage: the faulty piece is named; also a range that no version can satisfy (`>2 <1`)
  [[nodiscard]] static Result<Range> parse(std::string_view text);
  [[nodiscard]] static Range exactly(const Version& v);

  [[nodiscard]] const std::string& text() const { return text_; }  ///< as written, trimmed
  [[nodiscard]] const VersionSet& set() const { return set_; }
  [[nodiscard]] bool is_any() const { return set_.is_all(); }
  [[nodiscard]] bool contains(const Version& v) const { return set_.contains(v); }  ///< pure order

  /// The pre-releases that the range begins from, as written: what is_first_choice (first_choice.h) asks for.
  [[nodiscard]] const std::vector<Version>& named() const { return named_; }
  /// Is `v` in the set, and of the first choice? Others in the set are a second choice.
  [[nodiscard]] bool prefers(const Version& v) const;
  /// Indices of those in the set, best first: preferred ones in falling order, then the other pre-releases in falling order.
  [[nodiscard]] std::vector<std::size_t> candidates(std::span<const Version> versions) const;
  /// The first candidate: pre-releases only when no release fits or the range names one.
  [[nodiscard]] std::optional<std::size_t> select(std::span<const Version> versions) const;

  friend bool operator==(const Range& a, const Range& b) {
    return a.set_ == b.set_ && a.named_ == b.named_;  // however written
  }

 private:
  std::string text_{};
  VersionSet set_{};
  std::vector<Version> named_{};  ///< the pre-releases written in the text as the beginning of something
};

}  // namespace nano::schemas
