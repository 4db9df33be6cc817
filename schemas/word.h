// schemas/word.h: is what a person typed a path, or the name of a package? The one place that decides it.
//
// The letters alone decide, never what lies in the working folder: a bare word is a package's name, also where a file is called so.
#pragma once

#include <string_view>

namespace nano::schemas {

/// A path is what ends in `.nano` or `.gguf`, `.`, `..`, and what holds a `/` and is not `namespace/name[@range][:variant]`;
/// `./acme/tiny` is a path where `acme/tiny` is a package. A bundle's path may have a variant behind it (`x.nano:q4`).
[[nodiscard]] bool is_path(std::string_view word);

}  // namespace nano::schemas
