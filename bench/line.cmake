nano_bench(line SOURCES bench_line.cpp DEPENDS nano::base)
add_dependencies(bench_line nano)
