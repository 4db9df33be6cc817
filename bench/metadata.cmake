nano_bench(metadata SOURCES bench_metadata.cpp big_registry.cpp DEPENDS nano::app)
add_dependencies(bench_metadata nano)
