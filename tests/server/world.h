// tests/server/world.h: a registry in a temporary folder, and packages for it.
#pragma once

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "server/admin.h"
#include "tests/support/support.h"

namespace nano::test {

inline constexpr int64_t kDay = 86'400;

inline void write_package(const std::filesystem::path& dir, const std::string& name, const std::string& version) {
  const Json manifest = {{"schema", "nano.manifest/1"},
                         {"name", name},
                         {"version", version},
                         {"kind", "dataset"},
                         {"title", "A tiny set"},
                         {"description", "Made for tests."},
                         {"license", {{"spdx", "CC0-1.0"}, {"file", "LICENSE"}}},
                         {"files",
                          {{{"path", "data.tsv"}, {"role", "eval"}},
                           {{"path", "README.md"}, {"role", "card"}},
                           {{"path", "LICENSE"}, {"role", "license"}}}},
                         {"intended_use", "Tests."}};
  test::write(dir / "nano.json", dump_pretty(manifest));
  test::write(dir / "README.md", "# Tiny\n");
  test::write(dir / "LICENSE", "CC0\n");
  test::write(dir / "data.tsv", "text\t" + name + "\n");
}

struct World {
  TempDir temp;
  fs::Path dir = temp / "reg";
  server::InitReport made(server::InitOptions options = {}) {
    options.dir = dir;
    auto r = server::init(options);
    if (!r) FAIL(r.error().render());
    return std::move(*r);
  }
  fs::Path package(const std::string& name, const std::string& version = "1.0.0") {
    const fs::Path folder = temp / ("p-" + sha256(name + version).hex().substr(0, 8));
    write_package(folder, name, version);
    return folder;
  }
};

template <class T>
Errc code_of(const Result<T>& s) {
  return s ? Errc::ok : s.error().code;
}

inline server::RoleRow role_row(const server::StatusReport& s, const std::string& role) {
  for (const auto& r : s.roles)
    if (r.role == role) return r;
  FAIL("no role " << role);
  return {};
}

}  // namespace nano::test
