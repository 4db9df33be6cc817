# gguf, quant, tokenizer
list(APPEND RUNTIME_SOURCES
  gguf/metadata.cpp gguf/reader.cpp gguf/reader_tensors.cpp
  quant/float_convert.cpp quant/types.cpp)
