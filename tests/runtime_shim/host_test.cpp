// tests/runtime_shim/host_test.cpp: libnano in a host that forks, runs out of threads and memory, unloads it, and passes
// nonsense; through its installed header alone.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nano.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NANO_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NANO_SANITIZED 1
#endif
#endif

namespace {

std::atomic<int> threads_left{1 << 30};  // that the system still gives

}  // namespace

#ifndef NANO_SANITIZED
// Stands before libc's for libnano too: the system that has no more threads.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*entry)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto next = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left.fetch_sub(1) <= 0) return EAGAIN;
  return next(thread, attributes, entry, argument);
}
#endif

namespace {

std::string tiny_model() {
  const char* folder = std::getenv("NANO_TEST_DATA");
  return std::string(folder != nullptr ? folder : "tests/data") + "/bert_tiny/bert_tiny.gguf";
}

nano_model* open_with(uint32_t threads) {
  nano_options options = NANO_OPTIONS_INIT;
  options.threads = threads;
  nano_model* model = nullptr;
  REQUIRE(nano_open(tiny_model().c_str(), &options, &model) == NANO_OK);
  return model;
}

/// What `child` returns after fork, within 20 seconds; -1: it died.
template <class Child>
int in_child(Child&& child) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    _exit(child());
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a model opened before fork answers and closes in the child") {
#if defined(__SANITIZE_THREAD__)
  WARN("SKIPPED: a child of tsan's has no threads of its own");
  return;
#endif
  for (uint32_t threads = 1; threads <= 4; ++threads) {
    nano_model* model = open_with(threads);
    float before[3] = {}, after[3] = {};
    REQUIRE(nano_classify(model, "the film is good", 16, before, 3, nullptr) == NANO_OK);
    const int left = in_child([&] {
      float scores[3] = {};
      std::vector<float> vector(64);
      if (nano_classify(model, "the film is good", 16, scores, 3, nullptr) != NANO_OK) return 1;
      if (std::memcmp(scores, before, sizeof(scores)) != 0) return 2;
      if (nano_embed(model, "good", 4, vector.data(), vector.size(), nullptr) != NANO_OK) return 3;
#ifndef NANO_EMULATED  // qemu-user dies where the child of a process with threads makes one
      nano_model* other = nullptr;  // with helpers of its own
      if (nano_open(tiny_model().c_str(), nullptr, &other) != NANO_OK) return 4;
      if (nano_classify(other, "the film is good", 16, scores, 3, nullptr) != NANO_OK) return 5;
      nano_close(other);
#endif
      nano_close(model);
      return 0;
    });
    INFO(threads << " threads");
    CHECK(left == 0);
    CHECK(in_child([&] { return in_child([&] { return nano_close(model), 0; }); }) == 0);  // and in a child's child
    REQUIRE(nano_classify(model, "the film is good", 16, after, 3, nullptr) == NANO_OK);
    CHECK(std::memcmp(after, before, sizeof(after)) == 0);
    nano_close(model);
  }
}

TEST_CASE("a fork while other threads are in calls leaves a child that can use and close the model") {
#ifdef NANO_SANITIZED
  WARN("SKIPPED: sanitizers do not survive a fork among threads");
  return;
#endif
#ifdef NANO_EMULATED
  WARN("SKIPPED: nor does an emulator");
  return;
#endif
  nano_model* model = open_with(3);
  std::atomic<bool> stop{false};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      float scores[3] = {};
      while (!stop) (void)nano_classify(model, "the film is good", 16, scores, 3, nullptr);
    });
  }
  int wrong = 0;
  for (int i = 0; i < 60; ++i) {
    wrong += in_child([&] {
      float scores[3] = {};
      const bool ok = nano_classify(model, "good", 4, scores, 3, nullptr) == NANO_OK;
      nano_close(model);
      return ok ? 0 : 1;
    }) != 0;
  }
  stop = true;
  for (auto& c : callers) c.join();
  CHECK(wrong == 0);
  nano_close(model);
}

TEST_CASE("a system that gives no thread, or few, gives a model with fewer") {
#ifdef NANO_SANITIZED
  WARN("SKIPPED: a sanitizer stands where this test stands");
  return;
#endif
  for (const int given : {0, 1, 5}) {
    threads_left = given;
    nano_model* model = open_with(8);
    threads_left = 1 << 30;
    nano_info info = NANO_INFO_INIT;
    REQUIRE(nano_model_info(model, &info) == NANO_OK);
    CHECK(info.threads == static_cast<uint32_t>(given) + 1);
    float scores[3] = {};
    REQUIRE(nano_classify(model, "the film is good", 16, scores, 3, nullptr) == NANO_OK);
    CHECK(scores[1] == Approx(0.4100905).margin(1e-4));
    nano_close(model);
  }
}

TEST_CASE("a host with little address space gets a status or a model, never an end") {
#ifdef NANO_SANITIZED
  WARN("SKIPPED: sanitizers want more address space than this");
  return;
#endif
#ifdef NANO_EMULATED
  WARN("SKIPPED: an emulator keeps the limit from the program");
  return;
#endif
  int opened = 0, refused = 0;
  for (const int megabytes : {4, 8, 12, 16, 24, 32, 40, 60, 150}) {
    const int left = in_child([&] {
      std::size_t pages = 0;
      if (FILE* f = std::fopen("/proc/self/statm", "r"); f != nullptr) {
        if (std::fscanf(f, "%zu", &pages) != 1) return 9;
        std::fclose(f);
      }
      const rlim_t limit = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (static_cast<rlim_t>(megabytes) << 20);
      const rlimit l{limit, limit};
      if (setrlimit(RLIMIT_AS, &l) != 0) return 9;
      nano_options options = NANO_OPTIONS_INIT;
      options.threads = 32;
      nano_model* model = nullptr;
      float scores[3] = {};
      if (nano_open(tiny_model().c_str(), &options, &model) != NANO_OK) return std::strlen(nano_last_error()) > 5 ? 1 : 9;
      const nano_status s = nano_classify(model, "the film is good", 16, scores, 3, nullptr);
      nano_close(model);
      return s == NANO_OK ? 0 : 1;
    });
    INFO(megabytes << " MB");
    CHECK((left == 0 || left == 1));
    (left == 0 ? opened : refused) += 1;
  }
  CHECK(opened > 0);
}

TEST_CASE("helper threads take none of the host's signals") {
  nano_model* model = open_with(4);
  static thread_local bool host = false;
  static std::atomic<int> elsewhere{0}, here{0};
  host = true;
  struct sigaction act = {}, old = {};
  act.sa_handler = [](int) { (host ? here : elsewhere) += 1; };
  REQUIRE(sigaction(SIGUSR1, &act, &old) == 0);
  for (int i = 0; i < 50; ++i) kill(getpid(), SIGUSR1);
  CHECK(here > 0);
  CHECK(elsewhere == 0);
  sigaction(SIGUSR1, &old, nullptr);
  nano_close(model);
}

TEST_CASE("unloading libnano with a model open is no crash") {
#ifdef NANO_SANITIZED
  WARN("SKIPPED: a sanitized library is not loaded twice");
  return;
#endif
  CHECK(in_child([] {
          void* library = dlopen(NANO_LIBRARY, RTLD_NOW | RTLD_LOCAL);
          if (library == nullptr) return 1;
          const auto open = reinterpret_cast<decltype(&nano_open)>(dlsym(library, "nano_open"));
          nano_options options = NANO_OPTIONS_INIT;
          options.threads = 4;
          nano_model* model = nullptr;
          if (open == nullptr || open(tiny_model().c_str(), &options, &model) != NANO_OK) return 2;
          dlclose(library);
          dlclose(library);  // and the test's own hold on it
          usleep(20'000);
          return 0;
        }) == 0);
}

TEST_CASE("a model is opened and closed a thousand times without a descriptor, a thread or a mapping left") {
  const auto count = [](const char* folder) {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(folder)) ++n;
    return n;
  };
  const auto round = [] {
    nano_model* model = open_with(2);
    nano_close(model);
  };
  for (int i = 0; i < 10; ++i) round();
  const std::size_t descriptors = count("/proc/self/fd"), tasks = count("/proc/self/task");
  const auto maps = [] {
    std::size_t lines = 0;
    if (FILE* f = std::fopen("/proc/self/maps", "r"); f != nullptr) {
      for (int c = 0; (c = std::fgetc(f)) != EOF;) lines += c == '\n';
      std::fclose(f);
    }
    return lines;
  };
  const std::size_t mapped = maps();
  for (int i = 0; i < 1000; ++i) round();
  CHECK(count("/proc/self/fd") == descriptors);
  CHECK(count("/proc/self/task") == tasks);
#ifndef NANO_SANITIZED  // which keeps what was freed
  CHECK(maps() <= mapped + 4);
#else
  CHECK(mapped > 0);
#endif
}

TEST_CASE("lengths, counts and names beyond all bounds get a status") {
  nano_model* model = open_with(1);
  float scores[3] = {};
  nano_token token = {};
  std::size_t count = 0;
  constexpr std::size_t kMost = SIZE_MAX;
  CHECK(nano_classify(model, "x", kMost - 1, scores, 3, nullptr) == NANO_USAGE);
  CHECK(nano_classify(model, "x", kMost / 2 + 1, scores, 3, nullptr) == NANO_USAGE);
  CHECK(nano_classify(model, "x", 1, scores, kMost, nullptr) == NANO_OK);
  CHECK(nano_tokenize(model, "x", kMost - 1, &token, 1, &count) == NANO_USAGE);
  const nano_text text = {"x", 1};
  for (const std::size_t many : {kMost, kMost / 2, kMost / sizeof(nano_text) + 1, kMost / 64})
    CHECK(nano_classify_batch(model, &text, many, scores, 3, nullptr) == NANO_USAGE);
  CHECK(nano_embed_batch(model, &text, kMost, scores, 3, nullptr) == NANO_USAGE);
  const nano_text long_text = {"x", kMost - 1};
  CHECK(nano_classify_batch(model, &long_text, 1, scores, 3, nullptr) == NANO_USAGE);
  nano_answer* answer = nullptr;
  CHECK(nano_run(model, "x", 1, "y", kMost - 1, &answer, nullptr) == NANO_USAGE);
  CHECK(nano_label(model, kMost) == nullptr);
  CHECK(nano_head_label(model, kMost, kMost) == nullptr);
  CHECK(nano_use_adapter(model, kMost - 1) == NANO_USAGE);
  nano_close(model);

  nano_model* none = nullptr;
  const std::string name(5000, 'n'), path = "/" + std::string(5000, 'p') + "/m.gguf", part(300, 'q');
  for (const std::string& wrong : {name, name + ".gguf", path, "./" + part + ".gguf", std::string("./") + part, std::string(1 << 20, '+'), std::string("\xFF\xFE\n\x1B")}) {
    const nano_status s = nano_open(wrong.c_str(), nullptr, &none);
    INFO(wrong.substr(0, 20) << ": " << nano_last_error());
    CHECK((s == NANO_USAGE || s == NANO_NOT_FOUND));
  }
  const std::string folder = "/" + std::string(5000, 'f');
  nano_options options = NANO_OPTIONS_INIT;
  options.project = folder.c_str();
  CHECK(nano_open("some-model", &options, &none) != NANO_INTERNAL);
  options = NANO_OPTIONS_INIT;
  options.store = folder.c_str();
  const nano_status s = nano_open("some-model", &options, &none);
  INFO(nano_last_error());
  CHECK((s == NANO_USAGE || s == NANO_STORE || s == NANO_NOT_FOUND));
}

TEST_CASE("a model that may not be read is the disk's refusal, not an absence") {
  if (geteuid() != 0) {
    WARN("SKIPPED: only root becomes another user");
    return;
  }
  char folder[] = "/tmp/nano-host-test.XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  const std::filesystem::path dir(folder), inner = dir / "inner";
  std::filesystem::create_directory(inner);
  std::filesystem::copy_file(tiny_model(), inner / "m.gguf");
  const auto open_as_nobody = [&] {
    return in_child([&] {
      if (setgid(65534) != 0 || setuid(65534) != 0) return 90;
      nano_model* none = nullptr;
      return static_cast<int>(nano_open((inner / "m.gguf").c_str(), nullptr, &none));
    });
  };
  namespace stdfs = std::filesystem;
  stdfs::permissions(dir, stdfs::perms::all);
  stdfs::permissions(inner, stdfs::perms::owner_all);
  CHECK(open_as_nobody() == NANO_STORE);
  stdfs::permissions(inner, stdfs::perms::all);
  stdfs::permissions(inner / "m.gguf", stdfs::perms::none);
  CHECK(open_as_nobody() == NANO_STORE);
  stdfs::permissions(inner / "m.gguf", stdfs::perms::all);
  CHECK(open_as_nobody() == NANO_OK);
  stdfs::remove_all(dir);
}
