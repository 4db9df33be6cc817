// app/inspect.h: look into a GGUF, and make a smaller one.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/bench.h"
#include "app/context.h"

namespace nano::app {

struct InspectTensor {
  std::string name{};
  std::string type{};
  std::vector<uint64_t> shape{};  ///< as GGUF writes it: the contiguous dimension first
  uint64_t bytes = 0;
};
struct InspectReport {
  std::string path{};
  uint64_t file_bytes = 0;
  uint32_t gguf_version = 0;
  uint64_t parameters = 0;
  std::vector<std::pair<std::string, std::string>> metadata{};  ///< foreign text: sanitise before printing
  std::vector<InspectTensor> tensors{};
};
/// `what`: a path of a GGUF or an installed name. errors  not_found, invalid, unsupported
[[nodiscard]] Result<InspectReport> inspect(const Context& ctx, const std::string& what);

struct QuantizeOptions {
  fs::Path in{};
  fs::Path out{};
  std::string type = "q4_0";  ///< of schemas::quantize_spellings()
  bool force = false;         ///< replace `out`
  bool uniform = false;       ///< q3, q2: no weight gets a wider type (quant::quantize_file)
  std::string eval_file{};    ///< labelled texts (as for bench) to answer before and after; "" = none
};
struct QuantizeTensor {
  std::string name{};
  std::string from{};
  std::string to{};
  double rmse = 0;  ///< root mean square error against the input's values
  double max_error = 0;
  double relative = 0;  ///< rmse as a part of the values' own root mean square
  std::string note{};   ///< of a weight that is not of the asked type: why
};
struct QuantizeReport {
  uint64_t in_bytes = 0;
  uint64_t out_bytes = 0;
  std::vector<QuantizeTensor> tensors{};
  std::string type{};                      ///< that was asked for, as GGUF calls it
  std::vector<std::string> warnings{};     ///< what the new file will not do
  std::optional<BenchEval> before{}, after{};  ///< with eval_file
};
/// Byte-identical on every machine.
/// errors  usage (type, or out exists), invalid, store; with eval_file as bench: then the output has been written
[[nodiscard]] Result<QuantizeReport> quantize(Context& ctx, const QuantizeOptions& options);

}  // namespace nano::app
