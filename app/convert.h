// app/convert.h: another tool's model folder becomes a GGUF.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct ConvertOptions {
  fs::Path dir{};  ///< of a Hugging Face model
  fs::Path out{};
  bool force = false;  ///< replace `out`
};
/// Foreign text: sanitise before printing.
struct ConvertReport {
  std::string hf_class{};      ///< "BertForSequenceClassification"
  std::string architecture{};  ///< "bert"
  std::string task{};          ///< "text-classification"
  std::string tokenizer{};     ///< "bert", "gpt2", "t5"
  uint32_t vocabulary = 0;     ///< pieces
  uint32_t context = 0;        ///< tokens
  std::vector<std::string> labels{};
  uint64_t tensors = 0;
  uint64_t parameters = 0;
  uint64_t out_bytes = 0;
  std::vector<std::string> left_out{};  ///< tensors that the model does not need
  std::vector<std::string> notes{};     ///< prompts that are the caller's to put before texts, keys that nothing reads
};
/// errors  usage: `out` exists; as convert::convert
[[nodiscard]] Result<ConvertReport> convert(const ConvertOptions& options);

}  // namespace nano::app
