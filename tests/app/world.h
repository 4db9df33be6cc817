// tests/app/world.h: a registry with packages, a client with a home of its own, and the real programs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/support.h"

namespace nano::test {

/// Everything below one temporary folder. The packages are the small random BERT of tests/data/bert_tiny.
class World {
 public:
  World();

  /// Make package folder `name` (a few files, so that there is something to fetch); returns its path.
  std::string make_package(const std::string& name, const std::string& version = "1.0.0",
                           const Json& change = Json::object());
  std::string pack(const std::string& dir);  ///< returns the bundle's path
  std::string pack_unchecked(const std::string& dir);  ///< as somebody packs who has another program: no model is run
  void publish(const std::string& name, const std::string& version = "1.0.0",
               const Json& change = Json::object());
  /// Configure the registry at `url` (default: file://) as the owner of the root namespace.
  void use_registry(const std::string& url = "");

  RunResult nano(std::vector<std::string> args, std::string_view in = {},
                 std::map<std::string, std::string> env = {});
  /// The same, standing in `folder`.
  RunResult nano_in(const std::string& folder, std::vector<std::string> args, std::map<std::string, std::string> env = {});
  RunResult program(const std::string& name, std::vector<std::string> args, std::string_view in = {},
                    std::map<std::string, std::string> env = {});
  [[nodiscard]] Json json(const RunResult& r) const;  ///< the document on stdout; fails the test otherwise

  [[nodiscard]] std::string path(const std::string& rel) const { return (dir.path() / rel).string(); }
  [[nodiscard]] std::string registry() const { return path("registry"); }
  [[nodiscard]] std::string root() const;  ///< path of the registry's first root
  [[nodiscard]] std::string id() const;    ///< its fingerprint, 64 hex digits
  [[nodiscard]] std::string blob_of(
      const std::string& file) const;                  ///< the registry's blob with that file's bytes
  [[nodiscard]] std::vector<std::string> installed();  ///< "tiny 1.0.0 f32"
  [[nodiscard]] std::map<std::string, std::string> environment() const { return env_; }

  TempDir dir{};

 private:
  std::map<std::string, std::string> env_{};
};

/// Does `text` hold `part`?
[[nodiscard]] bool has(const std::string& text, const std::string& part);

}  // namespace nano::test
