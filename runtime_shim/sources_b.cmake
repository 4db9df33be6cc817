# kernels, models, tasks, session, locate
list(APPEND RUNTIME_SOURCES
  kernels/dispatch.cpp kernels/ref.cpp
  models/encoder.cpp models/encoder_load.cpp
  packed/derived.cpp packed/image.cpp packed/panels.cpp
  tasks/classify.cpp tasks/embed.cpp
  locate.cpp session.cpp session_team.cpp)
