// runtime_shim/gguf/parser.h: the cursor that reader.cpp and reader_tensors.cpp move over a file. Not for others.
#pragma once

#include <string>
#include <string_view>

#include "runtime_shim/gguf/reader.h"

namespace nano::gguf {

/// Fills a File from its bytes. `at_` is where reading goes on, and the byte that messages name.
class Parser {
 public:
  explicit Parser(File& file) : file_(file) {}
  [[nodiscard]] Status run();

 private:
  [[nodiscard]] Status header();
  [[nodiscard]] Status pairs();
  [[nodiscard]] Status value(std::string_view key, uint32_t type, Value& out);
  [[nodiscard]] Status array(std::string_view key, Value& out);
  [[nodiscard]] Status bools(std::string_view key, ValueType type, std::span<const std::byte> bytes) const;
  [[nodiscard]] Status alignment();
  [[nodiscard]] Status tensor_infos();
  [[nodiscard]] Status tensor_info(uint64_t index, Tensor& out);
  [[nodiscard]] Status sizes(Tensor& tensor, uint64_t& bytes) const;
  [[nodiscard]] Status place_tensors();

  template <class T>
  [[nodiscard]] bool take(T& out);                            ///< false: the file ends first
  [[nodiscard]] std::span<const std::byte> skip(uint64_t n);  ///< n must be at most left()
  [[nodiscard]] Result<std::string_view> text(uint64_t limit, std::string_view what);
  [[nodiscard]] std::size_t left() const { return file_.bytes_.size() - at_; }
  [[nodiscard]] Error broken(std::string message) const;

  File& file_;
  std::size_t at_ = 0;
  uint64_t tensor_count_ = 0;
  uint64_t pair_count_ = 0;
  std::vector<uint64_t> lengths_{};  ///< bytes of each tensor, until they are placed
};

// Both files that move the cursor use these two widths.
extern template bool Parser::take<uint32_t>(uint32_t&);
extern template bool Parser::take<uint64_t>(uint64_t&);

}  // namespace nano::gguf
