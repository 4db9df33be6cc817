// tests/registry/client_fixture.h: a client of a test tree, over file:// or over the test web server.
#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <mutex>

#include "registry/client/client.h"
#include "tests/registry/fixture.h"
#include "tests/registry/http_server.h"

namespace nano::test {

struct CountingProgress final : Progress {
  std::atomic<uint64_t> seen{0};
  uint64_t total = 0;
  void start(std::string_view, uint64_t t) override { total = t; }
  void advance(uint64_t n) override { seen += n; }
  void finish() override {}
};

/// Sinks into memory, one string per blob, that survive a failed fetch: a second fetch resumes.
class Shelf {
 public:
  std::map<Digest, std::string> partial{};  ///< what is held before and after
  std::map<Digest, int> commits{};
  [[nodiscard]] registry::SinkFactory factory();

 private:
  class Sink;
  std::mutex mutex_;
};

inline registry::ClientOptions quick() {
  registry::ClientOptions o;
  o.backoff_ms = 1;
  o.stall_seconds = 1;
  o.connect_timeout_ms = 2000;
  return o;
}

struct ClientOf {
  NullLog log{};
  CountingProgress progress{};
  registry::Client client;
  explicit ClientOf(const std::string& url, registry::ClientOptions options = quick()) : client(open(url, std::move(options))) {}
  registry::Client* operator->() { return &client; }

 private:
  registry::Client open(const std::string& url, registry::ClientOptions options) {
    setenv("no_proxy", "127.0.0.1,localhost", 1);  // the machine's proxy has no part in these tests
    auto c = registry::Client::open(url, std::move(options), log, progress);
    REQUIRE(c);
    return std::move(*c);
  }
};

inline std::vector<registry::BlobRequest> requests_of(const registry::Packed& p) {
  std::vector<registry::BlobRequest> out;
  for (const auto& b : p.blobs) out.push_back(b.blob);
  return out;
}
/// The request of the largest blob.
inline registry::BlobRequest largest(const registry::Packed& p) {
  registry::BlobRequest out;
  for (const auto& b : p.blobs)
    if (b.blob.size > out.size) out = b.blob;
  return out;
}

}  // namespace nano::test
