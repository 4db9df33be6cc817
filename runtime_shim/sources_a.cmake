# gguf, quant, tokenizer
list(APPEND RUNTIME_SOURCES
  gguf/describe.cpp gguf/metadata.cpp gguf/reader.cpp gguf/reader_tensors.cpp gguf/writer.cpp
  quant/dequantize.cpp quant/float_convert.cpp quant/quantize.cpp quant/quantize_file.cpp quant/types.cpp
  tokenizer/byte_pairs.cpp tokenizer/charsmap.cpp tokenizer/piece_table.cpp tokenizer/sentencepiece.cpp
  tokenizer/sentencepiece_load.cpp tokenizer/split.cpp tokenizer/tokenizer.cpp tokenizer/unicode.cpp
  tokenizer/unicode_tables.cpp tokenizer/vocabulary.cpp tokenizer/wordpiece.cpp tokenizer/wordpiece_load.cpp)
