// tests/resolver/resolver_cases.cpp: `resolver_cases FILE...`: one line a failure, then `N passed, M failed`; 1 on any failure.
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/resolver/case_file.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: resolver_cases FILE...\n", stderr);
    return 2;
  }
  uint64_t passed = 0;
  uint64_t failed = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const bool open = in.is_open();
    std::string bytes;
    std::array<char, 65536> chunk{};
    // read() tells a folder by a flag; an iterator over the stream throws.
    while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) bytes.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    const bool read = open && !in.bad();
    const auto report = nano::test::run_cases(bytes);
    if (!read || !report) {
      std::printf("%s: %s\n", argv[i], !read ? "cannot be read" : report.error().message.c_str());
      ++failed;
      continue;
    }
    for (const std::string& failure : report->failures) std::printf("%s: %s\n", argv[i], failure.c_str());
    passed += report->passed;
    failed += report->failures.size();
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed), static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
