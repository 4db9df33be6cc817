// registry/client/transport.h: how a tree's files are read: from a folder or by HTTP. One object per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "registry/blob_sink.h"
#include "registry/client/client.h"
#include "registry/client/url.h"

namespace nano::registry {

/// What all transports of one client share. Outlives them.
struct TransportShared {
  RegistryUrl url{};
  ClientOptions options{};
  Log* log = nullptr;            ///< used by the client's own thread only
  Progress* progress = nullptr;  ///< advance() is thread-safe
  std::atomic<bool> stop{false};  ///< another blob failed: give up soon
  [[nodiscard]] bool cancelled() const {
    return stop.load(std::memory_order_relaxed) || (options.cancel != nullptr && options.cancel->load(std::memory_order_relaxed));
  }
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// A whole small document of at most `limit` bytes. `path` is one of tree.h's.
  [[nodiscard]] virtual Result<std::string> document(std::string_view path, uint64_t limit) = 0;
  /// What `sink` lacks of a blob, then commit.
  [[nodiscard]] virtual Status blob(const BlobRequest& want, BlobSink& sink) = 0;
};

[[nodiscard]] std::unique_ptr<Transport> file_transport(TransportShared& shared);
[[nodiscard]] std::unique_ptr<Transport> http_transport(TransportShared& shared);

}  // namespace nano::registry
