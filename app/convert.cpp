// app/convert.cpp: see the header.
#include "app/convert.h"

#include "runtime_shim/convert/convert.h"

namespace nano::app {

Result<ConvertReport> convert(const ConvertOptions& options) {
  NANO_TRY_ASSIGN(auto r, nano::convert::convert(options.dir, options.out, options.force));
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
