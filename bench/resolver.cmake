nano_bench(resolver SOURCES bench_resolver.cpp DEPENDS nano::resolver)
