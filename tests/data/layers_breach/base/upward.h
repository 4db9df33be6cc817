// A planted breach: base includes app. The ctest layers_breach sees check_layers.cmake refuse it.
#include "app/context.h"
