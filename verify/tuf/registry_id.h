// verify/tuf/registry_id.h: which registry a root begins, whatever its file went through on its way.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace nano::verify::tuf {

/// A metadata file as write_document would have written it, whatever white space, line ends or order it came with.
/// errors  as parse_document
[[nodiscard]] Result<std::string> canonical_file(std::string_view bytes, uint64_t max_bytes);
/// The id of the registry that begins with this root: sha256 of its canonical file, so that an editor's line ends or a mailer's
/// newline name the same registry. Of what nano-registry wrote it is the sha256 of the file.
[[nodiscard]] Result<Digest> registry_id(std::string_view first_root);

}  // namespace nano::verify::tuf
