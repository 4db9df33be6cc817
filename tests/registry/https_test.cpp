// tests/registry/https_test.cpp: TLS against the openssl program's server, and a proxy from the environment.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/tree.h"
#include "tests/registry/client_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::ClientOf;
using test::Tree;

namespace {

constexpr const char* kOpenssl = "/usr/bin/openssl";

/// `openssl s_server -WWW`: serves a folder over TLS, one connection after another, without Range.
class TlsServer {
 public:
  TlsServer(const std::filesystem::path& folder, const std::filesystem::path& cert, const std::filesystem::path& key) {
    int out[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      if (chdir(folder.c_str()) != 0) _exit(126);
      dup2(out[1], 1);
      dup2(open("/dev/null", O_WRONLY), 2);
      execl(kOpenssl, kOpenssl, "s_server", "-accept", "127.0.0.1:0", "-cert", cert.c_str(), "-key", key.c_str(), "-WWW", nullptr);
      _exit(127);
    }
    close(out[1]);
    // It says "ACCEPT 127.0.0.1:41234" when it is ready.
    std::string said;
    char c = 0;
    while (read(out[0], &c, 1) == 1) {
      said += c;
      const auto at = said.find("ACCEPT 127.0.0.1:");
      if (c == '\n' && at != std::string::npos) {
        port_ = std::stoi(said.substr(at + 17));
        break;
      }
    }
    out_ = out[0];  // kept open: a closed pipe would end the server at its next line
  }
  ~TlsServer() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      int status = 0;
      waitpid(pid_, &status, 0);
    }
    if (out_ >= 0) close(out_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const { return "https://" + host + ":" + std::to_string(port_); }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
  int out_ = -1;
};

/// A self-signed certificate for 127.0.0.1 in dir/cert.pem and dir/key.pem; false without the openssl program.
bool make_certificate(const test::TempDir& dir) {
  return test::run({kOpenssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", (dir / "key.pem").string(), "-out", (dir / "cert.pem").string()})
             .exit_code == 0;
}

}  // namespace

TEST_CASE("https works with the CA file named, and without it says what to do") {
  const test::TempDir keys;
  if (!make_certificate(keys)) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  const Tree tree;
  const TlsServer server(tree.dir, keys / "cert.pem", keys / "key.pem");
  if (server.port() == 0) {
    WARN("SKIPPED: openssl s_server does not start");
    return;
  }
  auto options = test::quick();
  options.stall_seconds = 10;
  {
    ClientOf stranger(server.url(), options);
    const auto r = stranger->describe();
    REQUIRE_FALSE(r);
    CHECK(r.error().code == Errc::network);
    CHECK(r.error().hint.find("NANO_CA_FILE") != std::string::npos);
  }
  options.ca_file = (keys / "cert.pem").string();
  ClientOf c(server.url(), options);
  const auto index = c->describe();
  if (!index) FAIL(index.error().render());
  test::Shelf shelf;
  const auto done = c->blobs(test::requests_of(tree.packed), shelf.factory());
  if (!done) FAIL(done.error().render());
  // The certificate is for 127.0.0.1 only.
  ClientOf other(server.url("localhost"), options);
  CHECK(other->describe().error().code == Errc::network);
}

TEST_CASE("NANO_CA_FILE names the CA file where the option does not") {
  const test::TempDir keys;
  if (!make_certificate(keys)) {
    WARN("SKIPPED: no openssl program");
    return;
  }
  const Tree tree;
  const TlsServer server(tree.dir, keys / "cert.pem", keys / "key.pem");
  if (server.port() == 0) {
    WARN("SKIPPED: openssl s_server does not start");
    return;
  }
  setenv("NANO_CA_FILE", (keys / "cert.pem").c_str(), 1);
  ClientOf c(server.url());
  const auto index = c->describe();
  unsetenv("NANO_CA_FILE");
  if (!index) FAIL(index.error().render());
}

TEST_CASE("a proxy named in the environment is used") {
  const Tree tree;
  const test::HttpServer proxy([&](const test::HttpRequest& r) {
    const std::string origin = "http://registry.invalid";  // never resolved: the proxy answers in its place
    test::HttpRequest inner = r;
    if (r.path.substr(0, origin.size()) != origin) return test::answer(400, "not a proxy request");
    inner.path = r.path.substr(origin.size());
    return test::serve_file(tree.dir.string(), inner);
  });
  setenv("http_proxy", proxy.url().c_str(), 1);
  ClientOf c("http://registry.invalid");
  const auto index = c->describe();
  unsetenv("http_proxy");
  if (!index) FAIL(index.error().render());
  CHECK(proxy.requests().size() == 1);
}
