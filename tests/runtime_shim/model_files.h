// tests/runtime_shim/model_files.h: the golden model, and copies of it with one thing changed.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/gguf/writer.h"

namespace nano::test {

/// One case of tests/data/bert_tiny/golden.json.
struct Golden {
  std::string text{};
  std::vector<int32_t> ids{};
  std::vector<float> first{}, last{}, mean{}, logits{}, scores{};
};
[[nodiscard]] std::vector<Golden> golden_cases();
[[nodiscard]] std::filesystem::path bert_tiny();  ///< tests/data/bert_tiny/bert_tiny.gguf

[[nodiscard]] std::filesystem::path family(const std::string& name);  ///< tests/data/family/
[[nodiscard]] Json family_golden(const std::string& model);  ///< the cases of one model in its golden.json

/// What to change when the golden model is written again.
struct Changes {
  std::filesystem::path from{};               ///< another model; "" = the golden one
  std::set<std::string> without{};            ///< keys and tensors left out
  std::function<void(gguf::Builder&)> add{};  ///< called after the keys, before the tensors
  std::string poisoned{};                     ///< this tensor's fourth value becomes infinite
};
void write_changed(const Changes& changes, const std::filesystem::path& path);

}  // namespace nano::test
