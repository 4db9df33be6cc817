# kernels, models, tasks, session, locate
# list(APPEND RUNTIME_SOURCES kernels/ref.cpp)
