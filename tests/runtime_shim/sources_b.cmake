# kernels, models, tasks, session, C ABI
list(APPEND RUNTIME_TESTS
  derived_test.cpp encoder_test.cpp family_hostile_test.cpp family_test.cpp find_test.cpp heads_test.cpp kernels_attention_test.cpp kernels_panels_test.cpp kernels_rows_test.cpp kernels_window_test.cpp model_files.cpp session_test.cpp spans_test.cpp ${PROJECT_SOURCE_DIR}/bench/random_bert.cpp)

# libnano is tested through its public headers alone, and the examples are built against the library in the build tree
# (install_test.sh builds them against an installed one).
# A program of its own: it counts every allocation. (Sanitizers bring their own operator new.)
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  nano_test(runtime_allocations SOURCES allocation_test.cpp ${PROJECT_SOURCE_DIR}/bench/random_bert.cpp DEPENDS nano::runtime_shim)
endif()

nano_test(libnano SOURCES capi_test.cpp host_test.cpp DEPENDS nano_shared ${CMAKE_DL_LIBS})
target_compile_definitions(test_libnano PRIVATE NANO_LIBRARY="$<TARGET_FILE:nano_shared>")
if(CMAKE_CROSSCOMPILING)
  target_compile_definitions(test_libnano PRIVATE NANO_EMULATED)
endif()
foreach(language c cpp)
  add_executable(example_embed_${language} ${PROJECT_SOURCE_DIR}/docs/examples/embed.${language})
  target_link_libraries(example_embed_${language} PRIVATE nano_shared)
  target_compile_options(example_embed_${language} PRIVATE -Wall -Wextra -Wpedantic -Werror)
  add_test(NAME example_embed_${language} COMMAND example_embed_${language}
    ${PROJECT_SOURCE_DIR}/tests/data/bert_tiny/bert_tiny.gguf "the film is good")
  set_tests_properties(example_embed_${language} PROPERTIES PASS_REGULAR_EXPRESSION "neutral 0\\.410")
endforeach()

# An installed tree: a find_package project and a pkg-config build of the examples. A sanitized library cannot be loaded by
# a plain program.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize" AND NOT CMAKE_CROSSCOMPILING)
  add_test(NAME libnano_installed COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/install_test.sh ${PROJECT_BINARY_DIR}
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests/data/bert_tiny/bert_tiny.gguf ${CMAKE_C_COMPILER} ${CMAKE_CXX_COMPILER})
  set_tests_properties(libnano_installed PROPERTIES TIMEOUT 300)
endif()
