// base/assert.h: invariants. A failed NANO_ASSERT is a bug in nano, never bad input.
#pragma once
#include <cstdio>
#include <cstdlib>
#define NANO_ASSERT(cond) \
  ((cond) ? (void)0       \
          : (std::fprintf(stderr, "nano: bug: %s:%d: %s\n", __FILE__, __LINE__, #cond), std::abort()))
