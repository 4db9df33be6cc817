# kernels, models, tasks, session, C ABI
# list(APPEND RUNTIME_TESTS kernels_test.cpp)
