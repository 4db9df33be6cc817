nano_bench(trust SOURCES bench_trust.cpp DEPENDS nano::verify nano::schemas LibArchive::LibArchive)
