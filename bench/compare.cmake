nano_bench(compare SOURCES ${CMAKE_CURRENT_LIST_DIR}/bench_compare.cpp ${CMAKE_CURRENT_LIST_DIR}/random_bert.cpp DEPENDS nano::runtime_shim)
target_compile_definitions(bench_compare PRIVATE NANO_COMPARE_SCRIPTS="${CMAKE_CURRENT_LIST_DIR}/compare")
