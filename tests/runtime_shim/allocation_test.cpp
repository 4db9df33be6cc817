// tests/runtime_shim/allocation_test.cpp: once a model has run, running it again asks for no memory.
#include <atomic>
#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

#include "bench/random_bert.h"
#include "runtime_shim/session.h"
#include "tests/support/support.h"

namespace {
std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* p = nullptr;
  if (posix_memalign(&p, alignment < sizeof(void*) ? sizeof(void*) : alignment, bytes == 0 ? 1 : bytes) != 0)
    throw std::bad_alloc();
  return p;
}
}  // namespace

// The whole test program's: every thread's allocations count.
void* operator new(std::size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
void* operator new[](std::size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

using namespace nano;

TEST_CASE("a pass and its classifier allocate nothing once they have run, on one thread and on two") {
  const test::TempDir dir;
  for (const auto type : {quant::Type::q8_0, quant::Type::q4_0, quant::Type::f32}) {
    const auto path = (dir / (std::string(quant::info(type).name) + ".gguf")).string();
    REQUIRE(bench::write_random_bert({.vocabulary = 300, .hidden = 64, .heads = 2, .type = type}, path));
    for (const unsigned threads : {1u, 2u}) {
      OpenOptions options;
      options.threads = threads;
      const auto model = Model::open(path, options);
      REQUIRE(model);
      const std::vector<std::vector<int32_t>> sequences{{2, 10, 11, 12, 3}, {2, 20, 3}};
      std::vector<float> logits((*model)->shape().labels);
      const std::function<Status(const Model::Out&)> each = [&](const Model::Out& out) -> Status {
        return (*model)->encoder().head().score((*model)->kernels(), out.states.first(64), 1, logits, out.scratch);
      };
      for (int i = 0; i < 3; ++i) REQUIRE((*model)->run(sequences, models::Want::first, each));
      const long before = allocations.load();
      bool all = true;
      for (int i = 0; i < 50; ++i) {
        all = all && (*model)->run(sequences, models::Want::first, each).has_value();
        all = all && (*model)->run(std::span(sequences).first(1), models::Want::all, each).has_value();
      }
      const long made = allocations.load() - before;
      CHECK(all);
      CHECK(made == 0);
    }
  }
}

TEST_CASE("heads, tags, windows, pairs and adapters allocate nothing once they have run") {
  const auto family = [](const char* name) { return test::data(std::string("family/") + name).string(); };
  const std::string heads = "+" + family("head_classify.gguf") + "+" + family("head_tag.gguf") + "+" +
                            family("head_embed.gguf") + "+" + family("lora.gguf");
  OpenOptions options;
  options.threads = 2;
  const auto model = Model::open(family("minilm.gguf") + heads, options);
  REQUIRE(model);
  const std::vector<std::vector<int32_t>> sequences{{2, 10, 11, 12, 3}, {2, 20, 3}},
      types{{0, 0, 0, 1, 1}, {}};
  std::vector<float> out(64 * 5);
  const std::function<Status(const Model::Out&)> each = [&](const Model::Out& o) -> Status {
    for (const AnsweringHead& h : (*model)->heads()) {
      const auto& table = (*model)->kernels();
      if (h.head.task() == models::HeadTask::embed) {
        NANO_TRY(h.head.embed(table, o.states, o.length, std::span(out).first(h.head.width()), o.scratch));
      } else if (h.head.task() == models::HeadTask::tag) {
        NANO_TRY(h.head.apply(table, o.states.data(), 64, o.length, out.data(), o.scratch));
      } else {
        NANO_TRY(h.head.score(table, o.states, o.length, std::span(out).first(h.head.outputs()), o.scratch));
        h.head.probabilities(table, std::span(out).first(h.head.outputs()));
      }
    }
    return Unit{};
  };
  for (int i = 0; i < 3; ++i) REQUIRE((*model)->run(sequences, models::Want::all, each, types));
  long before = allocations.load();
  bool all = true;
  for (int i = 0; i < 50; ++i) all = all && (*model)->run(sequences, models::Want::all, each, types).has_value();
  CHECK(allocations.load() - before == 0);
  CHECK(all);

  const auto file = gguf::File::open(family("modernbert.gguf"));
  REQUIRE(file);
  const auto encoder = models::Encoder::load(*file);
  REQUIRE(encoder);
  models::Scratch scratch;
  Team team(2);
  const std::vector<int32_t> ids(90, 7);
  const std::vector<std::size_t> lengths{70, 20};
  const auto pass = [&] { return encoder->forward(kernels::ref, ids, lengths, scratch, team).has_value(); };
  REQUIRE(pass());
  before = allocations.load();
  for (int i = 0; i < 3; ++i) all = all && pass();
  CHECK(allocations.load() - before == 0);
  CHECK(all);
}
