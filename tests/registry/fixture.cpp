// tests/registry/fixture.cpp: see fixture.h.
#include "tests/registry/fixture.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <random>

#include "base/json.h"

namespace nano::test {

void write_package(const std::filesystem::path& dir, std::string_view name, std::string_view version, std::string_view weights) {
  const Json manifest = {
      {"schema", "nano.manifest/1"},
      {"name", name},
      {"version", version},
      {"kind", "model"},
      {"title", "A tiny model"},
      {"description", "Made for tests."},
      {"license", {{"spdx", "CC0-1.0"}, {"file", "LICENSE"}}},
      {"task", "text-classification"},
      {"languages", {"en"}},
      {"model", {{"family", "bert"}, {"architecture", "bert"}, {"parameters", 1000}, {"context_length", 64}}},
      {"inputs", {{{"name", "text"}, {"type", "text"}}}},
      {"outputs", {{{"name", "label"}, {"type", "label"}}}},
      {"labels", {"negative", "positive"}},
      {"variants",
       {{{"name", "q8"}, {"default", true}, {"quantization", "q8_0"}, {"files", {"m-q8.gguf"}}},
        {{"name", "q4"}, {"quantization", "q4_0"}, {"files", {"m-q4.gguf"}}}}},
      {"files",
       {{{"path", "m-q8.gguf"}, {"role", "weights"}},
        {{"path", "m-q4.gguf"}, {"role", "weights"}},
        {{"path", "README.md"}, {"role", "card"}},
        {{"path", "LICENSE"}, {"role", "license"}}}},
      {"intended_use", "Tests."},
  };
  write(dir / "nano.json", dump_pretty(manifest));
  write(dir / "README.md", "# Tiny\n");
  write(dir / "LICENSE", "CC0\n");
  write(dir / "m-q8.gguf", weights);
  write(dir / "m-q4.gguf", "GGUF weights in four bits");
}

registry::Packed pack(const std::filesystem::path& dir) {
  const registry::PackOptions options{.created = kDate, .check_weights = {}};
  auto report = registry::pack_folder(dir, options);
  REQUIRE(report);
  for (const auto& p : report->problems) FAIL_CHECK(p.pointer << ": " << p.message);
  REQUIRE(report->packed);
  return std::move(*report->packed);
}

void write_bundle(const std::filesystem::path& out, const registry::Packed& packed) {
  const auto done = registry::write_bundle(out, packed.release_bytes, packed.blobs);
  if (!done) FAIL(done.error().render());
}

verify::PrivateKey make_key() {
  auto key = verify::PrivateKey::generate();
  REQUIRE(key);
  return std::move(*key);
}

verify::PrivateKey registry_key(const verify::PrivateKey& key) {
  auto copy = verify::PrivateKey::from_pem(key.pem().value().view());
  REQUIRE(copy);
  return std::move(*copy);
}

Tree::Tree(std::string_view weights) {
  write_package(package, "tiny", "1.0.0", weights);
  packed = pack(package);
  const auto only = make_key();
  registry::MemoryKeys keys(registry_key(only));
  auto repo = registry::Repository::init(dir, {.name = "test", .now = kDate, .adopt_namespaces = true}, keys);
  if (!repo) FAIL(repo.error().render());
  const auto added = repo->add(packed, {.now = kDate});
  if (!added) FAIL(added.error().render());
}

void flip_byte(const std::filesystem::path& file) {
  std::string bytes = read(file);
  REQUIRE_FALSE(bytes.empty());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::filesystem::remove(file);
  write(file, bytes);
}

std::string noise(std::size_t bytes) {
  std::mt19937_64 random(42);
  std::string out = "GGUF";
  while (out.size() < bytes) out += static_cast<char>(random() & 255);
  return out;
}

std::vector<std::string> files_below(const std::filesystem::path& dir) {
  std::vector<std::string> out;
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir))
    if (e.is_regular_file()) out.push_back(e.path().lexically_relative(dir).generic_string());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace nano::test
