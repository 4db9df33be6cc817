// The one translation unit that holds Catch2's main, and where tests find things unless the environment says otherwise.
#define CATCH_CONFIG_MAIN
#include <cstdlib>

#include <catch2/catch.hpp>

namespace {

// Compiled in, so that a test binary started by hand finds what ctest's finds. What the environment sets stands.
const bool kPlaces = [] {
  setenv("NANO_SHARED", NANO_DEFAULT_SHARED, 0);
  setenv("NANO_TEST_DATA", NANO_DEFAULT_TEST_DATA, 0);
  setenv("NANO_BIN", NANO_DEFAULT_BIN, 0);
  setenv("NANO_SOURCE", NANO_DEFAULT_SOURCE, 0);
  return true;
}();

}  // namespace
