// bench/bench_line.cpp: the whole line as a user feels it, with the programs in
// this folder: install from file:// against `cp` plus `sha256sum` of the same bytes (alternating), and
// process start to answer. A machine's first choice between variants also measures the machine, once: that is
// timed apart (the first install into an empty home, against the others, which find the calibration there).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "bench/options.h"

namespace {

namespace stdfs = std::filesystem;

struct Measured {
  double ms = 0;
  double peak_mb = 0;
  int exit_code = -1;
};

/// Run a program with no output, its wall time and peak resident memory (the kernel's ru_maxrss).
Measured measure(const std::vector<std::string>& args) {
  std::vector<char*> argv;
  for (const auto& a : args) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const double start = nano::monotonic_ms();
  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  Measured m;
  m.ms = nano::monotonic_ms() - start;
  m.peak_mb = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
  m.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return m;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v.empty() ? 0 : v[v.size() / 2];
}

void need(const Measured& m, const char* what) {
  if (m.exit_code == 0) return;
  std::fprintf(stderr, "bench_line: %s failed with exit code %d\n", what, m.exit_code);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::string package = "sentiment-50m";
  unsigned runs = 9;
  bool json = false;
  nano::bench::Options words("The whole line: install from file:// against cp and sha256sum of the same bytes, and process start to answer.");
  words.text("--package", package, "what to install").number("--runs", runs, "medians of so many").flag("--json", json, "JSON instead of a table");
  if (const auto code = words.parse(argc, argv)) return *code;
  const stdfs::path nano_program = stdfs::read_symlink("/proc/self/exe").parent_path() / "nano";
  std::string home = (stdfs::temp_directory_path() / "nano-bench-XXXXXX").string();
  if (mkdtemp(home.data()) == nullptr) return 1;
  setenv("NANO_HOME", home.c_str(), 1);
  const std::string copies = home + "/copies";

  std::vector<double> first_ms, install_ms, copy_ms, run_ms, run_mb;
  std::string folder;
  uint64_t bytes = 0;
  for (unsigned i = 0; i <= runs; ++i) {  // the first round only warms the page cache
    stdfs::remove_all(home + "/store");
    const Measured first = measure({nano_program, "install", package});
    need(first, "the first nano install");
    stdfs::remove_all(home + "/store");
    need(measure({nano_program, "doctor", "hw"}), "nano doctor hw");
    const Measured install = measure({nano_program, "install", package});
    need(install, "nano install");
    if (folder.empty()) {
      for (const auto& e : stdfs::recursive_directory_iterator(home + "/store/v1/pkgs"))
        if (e.path().filename() == "nano.json") folder = e.path().parent_path();
      for (const auto& e : stdfs::recursive_directory_iterator(folder))
        if (e.is_regular_file()) bytes += e.file_size();
      stdfs::copy(folder, home + "/original", stdfs::copy_options::recursive);
    }
    stdfs::remove_all(copies);
    const Measured cp = measure(
        {"sh", "-c",
         "cp -r " + home + "/original " + copies + " && find " + copies + " -type f -exec sha256sum {} +"});
    need(cp, "cp and sha256sum");
    if (i == 0) continue;
    first_ms.push_back(first.ms);
    install_ms.push_back(install.ms);
    copy_ms.push_back(cp.ms);
  }
  for (unsigned i = 0; i <= 3 * runs; ++i) {
    const Measured run =
        measure({nano_program, "run", package, "The battery lasts two days and the screen is a joy."});
    need(run, "nano run");
    if (i == 0) continue;
    run_ms.push_back(run.ms);
    run_mb.push_back(run.peak_mb);
  }
  stdfs::remove_all(home);

  std::vector<double> ratios;
  for (std::size_t i = 0; i < install_ms.size(); ++i) ratios.push_back(install_ms[i] / copy_ms[i]);
  if (json) {
    nano::Json doc = {{"schema", "nano.bench_line/1"},
                      {"package", package},
                      {"runs", runs},
                      {"bytes", bytes},
                      {"first_install_ms", median(first_ms)},
                      {"install_ms", median(install_ms)},
                      {"cp_sha256sum_ms", median(copy_ms)},
                      {"install_ratio", median(ratios)},
                      {"start_to_answer_ms", median(run_ms)},
                      {"peak_mb", median(run_mb)}};
    std::printf("%s", nano::dump_pretty(doc).c_str());
    return 0;
  }
  std::printf("%s, %.1f MB, medians of %u\n", package.c_str(), static_cast<double>(bytes) / 1e6, runs);
  std::printf("  first install, calibrating  %8.1f ms\n", median(first_ms));
  std::printf("  install from file://        %8.1f ms\n", median(install_ms));
  std::printf("  cp -r and sha256sum         %8.1f ms   ratio %.2f\n", median(copy_ms), median(ratios));
  std::printf("  process start to answer     %8.1f ms\n", median(run_ms));
  std::printf("  peak memory of that         %8.1f MB\n", median(run_mb));
  return 0;
}
