// registry/client/client.cpp: documents for the updater, blobs for the store; the transports only carry bytes.
#include "registry/client/client.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>

#include <sys/resource.h>

#include "base/text.h"
#include "base/url.h"
#include "registry/client/transport.h"
#include "registry/tree.h"

namespace nano::registry {
namespace {

constexpr uint32_t kMaxParallel = 16;

std::unique_ptr<Transport> make_transport(TransportShared& shared) {
  return shared.url.scheme == RegistryUrl::Scheme::file ? file_transport(shared) : http_transport(shared);
}

}  // namespace

struct Client::Impl {
  TransportShared shared{};
  Requests requests{};
  std::unique_ptr<Transport> transport{};

  [[nodiscard]] Status one_blob(Transport& t, const BlobRequest& want, const SinkFactory& sinks);
  [[nodiscard]] Error while_reading(Error e) const { return std::move(e).while_("reading the registry " + display_url(shared.url.text)); }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

namespace {

/// As many at once as this process may open files for: a connection, a file, a lock and folders on the way for each, and some
/// for all the rest.
uint32_t parallel_for_descriptors() {
  constexpr rlim_t kEach = 7, kRest = 16;
  struct rlimit most {};
  if (::getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur == RLIM_INFINITY || most.rlim_cur > 1000) return kMaxParallel;
  return most.rlim_cur < kRest + kEach ? 1 : static_cast<uint32_t>((most.rlim_cur - kRest) / kEach);
}

}  // namespace

Result<Client> Client::open(std::string_view url, ClientOptions options, Log& log, Progress& progress) {
  auto impl = std::make_unique<Impl>();
  NANO_TRY_ASSIGN(impl->shared.url, parse_registry_url(url));
  options.parallel = std::clamp<uint32_t>(options.parallel, 1, std::min(kMaxParallel, parallel_for_descriptors()));
  if (options.ca_file.empty())
    if (const char* from_environment = std::getenv("NANO_CA_FILE")) options.ca_file = from_environment;
  impl->shared.options = std::move(options);
  impl->shared.log = &log;
  impl->shared.progress = &progress;
  impl->transport = make_transport(impl->shared);
  return Client(std::move(impl));
}

const std::string& Client::url() const { return impl_->shared.url.text; }
bool Client::is_local() const { return impl_->shared.url.scheme == RegistryUrl::Scheme::file; }

Result<schemas::RegistryJson> Client::describe() {
  auto bytes = impl_->transport->document(tree::kRegistryJson, schemas::kMaxRegistryJsonBytes);
  if (!bytes) return impl_->while_reading(std::move(bytes.error()));
  return schemas::parse_registry_json(*bytes);
}

Status Client::fetch(verify::tuf::Area area, std::string_view path, uint64_t max_bytes, verify::tuf::Sink& into) {
  const bool is_metadata = area == verify::tuf::Area::metadata;
  ++(is_metadata ? impl_->requests.metadata : impl_->requests.targets);
  auto bytes = impl_->transport->document(is_metadata ? tree::metadata(path) : tree::target(path), max_bytes);
  // Some stores answer 403 for what is not there: for the next root that is the ordinary end of the search (TUF 5.3.3).
  const bool absent = !bytes && (bytes.error().code == Errc::not_found || (bytes.error().code == Errc::denied && path.ends_with(".root.json")));
  impl_->shared.log->detail((is_metadata ? "metadata " : "target ") + std::string(path) + ": " +
                            (bytes ? std::to_string(bytes->size()) + " bytes" : absent ? "not there" : "failed"));
  if (!bytes) {
    if (absent) bytes.error().code = Errc::not_found;
    if (bytes.error().code == Errc::invalid) bytes.error().code = Errc::integrity;  // longer than signed metadata say
    return impl_->while_reading(std::move(bytes.error()));
  }
  (is_metadata ? impl_->requests.metadata_bytes : impl_->requests.target_bytes) += bytes->size();
  return into.write(*bytes);
}

const Requests& Client::requests() const { return impl_->requests; }

Status Client::Impl::one_blob(Transport& t, const BlobRequest& want, const SinkFactory& sinks) {
  for (int attempt = 0;; ++attempt) {
    NANO_TRY_ASSIGN(const auto sink, sinks(want));
    if (!sink) {
      shared.progress->advance(want.size);
      return Unit{};
    }
    const uint64_t held = sink->have();
    if (held > want.size) return make_error(Errc::internal, "a sink holds more than its blob");
    auto done = t.blob(want, *sink);
    // The bytes of an earlier run may have been the wrong ones: once more, from the start.
    if (!done && done.error().code == Errc::integrity && held > 0 && attempt == 0) continue;
    if (!done) return std::move(done.error()).while_("fetching the blob " + want.digest.text() + " from " + display_url(shared.url.text));
    return done;
  }
}

Status Client::blobs(std::span<const BlobRequest> wanted, const SinkFactory& sinks) {
  std::vector<BlobRequest> todo(wanted.begin(), wanted.end());
  std::sort(todo.begin(), todo.end());
  todo.erase(std::unique(todo.begin(), todo.end()), todo.end());
  // Large ones first: the last one to end is then a small one.
  std::stable_sort(todo.begin(), todo.end(), [](const BlobRequest& a, const BlobRequest& b) { return a.size > b.size; });
  uint64_t total = 0;
  for (const BlobRequest& b : todo) {
    if (b.size > schemas::kMaxBlobBytes) return make_error(Errc::invalid, "blob " + b.digest.text() + " is over the limit of 4 GiB");
    total += b.size;
  }
  if (todo.empty()) return Unit{};

  TransportShared& shared = impl_->shared;
  shared.stop.store(false);
  shared.progress->start("fetching", total);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first;
  const auto work = [&](Transport& t) {
    for (std::size_t i = next++; i < todo.size() && !shared.cancelled(); i = next++) {
      auto done = impl_->one_blob(t, todo[i], sinks);
      if (done) continue;
      const std::lock_guard guard(mutex);
      if (!first) first = std::move(done.error());
      shared.stop.store(true);
    }
  };
  {
    const std::size_t helpers = std::min<std::size_t>(shared.options.parallel, todo.size()) - 1;
    std::vector<std::thread> threads;
    std::vector<std::unique_ptr<Transport>> transports;
    for (std::size_t i = 0; i < helpers; ++i) transports.push_back(make_transport(shared));
    try {
      for (const auto& t : transports) threads.emplace_back([&work, &t] { work(*t); });
    } catch (const std::system_error&) {
      // No more threads to be had: those there are do the work.
    }
    work(*impl_->transport);
    for (std::thread& t : threads) t.join();
  }
  shared.progress->finish();
  shared.stop.store(false);
  if (first) return std::move(*first);
  if (shared.cancelled()) return make_error(Errc::interrupted, "interrupted");
  return Unit{};
}

}  // namespace nano::registry
