// runtime_shim/convert/vocabulary_files.h: a model's vocabulary from tokenizer.json, vocab.txt or vocab.json with merges.txt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime_shim/convert/config.h"
#include "runtime_shim/gguf/writer.h"
#include "runtime_shim/tokenizer/templates.h"

namespace nano::convert {

class Folder;

enum class VocabularyKind { word_piece, byte_pairs, unigram };

/// A vocabulary as the GGUF will hold it.
struct VocabularyFiles {
  VocabularyKind kind = VocabularyKind::word_piece;
  std::string model{}, pre{};  ///< tokenizer.ggml.model and .pre
  std::vector<std::string> pieces{};
  std::vector<int32_t> types{};                     ///< as many; llama.cpp's numbers
  std::vector<float> scores{};                      ///< unigram only
  std::vector<std::string> merges{};                ///< byte_pairs only
  std::string charsmap{};                           ///< unigram only: the normalisation, as bytes
  bool nfc = false;                                 ///< byte_pairs only
  bool space_before = false;                        ///< byte_pairs only: a space before the text
  bool lower_case = true, strip_accents = true;     ///< word_piece only
  uint32_t max_word_chars = 100;                    ///< word_piece only
  bool hashes = false;                              ///< word_piece only: the pieces stay in BERT's own form, "##ing"
  std::string words{}, prefix{}, strip{};           ///< unigram only: nano.tokenizer.words, .prefix, .strip
  bool merge_spaces = false;                        ///< unigram only
  std::vector<int32_t> added_ids{}, added_flags{};  ///< of the tokens of kind 4
  tokenizer::Templates templates{};                 ///< what stands around texts
  bool usual_templates = true;                      ///< as a reader takes them without a key
  int32_t unknown = -1, cls = -1, sep = -1, pad = -1, mask = -1;  ///< -1: none
};

/// Read the vocabulary. tokenizer.json counts where there is one, then vocab.txt, then vocab.json and merges.txt.
///
///   errors  not_found: none of the files; invalid: a file breaks its form, two pieces share an id, more pieces than
///           config.json's vocab_size, a special token that is no piece (named);
///           unsupported: a kind of tokenizer, normaliser, pre-tokenizer or post-processor, or a value of a key, that this
///           build does not do, and files that contradict each other (named)
[[nodiscard]] Result<VocabularyFiles> read_vocabulary(const Folder& folder, const ModelConfig& config);

/// The special tokens that tokenizers need to have and that a table's vocabulary may lack: pieces at its end, of no text.
void add_frame(VocabularyFiles& vocabulary);

/// The keys tokenizer.ggml.* and nano.tokenizer.*.
void write_vocabulary(const VocabularyFiles& vocabulary, const ModelConfig& config, gguf::Builder& builder);

}  // namespace nano::convert
