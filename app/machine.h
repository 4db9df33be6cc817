// app/machine.h: this machine as a model sees it: facts, and a micro-benchmark that is run once.
#pragma once

#include <map>
#include <string>

#include "app/context.h"
#include "resolver/offer.h"

namespace nano::app {

/// Instruction sets (schemas::isa_words()), cores, memory, and what is free where the store is. Reads /proc and the CPU; cheap.
[[nodiscard]] resolver::Machine machine_facts(const Context& ctx);
[[nodiscard]] std::string cpu_name();  ///< as the system calls it, made safe to print; "unknown"

/// Microseconds of one standard product (32 rows of activations by a 384 x 384 matrix, one thread, the best kernels) by the
/// quantization of the matrix: the median of many, some 50 ms each.
struct Calibration {
  std::string fingerprint{};  ///< CPU, kernel table, version of the benchmark: another one measures anew
  std::string measured{};     ///< YYYY-MM-DDTHH:MM:SSZ
  std::map<std::string, double> us{};
  bool from_cache = false;
};
/// The kept one of this fingerprint, out of state.sqlite; measured (and kept, where that can be) when there is none or `again`.
///   errors  unsupported, usage: no kernel table can run (NANO_KERNELS)
[[nodiscard]] Result<Calibration> calibrate(const Context& ctx, bool again = false);
/// The kept one only; empty `us` when there is none.
[[nodiscard]] Calibration kept_calibration(const Context& ctx);

}  // namespace nano::app
