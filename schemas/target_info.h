// schemas/target_info.h: what a namespace's role says of one release (the `custom` of its TUF target): all that a resolver
// needs, so that no release is fetched that is not chosen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/index.h"

namespace nano::schemas {

inline constexpr std::string_view kTargetInfoSchema = "nano.target/1";
inline constexpr uint64_t kMaxTargetInfoBytes = 262'144;
inline constexpr std::size_t kMaxHeadlines = 32;  ///< claims of one release that its role repeats

/// Made from the release; only `yanked` changes afterwards, and the publisher's keys sign that too.
struct TargetInfo {
  Kind kind = Kind::model;
  std::string title{};
  std::string task{};
  std::string license{};  ///< SPDX
  std::string abi{};      ///< ModelInfo::abi
  uint64_t parameters = 0;
  Access access = Access::open;
  std::string published{};  ///< YYYY-MM-DDTHH:MM:SSZ, the publisher's word: see IndexVersion::first_served
  std::string yanked{};     ///< the reason; "" = not yanked
  std::vector<IndexVariant> variants{};
  std::vector<Dependency> dependencies{};
  std::vector<HeadlineClaim> claims{};
  friend bool operator==(const TargetInfo&, const TargetInfo&) = default;
};

/// errors  invalid
[[nodiscard]] Result<TargetInfo> parse_target_info(std::string_view bytes);
[[nodiscard]] Problems check_target_info(std::string_view bytes);
[[nodiscard]] std::string write_target_info(const TargetInfo& info);

/// What a role should say of a release.
///   published  when it is put into the role, not the release's own date (which a bundle's maker chose)
[[nodiscard]] TargetInfo target_info(const Release& release, std::string published);

/// A version as its role lists it.
struct ListedRelease {
  Version version{};
  Digest release{};           ///< of the release's bytes
  uint64_t release_size = 0;  ///< bytes
  TargetInfo info{};
};
/// A package made of what its role lists, in any order; not empty. Without the words of add_words.
[[nodiscard]] IndexPackage package_of(const PackageName& name, const std::vector<ListedRelease>& listed);

}  // namespace nano::schemas
