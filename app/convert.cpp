// app/convert.cpp: see the header.
#include "app/convert.h"

#include "base/text.h"
#include "runtime_shim/convert/convert.h"

namespace nano::app {

Result<ConvertReport> convert(const ConvertOptions& options) {
  if (!options.force && fs::exists(options.out))
    return make_error(Errc::usage, "'" + sanitize(options.out.string()) + "' exists",
                      "choose another name, or --force to replace it");
  NANO_TRY_ASSIGN(auto r, nano::convert::convert(options.dir, options.out));
  return ConvertReport{.hf_class = std::move(r.hf_class),
                       .architecture = std::move(r.architecture),
                       .task = std::move(r.task),
                       .tokenizer = std::move(r.tokenizer),
                       .vocabulary = r.vocabulary,
                       .context = r.context,
                       .labels = std::move(r.labels),
                       .tensors = r.tensors,
                       .parameters = r.parameters,
                       .out_bytes = r.out_bytes,
                       .left_out = std::move(r.left_out),
                       .notes = std::move(r.notes)};
}

}  // namespace nano::app
