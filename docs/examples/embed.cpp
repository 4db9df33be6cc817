// embed.cpp: a nano model inside a C++ program.
//
//     c++ -std=c++17 embed.cpp $(pkg-config --cflags --libs nano) -Wl,-rpath,$(pkg-config --variable=libdir nano) -o embed
//     ./embed sentiment-50m "a fine film"
#include <cstdio>
#include <nano.hpp>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL TEXT\n", argv[0]);
    return NANO_USAGE;
  }
  try {
    const nano::model model(argv[1]);
    if (!model.labels().empty()) {
      const auto answer = model.classify(argv[2]);
      std::printf("%s %.4f\n", answer.label().c_str(), static_cast<double>(answer.score()));
    }
    const auto vector = model.embed(argv[2]);
    std::printf("embedding of %zu floats, the first %.4f\n", vector.size(), static_cast<double>(vector[0]));
  } catch (const nano::error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return e.status();
  }
}
