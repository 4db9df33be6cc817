// store/roots.h: what projects want: roots/<sha256 of the project's path>.json. gc keeps it while the project exists.
//
//   {"schema":"nano.root/1","project":"/abs/path","wants":<a generation document>}
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "schemas/generation.h"
#include "store/store.h"

namespace nano::store {

struct ProjectRoot {
  Path project{};                ///< absolute
  schemas::Generation wants{};
  std::string file{};            ///< relative to the store
};

/// errors  usage: `project` is not absolute; store
[[nodiscard]] Status write_root(const WriteLock& lock, const Path& project, const schemas::Generation& wants);
/// errors  not_found, invalid, store
[[nodiscard]] Result<ProjectRoot> read_root(const StoreLayout& layout, const Path& project);
/// By its name in roots/.   errors  not_found, invalid, store
[[nodiscard]] Result<ProjectRoot> read_root_file(const StoreLayout& layout, const std::string& name);
/// All of them. errors  invalid: one is damaged (named), store
[[nodiscard]] Result<std::vector<ProjectRoot>> read_roots(const StoreLayout& layout);

}  // namespace nano::store
