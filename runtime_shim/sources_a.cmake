# gguf, quant, tokenizer
list(APPEND RUNTIME_SOURCES quant/float_convert.cpp)
