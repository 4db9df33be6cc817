// schemas/advisory.h: a registry's signed warning about releases: read on every install and by `nano audit`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schemas/name.h"
#include "schemas/problem.h"
#include "schemas/range.h"

namespace nano::schemas {

inline constexpr std::string_view kAdvisorySchema = "nano.advisory/1";
inline constexpr uint64_t kMaxAdvisoryBytes = 65'536;
inline constexpr std::size_t kMaxAdvisoryDetails = 4096;  ///< bytes of its text

/// malware is never installed; the others are reported.
enum class Severity { malware, critical, high, moderate, low };
[[nodiscard]] std::string_view to_text(Severity s);
[[nodiscard]] std::span<const std::string> severity_words();

struct Affected {
  PackageName name{};
  Range range{};  ///< the versions it holds for, pre-releases included by pure order
  friend bool operator==(const Affected&, const Affected&) = default;
};

struct Advisory {
  std::string id{};  ///< "nano-2026-0001": the grammar of names
  std::string title{};
  Severity severity = Severity::moderate;
  std::string published{};           ///< YYYY-MM-DDTHH:MM:SSZ
  std::string details{};             ///< text with line breaks; may be empty
  std::string url{};                 ///< may be empty
  std::vector<Affected> affected{};  ///< at least one

  [[nodiscard]] bool hits(const PackageName& name, const Version& version) const;
  friend bool operator==(const Advisory&, const Advisory&) = default;
};

/// errors  invalid
[[nodiscard]] Result<Advisory> parse_advisory(std::string_view bytes);
[[nodiscard]] Problems check_advisory(std::string_view bytes);
[[nodiscard]] std::string write_advisory(const Advisory& advisory);

}  // namespace nano::schemas
