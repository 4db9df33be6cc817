nano_bench(heads SOURCES ${CMAKE_CURRENT_LIST_DIR}/bench_heads.cpp ${CMAKE_CURRENT_LIST_DIR}/random_bert.cpp DEPENDS nano::runtime_shim)
