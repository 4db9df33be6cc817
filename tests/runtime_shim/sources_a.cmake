# gguf, quant, tokenizer
list(APPEND RUNTIME_TESTS quant_float_convert_test.cpp)
