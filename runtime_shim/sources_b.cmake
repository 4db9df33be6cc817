# kernels, models, tasks, session, locate
list(APPEND RUNTIME_SOURCES
  kernels/dispatch.cpp kernels/ref.cpp
  models/adapter.cpp models/architecture.cpp models/encoder.cpp models/encoder_attention.cpp models/encoder_load.cpp
  models/encoder_pass.cpp models/gguf_keys.cpp models/head.cpp models/head_load.cpp models/scratch.cpp models/tensors.cpp
  packed/derived.cpp packed/image.cpp packed/panels.cpp
  tasks/answer.cpp tasks/classify.cpp tasks/embed.cpp tasks/find.cpp tasks/spans.cpp tasks/words.cpp
  fork_mark.cpp locate.cpp session.cpp session_parts.cpp session_team.cpp)
