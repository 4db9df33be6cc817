// runtime_shim/convert/folder.h: a Hugging Face model folder: its JSON files and its weights, in one file or in shards.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/json.h"
#include "base/result.h"
#include "runtime_shim/convert/safetensors.h"

namespace nano::convert {

inline constexpr uint64_t kMaxConfigBytes = 4ull << 20;  ///< of config.json and the other small ones
inline constexpr uint64_t kMaxTokenizerBytes =
    128ull << 20;  ///< of tokenizer.json, vocab.json, vocab.txt, merges.txt

/// Read-only. Pickles (pytorch_model.bin) are never opened.
class Folder {
 public:
  /// Opens the weights: model.safetensors, or the shards that model.safetensors.index.json names.
  /// errors  not_found: no such folder, no weights in it; unsupported: only a pickle or another framework's file (the
  ///         remedy is named); invalid: an index that does not hold together; as Safetensors::open
  [[nodiscard]] static Result<Folder> open(const fs::Path& dir);

  /// Of files that are given, not read: name -> bytes, without folders. Tests and fuzzing.
  [[nodiscard]] static Result<Folder> of(std::map<std::string, std::string> files);

  /// Of which only the files that are named are wanted: no weights are looked for.
  [[nodiscard]] static Folder without_weights(const fs::Path& dir);
  /// The folder `path` in this one, with weights of its own.   errors  as open
  [[nodiscard]] Result<Folder> inside(const std::string& path) const;

  [[nodiscard]] const fs::Path& dir() const { return dir_; }
  [[nodiscard]] bool has(std::string_view file) const;
  /// errors  not_found; invalid: not JSON (duplicate keys included), not an object or array, longer than the limit
  [[nodiscard]] Result<Json> json(std::string_view file, uint64_t max_bytes = kMaxConfigBytes) const;
  [[nodiscard]] Result<std::string> text(std::string_view file, uint64_t max_bytes) const;

  [[nodiscard]] const SourceTensor* find(std::string_view tensor) const;  ///< nullptr when absent
  [[nodiscard]] std::vector<const SourceTensor*> tensors() const;         ///< of all shards

  /// `dir: message`.
  [[nodiscard]] Error invalid(std::string message) const;
  [[nodiscard]] Error unsupported(std::string message, std::string hint = {}) const;

 private:
  [[nodiscard]] Status open_weights();
  [[nodiscard]] std::string remedy(bool pickle) const;
  [[nodiscard]] Result<Safetensors> open_weight_file(const std::string& file) const;

  fs::Path dir_{};
  std::shared_ptr<const std::map<std::string, std::string>> given_{};  ///< null: the files lie in dir_
  std::vector<Safetensors> shards_{};
};

}  // namespace nano::convert
