// tests/registry/fixture.h: small packages, bundles and trees to test with.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "registry/bundle.h"
#include "registry/pack.h"
#include "registry/repository/repository.h"
#include "tests/support/support.h"
#include "verify/keys.h"

namespace nano::test {

inline constexpr UnixTime kDate = 1'700'000'000;

/// A package folder: nano.json, README.md, LICENSE, m-q8.gguf and m-q4.gguf (which begin with "GGUF").
void write_package(const std::filesystem::path& dir, std::string_view name = "tiny", std::string_view version = "1.0.0",
                   std::string_view weights = "GGUF weights in eight bits");
/// pack_folder, which must succeed.
[[nodiscard]] registry::Packed pack(const std::filesystem::path& dir);
/// A bundle of the folder.
void write_bundle(const std::filesystem::path& out, const registry::Packed& packed);

[[nodiscard]] verify::PrivateKey make_key();
/// The same key once more, for a key ring.
[[nodiscard]] verify::PrivateKey registry_key(const verify::PrivateKey& key);

/// A tree with tiny@1.0.0.
struct Tree {
  TempDir temp;
  std::filesystem::path dir = temp / "tree";
  std::filesystem::path package = temp / "package";
  registry::Packed packed{};
  explicit Tree(std::string_view weights = "GGUF weights in eight bits");
  [[nodiscard]] std::string file_url() const { return "file://" + dir.string(); }
};

/// Changes one byte in the middle of a file.
void flip_byte(const std::filesystem::path& file);
/// Pseudo-random bytes that do not compress, beginning with "GGUF".
[[nodiscard]] std::string noise(std::size_t bytes);
/// Every regular file below a folder, relative, sorted.
[[nodiscard]] std::vector<std::string> files_below(const std::filesystem::path& dir);

}  // namespace nano::test
