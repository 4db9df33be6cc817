# convert, gguf, quant, tokenizer
list(APPEND RUNTIME_SOURCES
  convert/added_tokens_files.cpp convert/config.cpp convert/convert.cpp convert/folder.cpp convert/kin.cpp convert/known_keys.cpp
  convert/post_processor.cpp convert/safetensors.cpp convert/sentence_files.cpp convert/table.cpp convert/tensor_map.cpp
  convert/unigram_text.cpp convert/vocabulary_checks.cpp convert/vocabulary_files.cpp convert/vocabulary_keys.cpp
  gguf/describe.cpp gguf/metadata.cpp gguf/reader.cpp gguf/reader_tensors.cpp gguf/writer.cpp
  quant/dequantize.cpp quant/float_convert.cpp quant/k_blocks.cpp quant/nano_blocks.cpp quant/quantize.cpp quant/quantize_file.cpp quant/types.cpp
  tokenizer/added_tokens.cpp tokenizer/best_path.cpp tokenizer/byte_pairs.cpp tokenizer/charsmap.cpp tokenizer/nfc.cpp tokenizer/piece_table.cpp tokenizer/sentencepiece.cpp
  tokenizer/sentencepiece_load.cpp tokenizer/split.cpp tokenizer/templates.cpp tokenizer/tokenizer.cpp tokenizer/unicode.cpp
  tokenizer/piece_texts.cpp tokenizer/unicode_tables.cpp tokenizer/vocabulary.cpp tokenizer/wordpiece.cpp tokenizer/wordpiece_load.cpp)
