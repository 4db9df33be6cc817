// A planted breach: a heavy header outside its one file.
#include <CLI/CLI.hpp>
