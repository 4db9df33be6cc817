// registry/export_mark.h: the first entry of an export: which entries follow and what each is. Internal to export_*.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace nano::registry::internal {

struct ExportMark {
  struct Registry {
    Digest id{};
    std::map<std::string, Digest> metadata{};  ///< served name -> entry
  };
  struct Release {
    Digest digest{};
    Digest registry{};
    std::string variant{};
    bool requested = true;
  };
  std::vector<Registry> registries{};  ///< rising by id
  std::vector<Release> releases{};     ///< rising by digest, not empty
};

[[nodiscard]] std::string write_mark(const ExportMark& mark);
/// errors  invalid: not that document, out of order, a name that no registry serves; unsupported: another bundle schema
[[nodiscard]] Result<ExportMark> parse_mark(std::string_view bytes);

/// May metadata be served under this name? One segment of `[A-Za-z0-9._%~-]` that ends in .json.
[[nodiscard]] bool is_metadata_name(std::string_view name);

}  // namespace nano::registry::internal
