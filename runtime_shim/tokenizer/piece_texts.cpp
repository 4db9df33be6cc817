// runtime_shim/tokenizer/piece_texts.cpp: see the header.
#include "runtime_shim/tokenizer/piece_texts.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tokenizer {

PieceTexts::PieceTexts(const gguf::File& file)
    : text_(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()) {}

Result<std::vector<std::string_view>> PieceTexts::read(const gguf::File& file) {
  NANO_TRY_ASSIGN(auto pieces, file.get_string_array("tokenizer.ggml.tokens"));
  if (pieces.empty() || pieces.size() > kMaxVocabulary)
    return file.invalid("the vocabulary has " + std::to_string(pieces.size()) + " pieces; 1 to " +
                        std::to_string(kMaxVocabulary) + " are possible");
  if (static_cast<std::size_t>(pieces.back().data() - reinterpret_cast<const char*>(file.bytes().data())) >
      0xFFFFFFFFu)
    return file.unsupported("the vocabulary lies beyond the first 4 GiB of the file");
  return pieces;
}

Error PieceTexts::homeless(const gguf::File& file, std::size_t id, std::string_view piece) {
  return file.invalid("piece " + std::to_string(id) + " of the vocabulary, '" + gguf::shown(piece) +
                      "', is one of too many that hash alike");
}

void PieceTexts::place(packed::Image& image, std::size_t count, const std::vector<std::string_view>& pieces) {
  starts_ = image.place<uint32_t>(count, [&](std::span<uint32_t> to) {
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<uint32_t>(pieces[i].data() - text_.data());
  });
}

std::string_view PieceTexts::piece(int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= starts_.size()) return {};
  const std::size_t at = starts_[static_cast<std::size_t>(id)];
  uint64_t length = 0;
  if (at < sizeof(length) || at > text_.size()) return {};
  std::memcpy(&length, text_.data() + at - sizeof(length), sizeof(length));
  return text_.substr(at, static_cast<std::size_t>(std::min<uint64_t>(length, text_.size() - at)));
}

std::optional<int32_t> PieceTexts::first_id(std::string_view bytes) const {
  for (std::size_t i = 0; i < starts_.size(); ++i)
    if (piece(static_cast<int32_t>(i)) == bytes) return static_cast<int32_t>(i);
  return std::nullopt;
}

}  // namespace nano::tokenizer
