# gguf, quant, tokenizer
list(APPEND RUNTIME_TESTS
  convert_keys_test.cpp convert_test.cpp convert_tokenizer_test.cpp kin_test.cpp gguf_describe_test.cpp gguf_keys_test.cpp gguf_file_test.cpp gguf_hostile_test.cpp hostile_model_test.cpp quant_blocks_test.cpp quant_file_test.cpp quant_k_test.cpp quant_nano_test.cpp quant_float_convert_test.cpp safetensors_test.cpp
  tokenizer_oracle_test.cpp tokenizer_pair_test.cpp tokenizer_unicode_test.cpp tokenizer_wordpiece_test.cpp)

# The generated tables are what their script makes, where Debian's unicode-data of the same version is installed.
find_program(NANO_PYTHON3 python3)
if(NANO_PYTHON3 AND EXISTS /usr/share/unicode/UnicodeData.txt)
  add_test(NAME unicode_tables COMMAND ${NANO_PYTHON3} ${PROJECT_SOURCE_DIR}/scripts/make_unicode_tables.py --check)
endif()
