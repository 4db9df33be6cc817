nano_bench(callers SOURCES ${CMAKE_CURRENT_LIST_DIR}/bench_callers.cpp DEPENDS nano::runtime_shim)
