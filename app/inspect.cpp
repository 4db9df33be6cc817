// app/inspect.cpp: a GGUF described, and quantized.
#include "app/inspect.h"

#include "app/list.h"
#include "base/text.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/quant/quantize_file.h"

namespace nano::app {

Result<InspectReport> inspect(const Context& ctx, const std::string& what) {
  fs::Path path = what;
  std::error_code ec;
  if (!std::filesystem::is_regular_file(path, ec)) {
    if (what.find('/') != std::string::npos || what.ends_with(".gguf"))
      return make_error(Errc::not_found, "there is no file '" + sanitize(what) + "'", "give the path of a .gguf, or an installed name");
    NANO_TRY_ASSIGN(path, weights_path(ctx, what));
  }
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(path));
  const gguf::Description d = gguf::describe(file);
  InspectReport r;
  r.path = path.string();
  r.file_bytes = file.bytes().size();
  r.gguf_version = file.version();
  r.parameters = d.parameters;
  for (const auto& m : d.metadata) r.metadata.emplace_back(m.key, m.text);
  for (const auto& t : file.tensors()) {
    InspectTensor row{.name = std::string(t.name), .type = std::string(t.type->name), .shape = {}, .bytes = t.bytes.size()};
    for (uint32_t i = 0; i < t.rank; ++i) row.shape.push_back(t.dims[i]);
    r.tensors.push_back(std::move(row));
  }
  return r;
}

}  // namespace nano::app
