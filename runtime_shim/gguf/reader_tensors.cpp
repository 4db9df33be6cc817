// runtime_shim/gguf/reader_tensors.cpp: the tensor table: dims, products, offsets, and that no two tensors overlap.
#include <algorithm>
#include <limits>

#include "runtime_shim/gguf/parser.h"

namespace nano::gguf {

Status Parser::tensor_infos() {
  file_.tensors_.reserve(static_cast<std::size_t>(tensor_count_));
  lengths_.reserve(static_cast<std::size_t>(tensor_count_));
  for (uint64_t i = 0; i < tensor_count_; ++i) {
    Tensor tensor;
    NANO_TRY(tensor_info(i, tensor));
    uint64_t length = 0;
    NANO_TRY(sizes(tensor, length));
    file_.tensors_.push_back(tensor);
    lengths_.push_back(length);
  }
  auto& order = file_.by_name_;
  order.resize(file_.tensors_.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto& tensors = file_.tensors_;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return tensors[a].name < tensors[b].name; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (tensors[order[i]].name == tensors[order[i - 1]].name)
      return file_.invalid("tensor '" + shown(tensors[order[i]].name) + "' stands there twice");
  return Unit{};
}

Status Parser::tensor_info(uint64_t index, Tensor& out) {
  NANO_TRY_ASSIGN(out.name, text(kMaxTensorNameBytes, "the name of tensor " + std::to_string(index)));
  if (out.name.empty()) return broken("tensor " + std::to_string(index) + " has an empty name");
  const std::string who = "tensor '" + shown(out.name) + "'";
  if (!take(out.rank)) return broken("the file ends in the table of tensors, at " + who);
  if (out.rank == 0 || out.rank > kMaxDims)
    return broken(who + " has " + std::to_string(out.rank) + " dimensions; 1 to 4 are possible");
  for (uint32_t d = 0; d < out.rank; ++d) {
    if (!take(out.dims[d])) return broken("the file ends in the dimensions of " + who);
    if (out.dims[d] == 0) return broken(who + " has a dimension of 0");
  }
  uint32_t type = 0;
  if (!take(type) || !take(out.offset)) return broken("the file ends in the table of tensors, at " + who);
  out.type = quant::find_type(type);
  if (out.type == nullptr)
    return file_.unsupported(who + " is of tensor type " + std::to_string(type) +
                             ", which this build does not know");
  return Unit{};
}

Status Parser::sizes(Tensor& tensor, uint64_t& bytes) const {
  const std::string who = "tensor '" + shown(tensor.name) + "'";
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  uint64_t elements = 1;
  for (const uint64_t dim : tensor.dims)
    if (__builtin_mul_overflow(elements, dim, &elements) || elements > kMax)
      return broken("the dimensions of " + who + " multiply to more than 2^63");
  if (tensor.dims[0] % tensor.type->block != 0)
    return broken("the rows of " + who + " are " + std::to_string(tensor.dims[0]) +
                  " long, which no whole number of " + std::string(tensor.type->name) + " blocks of " +
                  std::to_string(tensor.type->block) + " fills");
  const auto row = quant::row_bytes(*tensor.type, tensor.dims[0]);
  if (!row || __builtin_mul_overflow(*row, tensor.rows(), &bytes) || bytes > kMax)
    return broken("the bytes of " + who + " are more than 2^63");
  if (tensor.offset % file_.alignment_ != 0)
    return broken(who + " lies at offset " + std::to_string(tensor.offset) + ", not a multiple of " +
                  std::to_string(file_.alignment_));
  return Unit{};
}

Status Parser::place_tensors() {
  if (file_.tensors_.empty()) return Unit{};  // a vocabulary alone: no data, and no padding before it
  const uint64_t align = file_.alignment_;
  const uint64_t begin = (uint64_t{at_} + align - 1) / align * align;
  if (begin > file_.bytes_.size()) return broken("the file ends before the tensors' data");
  const uint64_t size = file_.bytes_.size() - begin;
  std::vector<uint32_t> order(file_.by_name_);
  auto& tensors = file_.tensors_;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return tensors[a].offset < tensors[b].offset; });
  uint64_t taken = 0;  // end of the tensors before this one
  const Tensor* before = nullptr;
  for (const uint32_t i : order) {
    Tensor& t = tensors[i];
    const uint64_t length = lengths_[i];
    if (t.offset > size || length > size - t.offset)
      return file_.invalid("tensor '" + shown(t.name) + "' ends after the file: offset " +
                           std::to_string(t.offset) + " and " + std::to_string(length) + " bytes, of " +
                           std::to_string(size) + " bytes of data");
    if (t.offset < taken)
      return file_.invalid("tensors '" + shown(before->name) + "' and '" + shown(t.name) +
                           "' overlap at offset " + std::to_string(t.offset));
    taken = t.offset + length;
    before = &t;
    t.offset += begin;
    t.bytes = file_.bytes_.subspan(static_cast<std::size_t>(t.offset), static_cast<std::size_t>(length));
  }
  return Unit{};
}

}  // namespace nano::gguf
