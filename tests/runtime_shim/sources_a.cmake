# gguf, quant, tokenizer
list(APPEND RUNTIME_TESTS quant_float_convert_test.cpp tokenizer_wordpiece_test.cpp)
