// runtime_shim/tokenizer/templates.cpp: see the header.
#include "runtime_shim/tokenizer/templates.h"

#include <algorithm>
#include <string>

#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano::tokenizer {
namespace {

constexpr std::size_t kMaxParts = 64;
constexpr int32_t kMaxType = 63;

Status read_one(const gguf::File& file, const std::string& key, std::size_t pieces, bool pair,
                std::vector<TemplatePart>& out) {
  NANO_TRY_ASSIGN(const auto numbers, file.get_i32_array(key));
  if (numbers.size() % 2 != 0 || numbers.size() / 2 > kMaxParts)
    return file.invalid(key + " has " + std::to_string(numbers.size()) + " elements, not pairs of an id and a type");
  std::size_t first = 0, second = 0;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const int32_t id = numbers[i], type = numbers[i + 1];
    if (id < kSecondText || (id >= 0 && static_cast<std::size_t>(id) >= pieces) || type < 0 || type > kMaxType)
      return file.invalid(key + ": " + std::to_string(id) + " with the type " + std::to_string(type) +
                          " is no token of the vocabulary");
    if (id == kSecondText && first == 0) return file.invalid(key + " has the second text before the first");
    first += id == kFirstText ? 1 : 0;
    second += id == kSecondText ? 1 : 0;
    out.push_back({id, type});
  }
  if (first != 1 || second != (pair ? 1u : 0u)) return file.invalid(key + " does not hold each text once");
  return Unit{};
}

}  // namespace

Result<Templates> read_templates(const gguf::File& file, const SpecialIds& ids, std::size_t pieces,
                                 const TemplateDefaults& defaults) {
  Templates out;
  const std::string single = "nano.tokenizer.single", pair = "nano.tokenizer.pair";
  if (file.has(single) || file.has(pair)) {
    NANO_TRY(read_one(file, single, pieces, false, out.single));
    NANO_TRY(read_one(file, pair, pieces, true, out.pair));
    return out;
  }
  NANO_TRY_ASSIGN(const bool before, file.get_bool_or("tokenizer.ggml.add_bos_token", true));
  NANO_TRY_ASSIGN(const bool after, file.get_bool_or("tokenizer.ggml.add_eos_token", true));
  for (auto* parts : {&out.single, &out.pair}) {
    if (before) parts->push_back({ids.cls, 0});
    parts->push_back({kFirstText, 0});
    if (after) parts->push_back({ids.sep, 0});
  }
  if (after && defaults.two_separators) out.pair.push_back({ids.sep, 0});
  out.pair.push_back({kSecondText, defaults.second_type});
  if (after) out.pair.push_back({ids.sep, defaults.second_type});
  return out;
}

}  // namespace nano::tokenizer
