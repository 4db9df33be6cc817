// tests/registry/http_server.h: a web server with every fault a real one can have, on plain sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace nano::test {

struct HttpRequest {
  std::string method{};
  std::string path{};
  std::map<std::string, std::string> headers{};  ///< names in lower case
};

/// What is written to the socket, byte for byte.
struct HttpAnswer {
  std::string bytes{};
  uint64_t drop_after = ~uint64_t{0};  ///< the connection is cut after so many bytes
  bool endless = false;                ///< after `bytes`, zeros without end (until the client hangs up)
  int stall_ms = 0;                    ///< after `bytes`, silence for so long (or until the server stops)
  std::size_t drip = 0;                ///< > 0: from the end of the head on, so many bytes at once ...
  int drip_ms = 0;                     ///< ... and then so long nothing
  int wait_ms = 0;                     ///< before the first byte
};

/// Answers on 127.0.0.1, one thread per connection, "Connection: close".
class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<HttpRequest> requests() const;
  [[nodiscard]] std::size_t count(const std::string& path_part) const;  ///< requests whose path holds it

 private:
  void serve(int fd);
  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_{};
  std::vector<std::thread> workers_{};
  std::thread acceptor_{};
};

/// "HTTP/1.1 <status> …" with Content-Length, and the body.
[[nodiscard]] HttpAnswer answer(int status, const std::string& body, const std::string& extra_headers = {});
/// A static server of a folder: 404, Range with ETag and If-Range.
[[nodiscard]] HttpAnswer serve_file(const std::string& folder, const HttpRequest& request);

}  // namespace nano::test
