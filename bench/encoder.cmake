nano_bench(encoder SOURCES ${CMAKE_CURRENT_LIST_DIR}/bench_encoder.cpp ${CMAKE_CURRENT_LIST_DIR}/random_bert.cpp DEPENDS nano::runtime_shim)
