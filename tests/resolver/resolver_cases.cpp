// tests/resolver/resolver_cases.cpp: `resolver_cases FILE...`: one line a failure, then `N passed, M failed`; 1 on any failure.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
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
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const auto report = nano::test::run_cases(bytes);
    if (!in || !report) {
      std::printf("%s: %s\n", argv[i], !in ? "cannot be read" : report.error().message.c_str());
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
