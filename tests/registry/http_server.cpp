// tests/registry/http_server.cpp: see http_server.h.
#include "tests/registry/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/hash.h"
#include "tests/support/support.h"

namespace nano::test {
namespace {

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t n = sizeof at;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &n) != 0)
    std::abort();
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this] {
    while (!stop_) {
      pollfd p{.fd = listener_, .events = POLLIN, .revents = 0};
      if (::poll(&p, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) workers_.emplace_back([this, fd] { serve(fd); });
    }
  });
}

HttpServer::~HttpServer() {
  stop_ = true;
  acceptor_.join();
  for (auto& w : workers_) w.join();
  ::close(listener_);
}

void HttpServer::serve(int fd) {
  std::string text;
  char buf[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    pollfd p{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&p, 1, 20);
    if (stop_) break;
    if (ready <= 0) continue;
    const ssize_t n = ::recv(fd, buf, sizeof buf, 0);
    if (n <= 0) break;
    text.append(buf, static_cast<std::size_t>(n));
  }
  HttpRequest request;
  std::size_t at = text.find("\r\n");
  if (at != std::string::npos) {
    const std::string line = text.substr(0, at);
    request.method = line.substr(0, line.find(' '));
    const std::size_t from = line.find(' ') + 1;
    request.path = line.substr(from, line.find(' ', from) - from);
    while (true) {
      const std::size_t next = text.find("\r\n", at + 2);
      if (next == std::string::npos || next == at + 2) break;
      const std::string header = text.substr(at + 2, next - at - 2);
      std::string name = header.substr(0, header.find(':'));
      std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
      request.headers[name] = header.substr(std::min(header.size(), header.find(':') + 2));
      at = next;
    }
    {
      const std::lock_guard guard(mutex_);
      requests_.push_back(request);
    }
    const HttpAnswer a = handler_(request);
    const auto pause = [&](int ms) {
      for (int slept = 0; slept < ms && !stop_; slept += 20) ::usleep(20'000);
    };
    pause(a.wait_ms);
    const std::string_view whole = std::string_view(a.bytes).substr(0, a.drop_after);
    const std::size_t head = a.drip == 0 ? whole.size() : std::min(whole.find("\r\n\r\n") + 4, whole.size());
    bool alive = send_all(fd, whole.substr(0, head));
    for (std::size_t sent = head; sent < whole.size() && alive && !stop_; sent += a.drip) {
      alive = send_all(fd, whole.substr(sent, a.drip));
      pause(a.drip_ms);
    }
    const std::string zeros(65536, '\0');
    while (a.endless && alive && !stop_) alive = send_all(fd, zeros);
    for (int ms = 0; ms < a.stall_ms && !stop_; ms += 20) {
      pollfd p{.fd = fd, .events = POLLRDHUP, .revents = 0};
      if (::poll(&p, 1, 20) > 0) break;
    }
    // A cut connection is reset, so that the client cannot take it for an end.
    if (a.drop_after < a.bytes.size()) {
      const linger hard{.l_onoff = 1, .l_linger = 0};
      (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      ::usleep(20000);  // let the bytes that were sent arrive before the reset throws them away
    }
  }
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

std::vector<HttpRequest> HttpServer::requests() const {
  const std::lock_guard guard(mutex_);
  return requests_;
}

std::size_t HttpServer::count(const std::string& part) const {
  const std::lock_guard guard(mutex_);
  return static_cast<std::size_t>(
      std::count_if(requests_.begin(), requests_.end(), [&](const HttpRequest& r) { return r.path.find(part) != std::string::npos; }));
}

HttpAnswer answer(int status, const std::string& body, const std::string& extra) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra +
                   "\r\n" + body};
}

HttpAnswer serve_file(const std::string& folder, const HttpRequest& r) {
  const std::string file = folder + r.path;
  if (!std::filesystem::is_regular_file(file)) return answer(404, "no such file");
  const std::string body = read(file);
  const std::string etag = "\"" + sha256(body).hex().substr(0, 16) + "\"";
  const auto range = r.headers.find("range");
  const auto condition = r.headers.find("if-range");
  if (range != r.headers.end() && (condition == r.headers.end() || condition->second == etag)) {
    const std::size_t from = std::stoul(range->second.substr(6));
    if (from >= body.size()) return answer(416, "", "Content-Range: bytes */" + std::to_string(body.size()) + "\r\n");
    return answer(206, body.substr(from),
                  "ETag: " + etag + "\r\nContent-Range: bytes " + std::to_string(from) + "-" + std::to_string(body.size() - 1) + "/" +
                      std::to_string(body.size()) + "\r\n");
  }
  return answer(200, body, "ETag: " + etag + "\r\nContent-Type: application/octet-stream\r\n");
}

}  // namespace nano::test
