// app/record.h: what was measured or written down of a package is put into its nano.json.
#pragma once

#include <string>
#include <vector>

#include "app/bench.h"
#include "app/context.h"

namespace nano::app {

/// A package folder that a person works on, and the variant whose weights are meant ("" = it has no variants).
struct RecordPlace {
  fs::Path dir{};
  std::string variant{};
  bool only_variant = true;
};

/// Of a MODEL as for run: a package folder (its default variant), or weights in one; of `base+head` the head's.
///   errors  usage: neither, or an installed package; invalid: nano.json has problems (`nano pack` lists them)
[[nodiscard]] Result<RecordPlace> record_place(const std::string& model);

/// Name `file`, which lies in the folder, as a golden file: of the variant, where there are several. Nothing is changed where it
/// is named already.
///   errors  usage: the file is not in the folder, or its path is none that a package may have; store
[[nodiscard]] Status record_golden_file(const RecordPlace& place, const fs::Path& file);

/// Put the report's figures in as claims: the accuracy, and the latency and memory of each row that is one text at a time, of
/// the length that comes nearest to 32 tokens. Claims of the same figure under the same conditions are replaced.
///   returns what was written, "accuracy 0.8486" and so on
///   errors  store; invalid: more claims than a manifest holds
[[nodiscard]] Result<std::vector<std::string>> record_claims(const Context& ctx, const RecordPlace& place, const BenchReport& report,
                                                             const BenchOptions& options, const std::string& version);

}  // namespace nano::app
