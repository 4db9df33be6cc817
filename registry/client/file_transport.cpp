// registry/client/file_transport.cpp: a tree in a folder: read directly, libcurl stays out of it.
#include "base/fs.h"
#include "base/fs_look.h"
#include "base/text.h"
#include "base/url.h"
#include "registry/client/transport.h"
#include "registry/pump.h"
#include "registry/tree.h"

namespace nano::registry {
namespace {

class FileTransport final : public Transport {
 public:
  explicit FileTransport(TransportShared& shared) : shared_(shared) {}

  [[nodiscard]] Result<std::string> document(std::string_view path, uint64_t limit) override {
    if (shared_.cancelled()) return make_error(Errc::interrupted, "interrupted");
    auto bytes = fs::read_file(shared_.url.local / path, limit);
    if (!bytes) return explain(std::move(bytes.error()), path);
    return bytes;
  }

  [[nodiscard]] Status blob(const BlobRequest& want, BlobSink& sink) override {
    const std::string path = tree::blob(want.digest);
    auto done = pump_file(shared_.url.local / path, want, sink, shared_.progress, [this] { return shared_.cancelled(); });
    if (!done) return explain(std::move(done.error()), path);
    return done;
  }

 private:
  [[nodiscard]] Error explain(Error e, std::string_view path) const {
    if (e.code != Errc::not_found) return e;
    const auto there = fs::is_folder(shared_.url.local);
    if (!there) return there.error();
    if (!*there)
      return make_error(Errc::not_found, "the registry's folder '" + shared_.url.local.string() + "' does not exist", "check the address with `nano registry list`");
    return make_error(Errc::not_found, "the registry " + display_url(shared_.url.text) + " has no " + std::string(path),
                      path == tree::metadata("timestamp.json") ? "is this the folder of a nano registry?" : "its copy is incomplete: tell its operator");
  }
  TransportShared& shared_;
};

}  // namespace

std::unique_ptr<Transport> file_transport(TransportShared& shared) { return std::make_unique<FileTransport>(shared); }

}  // namespace nano::registry
