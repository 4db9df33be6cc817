// base/fs_named.cpp: the one sentence for what is not there.
#include "base/fs_named.h"

#include <algorithm>
#include <climits>

#include "base/text.h"

namespace nano::fs {

Result<What> look_for(const Path& path) {
  const std::string text = path.string();
  const bool too_long = text.size() >= PATH_MAX || std::any_of(path.begin(), path.end(), [](const Path& p) { return p.native().size() > NAME_MAX; });
  if (too_long) return make_error(Errc::usage, "the path '" + sanitize(text.substr(0, 64)) + "…' is longer than a path may be");
  NANO_TRY_ASSIGN(const What what, look_follow(path));
  if (what != What::absent) return what;
  return make_error(Errc::not_found, "no such file: '" + sanitize(text) + "'",
                    text.starts_with("~") ? "a shell puts the home folder in the place of '~' only at the beginning of a word without quotes"
                                          : "a path ends in .nano or .gguf or holds a '/'; a package is called `name` or `namespace/name`");
}

}  // namespace nano::fs
