// registry/client/client.h: reads a registry's tree over file://, http:// and https://, and believes only what is signed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/log.h"
#include "base/result.h"
#include "registry/blob_sink.h"
#include "registry/index_pointer.h"
#include "schemas/index.h"
#include "schemas/registry_json.h"
#include "schemas/release.h"
#include "verify/release_verifier.h"

namespace nano::registry {

struct ClientOptions {
  bool offline = false;               ///< http(s) is refused; file:// is still read
  uint32_t parallel = 4;              ///< blobs fetched at once, 1..16
  std::string ca_file{};              ///< PEM roots to trust for https; "" = NANO_CA_FILE, else the system's
  std::string user_agent = "nano";    ///< "nano/0.1.0"
  uint32_t connect_timeout_ms = 10'000;
  uint32_t stall_seconds = 30;        ///< a transfer below 100 bytes/s for so long is dropped
  uint32_t retries = 4;               ///< after 408, 429, 5xx and dropped connections only
  uint32_t backoff_ms = 250;          ///< before the first retry; doubled each time, jittered, at most 10 s
  uint32_t max_redirects = 5;
  const std::atomic<bool>* cancel = nullptr;  ///< set = stop soon with `interrupted`; outlives the client
};

/// Where fetched indexes are kept between runs. Bytes are checked against their digest again when they come back.
class IndexCache {
 public:
  virtual ~IndexCache() = default;
  [[nodiscard]] virtual std::optional<std::string> get(const Digest& digest) = 0;
  virtual void put(const Digest& digest, std::string_view bytes) = 0;
};

/// A release that a trusted key signed.
struct FetchedRelease {
  schemas::Release release{};
  std::string bytes{};                 ///< the very bytes that were signed
  Digest digest{};
  std::string envelope{};              ///< release.dsse.json as fetched: keep it beside the package
  std::vector<std::string> signers{};  ///< key ids
};

/// One registry. Methods may be called by one thread at a time; blobs() makes its own threads.
class Client {
 public:
  /// No request is made yet.
  ///   url     file:///…, http://… or https://… ; no user name or password in it
  ///   errors  usage: another scheme, or a malformed URL
  [[nodiscard]] static Result<Client> open(std::string_view url, std::shared_ptr<const verify::ReleaseVerifier> verifier,
                                           ClientOptions options, Log& log, Progress& progress);

  /// All methods: network (transport, 5xx, HTML in a document's place), not_found (404, 410), refused (offline), untrusted,
  /// integrity, invalid, interrupted.

  [[nodiscard]] Result<schemas::RegistryJson> describe();  ///< registry.json: hints
  [[nodiscard]] Result<IndexPointer> index_pointer();      ///< verified
  /// The newest index: one small request when the cache has it.
  [[nodiscard]] Result<schemas::Index> index(IndexCache* cache = nullptr);
  /// The release the index names by `digest`; the signed document must be of that name, version and digest.
  [[nodiscard]] Result<FetchedRelease> release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest);
  /// Fetch blobs into the sinks that `sinks` makes, several at once, resuming where a sink has bytes already.
  /// The first error stops the others soon; what arrived stays in the sinks.
  [[nodiscard]] Status blobs(std::span<const BlobRequest> wanted, const SinkFactory& sinks);

  [[nodiscard]] const std::string& url() const;  ///< without a trailing slash
  [[nodiscard]] bool is_local() const;           ///< file://

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::registry
