// tests/registry/gather.h: a bundle visitor that keeps everything in memory and records what it was asked.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "registry/bundle.h"

namespace nano::test {

class Gather final : public registry::BundleVisitor {
 public:
  std::string bytes{};
  Digest digest{};
  std::map<Digest, std::string> blobs{};
  std::function<bool(const registry::BlobRequest&)> wanted{};

  [[nodiscard]] Status release(const schemas::Release&, const std::string& b, const Digest& d) override {
    bytes = b;
    digest = d;
    return Unit{};
  }
  [[nodiscard]] Result<std::unique_ptr<registry::BlobSink>> blob(const registry::BlobRequest& want) override {
    if (wanted && !wanted(want)) return std::unique_ptr<registry::BlobSink>();
    return registry::memory_sink(want, blobs[want.digest]);
  }
};

}  // namespace nano::test
