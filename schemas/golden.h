// schemas/golden.h: a package's golden file: up to 32 inputs with the answers its publisher saw.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schemas/decimal.h"
#include "schemas/problem.h"

namespace nano::schemas {

inline constexpr uint64_t kMaxGoldenBytes = 1'000'000;
inline constexpr std::size_t kMaxGoldenInputs = 32;
inline constexpr std::size_t kMaxGoldenTextBytes = 16'384;  ///< of one text
inline constexpr std::size_t kMaxGoldenEntities = 1024;     ///< of one input
inline constexpr std::size_t kMaxGoldenVector = 8192;       ///< numbers of one vector

/// A stretch of the (first) text, as a tagger gives it.
struct GoldenEntity {
  uint64_t begin = 0, end = 0;  ///< bytes of the text, [begin, end)
  std::string label{};
  std::optional<Decimal> score{};
  friend bool operator==(const GoldenEntity&, const GoldenEntity&) = default;
};

/// One input and its answer, in one of four forms; exactly one stands in the file.
struct GoldenInput {
  enum class Answer {
    label,     ///< the most probable label
    labels,    ///< of a multi-label classifier: those at 0.5 or more
    entities,  ///< of a tagger
    vector,    ///< of a model that embeds
  };
  std::string text{};
  std::optional<std::string> pair{};  ///< the second text, of a model of sentence pairs (`text_pair`)
  Answer answer = Answer::label;
  std::vector<std::string> labels{};        ///< label: one; labels: none to all
  std::map<std::string, Decimal> scores{};  ///< label, labels: probabilities by label; those not named are free
  std::vector<GoldenEntity> entities{};     ///< in the order of the text
  std::vector<Decimal> vector{};            ///< its length says nothing, its direction counts
  friend bool operator==(const GoldenInput&, const GoldenInput&) = default;
};

struct GoldenFile {
  std::vector<GoldenInput> inputs{};
  friend bool operator==(const GoldenFile&, const GoldenFile&) = default;
};

/// docs/FORMATS.md#golden. errors  invalid
[[nodiscard]] Result<GoldenFile> parse_golden(std::string_view bytes);
[[nodiscard]] Problems check_golden(std::string_view bytes);
[[nodiscard]] std::string write_golden(const GoldenFile& golden);

}  // namespace nano::schemas
