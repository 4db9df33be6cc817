// A program of somebody else's: built against an installed tree, opening a model by the name `nano install`
// gave it.
#include <catch2/catch.hpp>

#include "tests/app/world.h"

namespace nano::test {
namespace {

TEST_CASE("the examples are built against an installed libnano and open an installed model by name") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  WARN("SKIPPED: a plain program cannot load a library built with a sanitizer");
#else
  const auto source = env("NANO_SOURCE");
  REQUIRE(source);
  World w;
  w.publish("tiny");
  w.use_registry();
  REQUIRE(w.nano({"install", "tiny"}).exit_code == 0);
  const std::string build = std::filesystem::path(bin("nano")).parent_path().parent_path();
  const auto r = run({"/bin/bash", *source + "/tests/runtime_shim/install_test.sh", build, *source, "tiny"},
                     {}, w.environment());
  INFO(r.out << r.err);
  CHECK(r.exit_code == 0);
  CHECK(has(r.out, "neutral"));
  const auto absent =
      run({"/bin/bash", *source + "/tests/runtime_shim/install_test.sh", build, *source, "tinny"}, {},
          w.environment());
  CHECK(absent.exit_code != 0);
  CHECK(has(absent.err, "tinny"));
#endif
}

}  // namespace
}  // namespace nano::test
