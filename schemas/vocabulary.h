// schemas/vocabulary.h: the closed word lists of the documents: kinds, tasks, roles, quantizations, metrics.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nano::schemas {

enum class Kind { model, base, head, adapter, grid, dataset, project };
enum class Role { weights, tokenizer, card, license, eval, golden, config, other };
enum class DataUse { train, pretrain, eval };
enum class Access { open, gated };
enum class DependencyUse { base, router, expert, dataset, model };  ///< model: what a project uses
enum class Direction { higher, lower };  ///< which way is better

[[nodiscard]] std::string_view to_text(Kind k);
[[nodiscard]] std::string_view to_text(Role r);
[[nodiscard]] std::string_view to_text(DataUse u);
[[nodiscard]] std::string_view to_text(Access a);
[[nodiscard]] std::string_view to_text(DependencyUse u);
[[nodiscard]] std::string_view to_text(Direction d);

/// The words, in the order of the enumerators.
[[nodiscard]] std::span<const std::string> kind_words();
[[nodiscard]] std::span<const std::string> role_words();
[[nodiscard]] std::span<const std::string> data_use_words();
[[nodiscard]] std::span<const std::string> access_words();
[[nodiscard]] std::span<const std::string> dependency_use_words();
[[nodiscard]] std::span<const std::string> direction_words();

[[nodiscard]] std::span<const std::string> task_words();          ///< Hugging Face pipeline names
/// Names of quantizations, the one list for manifests, indexes, `new`, `quantize` and calibrations: the names of GGUF's tensor
/// types in lower case (f32, q8_0, q4_k, …), our own (nano_q3, nano_q2), and `mixed`.
[[nodiscard]] std::span<const std::string> quantization_words();
/// Those and what people say for them: q8, q5, q4 (of the _0 kind), q3, q2 (ours).
[[nodiscard]] std::span<const std::string> quantization_spellings();
/// Of the spellings those that `nano quantize --type` takes.
[[nodiscard]] std::span<const std::string_view> quantize_spellings();
/// The name that a spelling stands for, whatever the case: "nano_q3" of "q3" and "Q3"; nullopt: none.
[[nodiscard]] std::optional<std::string> quantization_named(std::string_view spelling);
/// What people call it, and `nano new` its variant: "q3" of nano_q3, "q8" of q8_0, "q4-k" of q4_k.
[[nodiscard]] std::string quantization_short(std::string_view word);
[[nodiscard]] std::span<const std::string> isa_words();           ///< instruction sets a variant may need
[[nodiscard]] std::span<const std::string> value_type_words();    ///< of inputs and outputs: text, label …

/// A metric fixes its unit and which way is better.
struct Metric {
  std::string id{};
  std::string unit{};
  Direction direction = Direction::higher;
};
[[nodiscard]] std::span<const Metric> metrics();
/// nullptr when unknown; ids that begin with `x-` are free and not in the table.
[[nodiscard]] const Metric* find_metric(std::string_view id);

/// The grammar of an SPDX licence expression (ids, `LicenseRef-…`, AND, OR, WITH, parentheses, `+`); ids are not looked up.
[[nodiscard]] bool is_spdx_expression(std::string_view text);
inline constexpr std::string_view kNoLicenceStated = "none stated";  ///< allowed for data sets only

/// http(s) with a host, no spaces or control characters, at most 2,048 bytes.
[[nodiscard]] bool is_web_url(std::string_view text);
/// A BCP 47 primary language subtag: two or three lower-case letters.
[[nodiscard]] bool is_language(std::string_view text);

}  // namespace nano::schemas
