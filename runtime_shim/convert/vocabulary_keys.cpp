// runtime_shim/convert/vocabulary_keys.cpp: a vocabulary as keys of a GGUF: llama.cpp's, and nano's for what those do not say.
#include "runtime_shim/convert/vocabulary_files.h"

namespace nano::convert {
namespace {

std::vector<int32_t> numbers(const std::vector<tokenizer::TemplatePart>& parts) {
  std::vector<int32_t> out;
  for (const auto& part : parts) {
    out.push_back(part.id);
    out.push_back(part.type);
  }
  return out;
}

}  // namespace

void write_vocabulary(const VocabularyFiles& v, const ModelConfig& config, gguf::Builder& b) {
  b.set_string("tokenizer.ggml.model", v.model);
  b.set_string("tokenizer.ggml.pre", v.pre);
  if (config.token_types != 0) b.set_u32("tokenizer.ggml.token_type_count", config.token_types);
  b.set_string_array("tokenizer.ggml.tokens", v.pieces);
  if (v.kind == VocabularyKind::unigram) b.set_f32_array("tokenizer.ggml.scores", v.scores);
  b.set_i32_array("tokenizer.ggml.token_type", v.types);
  if (v.kind == VocabularyKind::byte_pairs) b.set_string_array("tokenizer.ggml.merges", v.merges);
  if (v.kind == VocabularyKind::unigram) {
    // What comes nearest, for llama.cpp; the keys of nano say it all.
    b.set_bool("tokenizer.ggml.add_space_prefix", v.prefix != "never");
    b.set_bool("tokenizer.ggml.remove_extra_whitespaces", v.words == "spaces" || (v.merge_spaces && v.strip != "none"));
    b.set_string("nano.tokenizer.words", v.words);
    b.set_string("nano.tokenizer.prefix", v.prefix);
    b.set_string("nano.tokenizer.strip", v.strip);
    b.set_bool("nano.tokenizer.merge_spaces", v.merge_spaces);
    if (!v.charsmap.empty()) b.set_bytes("tokenizer.ggml.precompiled_charsmap", v.charsmap);
  }
  const std::pair<const char*, int32_t> ids[] = {{"unknown", v.unknown}, {"cls", v.cls}, {"bos", v.cls},
                                                 {"seperator", v.sep},   {"eos", v.sep}, {"padding", v.pad},
                                                 {"mask", v.mask}};
  for (const auto& id : ids)
    if (id.second >= 0)
      b.set_u32("tokenizer.ggml." + std::string(id.first) + "_token_id", static_cast<uint32_t>(id.second));
  if (v.kind != VocabularyKind::word_piece) {
    b.set_bool("tokenizer.ggml.add_bos_token", true);
    b.set_bool("tokenizer.ggml.add_eos_token", true);
  }
  if (v.kind == VocabularyKind::byte_pairs && v.nfc != (v.pre == "modern-bert")) b.set_bool("nano.tokenizer.nfc", v.nfc);
  if (v.kind == VocabularyKind::byte_pairs && v.space_before) b.set_bool("tokenizer.ggml.add_space_prefix", true);
  if (v.kind == VocabularyKind::word_piece && v.max_word_chars != 100)
    b.set_u32("nano.tokenizer.max_word_chars", v.max_word_chars);
  if (v.kind == VocabularyKind::word_piece && v.hashes) b.set_string("nano.tokenizer.continuing_prefix", "##");
  if (!v.added_ids.empty()) {
    b.set_i32_array("nano.tokenizer.added_ids", v.added_ids);
    b.set_i32_array("nano.tokenizer.added_flags", v.added_flags);
  }
  if (!v.usual_templates) {
    b.set_i32_array("nano.tokenizer.single", numbers(v.templates.single));
    b.set_i32_array("nano.tokenizer.pair", numbers(v.templates.pair));
  }
  if (v.kind == VocabularyKind::word_piece && (!v.lower_case || !v.strip_accents)) {
    b.set_bool("tokenizer.ggml.normalizer.lowercase", v.lower_case);
    b.set_bool("tokenizer.ggml.normalizer.strip_accents", v.strip_accents);
    b.set_bool("nano.tokenizer.lower_case", v.lower_case);
    b.set_bool("nano.tokenizer.strip_accents", v.strip_accents);
  }
}

}  // namespace nano::convert
