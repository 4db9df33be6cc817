// runtime_shim/convert/convert.h: a Hugging Face folder to a GGUF (`nano convert`).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fs_output.h"
#include "base/result.h"

namespace nano::convert {

struct ConvertReport {
  std::string hf_class{};      ///< as config.json names it; foreign text, as all text here
  std::string architecture{};  ///< general.architecture
  std::string task{};          ///< nano.task
  std::string tokenizer{};     ///< tokenizer.ggml.model
  uint32_t vocabulary = 0;     ///< pieces
  uint32_t context = 0;        ///< tokens
  std::vector<std::string> labels{};
  uint64_t tensors = 0;
  uint64_t parameters = 0;
  uint64_t out_bytes = 0;
  std::vector<std::string> left_out{};  ///< tensors of the folder that the model does not need
  std::vector<std::string> notes{};     ///< prompts that the caller puts before texts, keys that nothing reads
};

/// Write the model of `dir` as a GGUF, with names and metadata as llama.cpp's for its architecture, and nano.* for what
/// those do not say (docs/FORMATS.md). Matrices keep their type (f32, f16, bf16), vectors become f32. The result has been
/// loaded, with its tokenizer, before this returns.
///
///   dir      config.json; model.safetensors, or its shards with their index; tokenizer.json, or vocab.txt, or vocab.json
///            with merges.txt. No pickle is opened, no code of the folder is run
///   out      whatever it is (base/fs_output.h); the same bytes on every machine
///   errors   as read_config, Folder::open, map_tensors, read_vocabulary; usage: `out` is not to be replaced; store
[[nodiscard]] Result<ConvertReport> convert(const fs::Path& dir, const fs::Path& out, bool replace = true);

}  // namespace nano::convert
