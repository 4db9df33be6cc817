# gguf, quant, tokenizer
list(APPEND RUNTIME_TESTS
  gguf_file_test.cpp gguf_hostile_test.cpp quant_blocks_test.cpp quant_file_test.cpp quant_float_convert_test.cpp
  tokenizer_wordpiece_test.cpp)
