// registry/client/http_transport.h: a tree behind a web server. The server is believed in nothing but its status.
#pragma once

#include "registry/client/http.h"

namespace nano::registry {

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(TransportShared& shared) : shared_(shared), connection_(shared) {}
  [[nodiscard]] Result<std::string> document(std::string_view path, uint64_t limit) override;
  [[nodiscard]] Status blob(const BlobRequest& want, BlobSink& sink) override;

 private:
  /// Says so, once, when this machine's clock and the server's are far apart: expiry is judged by ours, whichever is wrong.
  void compare_clocks(const http::Reply& reply);

  TransportShared& shared_;
  bool clocks_compared_ = false;
  http::Connection connection_;
};

}  // namespace nano::registry
