// schemas/claim.h: one measured benchmark result of one variant (DESIGN section 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "schemas/decimal.h"
#include "schemas/problem.h"
#include "schemas/vocabulary.h"

namespace nano::schemas {

/// What it was measured on: n items of a split, by digest.
struct ClaimDataset {
  std::string id{};    ///< "sst2", or a path of the package: "eval/eval300.tsv"
  Digest digest{};     ///< of the file that holds the items
  std::string split{};
  uint64_t n = 0;      ///< items
  friend bool operator==(const ClaimDataset&, const ClaimDataset&) = default;
};

struct ClaimInterval {
  Decimal low{};
  Decimal high{};
  Decimal level{};  ///< "0.95"
  friend bool operator==(const ClaimInterval&, const ClaimInterval&) = default;
};

struct ClaimMetric {
  std::string id{};  ///< of metrics(), or `x-…`
  Decimal value{};
  std::string unit{};
  Direction direction = Direction::higher;
  std::optional<ClaimInterval> interval{};
  friend bool operator==(const ClaimMetric&, const ClaimMetric&) = default;
};

/// Under what. A latency or memory figure without device and threads says nothing, and is refused.
struct ClaimConditions {
  std::string device{};           ///< "cpu", "cuda" …
  std::string cpu{};              ///< the processor's own name
  std::string isa{};              ///< kernel table: "avx512"
  std::optional<uint64_t> threads{};
  std::optional<uint64_t> batch{};
  std::string runtime_version{};  ///< of nano
  std::optional<uint64_t> runs{};
  std::optional<uint64_t> warmup{};
  /// What nano's micro-benchmark took there, in microseconds, for the variant's quantization (docs/FORMATS.md): lets another
  /// machine say what the latency would be on it.
  std::optional<Decimal> calibration_us{};
  friend bool operator==(const ClaimConditions&, const ClaimConditions&) = default;
};

/// Milliseconds for one item.
struct ClaimLatency {
  Decimal p50_ms{};
  Decimal p95_ms{};
  Decimal p99_ms{};
  friend bool operator==(const ClaimLatency&, const ClaimLatency&) = default;
};

/// At least one of metric, latency and peak memory is there; a metric has its dataset.
struct Claim {
  std::optional<Digest> release{};  ///< absent inside a manifest: a release cannot hold its own digest
  std::string variant{};
  std::string task{};
  std::optional<ClaimDataset> dataset{};
  std::optional<ClaimMetric> metric{};
  std::optional<ClaimConditions> conditions{};
  std::optional<ClaimLatency> latency{};
  std::optional<uint64_t> peak_memory_bytes{};
  std::string harness_version{};
  std::string command{};            ///< re-runs it
  std::string date{};               ///< YYYY-MM-DDTHH:MM:SSZ
  friend bool operator==(const Claim&, const Claim&) = default;
};

/// A claim document (`"schema":"nano.claim/1"`). errors  invalid
[[nodiscard]] Result<Claim> parse_claim(std::string_view bytes);
[[nodiscard]] Problems check_claim(std::string_view bytes);
[[nodiscard]] std::string write_claim(const Claim& claim);

}  // namespace nano::schemas
