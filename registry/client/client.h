// registry/client/client.h: carries a registry's files over file://, http:// and https://. What may be believed of them is the
// updater's decision: see signed_tree.h.
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
#include "schemas/registry_json.h"
#include "schemas/release.h"
#include "verify/tuf/fetcher.h"

namespace nano::registry {

struct ClientOptions {
  bool offline = false;               ///< http(s) is refused; file:// is still read
  uint32_t parallel = 4;              ///< blobs fetched at once, 1..16
  std::string ca_file{};              ///< PEM roots to trust for https; "" = NANO_CA_FILE, else the system's
  std::string user_agent = "nano";    ///< "nano/0.1.0"
  uint32_t connect_timeout_ms = 10'000;
  uint32_t stall_seconds = 30;        ///< silence for so long, or less than 1,000 bytes/s over so long, ends a transfer (http.h)
  uint32_t retries = 4;               ///< after 408, 429, 5xx and dropped connections only
  uint32_t backoff_ms = 250;          ///< before the first retry; doubled each time, jittered, at most 10 s
  uint32_t max_redirects = 5;
  uint32_t document_seconds = 300;    ///< a metadata file or release that takes longer is dropped, however steadily it drips
  /// Sent as `Authorization: Bearer …` to the registry's own scheme, host and port, and never anywhere else: not across a
  /// redirect (cargo CVE-2026-5222), not to a realm that a reply names (Ollama CVE-2025-51471). "" = none
  std::string token{};
  const std::atomic<bool>* cancel = nullptr;  ///< set = stop soon with `interrupted`; outlives the client
};

/// What a client asked of its registry so far.
struct Requests {
  uint64_t metadata = 0;        ///< files of metadata/, also those that were not there
  uint64_t metadata_bytes = 0;
  uint64_t targets = 0;         ///< releases and indexes
  uint64_t target_bytes = 0;
};

/// One registry. Methods may be called by one thread at a time; blobs() makes its own threads.
class Client final : public verify::tuf::Fetcher {
 public:
  /// No request is made yet.
  ///   url     file:///…, http://… or https://… ; no user name or password in it
  ///   errors  usage: another scheme, or a malformed URL
  [[nodiscard]] static Result<Client> open(std::string_view url, ClientOptions options, Log& log, Progress& progress);

  /// All methods: network (transport, 5xx, HTML in a document's place), not_found (404, 410), refused (offline), untrusted,
  /// integrity, invalid, interrupted.

  [[nodiscard]] Result<schemas::RegistryJson> describe();  ///< registry.json: hints
  /// For the updater: bytes that nobody vouches for yet. Retried and capped as they arrive, handed on in one piece.
  [[nodiscard]] Status fetch(verify::tuf::Area area, std::string_view path, uint64_t max_bytes, verify::tuf::Sink& into) override;
  [[nodiscard]] const Requests& requests() const;
  /// Fetch blobs into the sinks that `sinks` makes, several at once, resuming where a sink has bytes already.
  /// The first error stops the others soon; what arrived stays in the sinks.
  [[nodiscard]] Status blobs(std::span<const BlobRequest> wanted, const SinkFactory& sinks);

  [[nodiscard]] const std::string& url() const;  ///< without a trailing slash
  [[nodiscard]] bool is_local() const;           ///< file://

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client() override;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::registry
