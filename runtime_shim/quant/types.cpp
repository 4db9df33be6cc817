// runtime_shim/quant/types.cpp: the table. source: ggml src/ggml.c (type_traits), src/ggml-common.h (block sizes).
#include "runtime_shim/quant/types.h"

#include <array>

#include "base/assert.h"
#include "schemas/vocabulary.h"

namespace nano::quant {
namespace {

constexpr TypeInfo other(uint32_t id, std::string_view name, uint32_t block, uint32_t bytes) {
  return {static_cast<Type>(id), name, block, bytes, false, -1};
}

// file_type: llama.cpp include/llama.h, enum llama_ftype (ALL_F32 0, MOSTLY_F16 1, Q4_0 2, Q4_1 3, Q8_0 7, Q5_0 8,
// Q5_1 9, BF16 32). Ours have the numbers of their types.
constexpr std::array kTypes{
    TypeInfo{Type::f32, "f32", 1, 4, true, 0},
    TypeInfo{Type::f16, "f16", 1, 2, true, 1},
    TypeInfo{Type::q4_0, "q4_0", 32, 18, true, 2},
    TypeInfo{Type::q4_1, "q4_1", 32, 20, true, 3},
    TypeInfo{Type::q5_0, "q5_0", 32, 22, true, 8},
    TypeInfo{Type::q5_1, "q5_1", 32, 24, true, 9},
    TypeInfo{Type::q8_0, "q8_0", 32, 34, true, 7},
    other(9, "q8_1", 32, 36),
    other(10, "q2_K", 256, 84),
    other(11, "q3_K", 256, 110),
    other(12, "q4_K", 256, 144),
    other(13, "q5_K", 256, 176),
    other(14, "q6_K", 256, 210),
    other(15, "q8_K", 256, 292),
    other(16, "iq2_xxs", 256, 66),
    other(17, "iq2_xs", 256, 74),
    other(18, "iq3_xxs", 256, 98),
    other(19, "iq1_s", 256, 50),
    other(20, "iq4_nl", 32, 18),
    other(21, "iq3_s", 256, 110),
    other(22, "iq2_s", 256, 82),
    other(23, "iq4_xs", 256, 136),
    other(24, "i8", 1, 1),
    other(25, "i16", 1, 2),
    other(26, "i32", 1, 4),
    other(27, "i64", 1, 8),
    other(28, "f64", 1, 8),
    other(29, "iq1_m", 256, 56),
    TypeInfo{Type::bf16, "bf16", 1, 2, true, 32},
    other(34, "tq1_0", 256, 54),
    other(35, "tq2_0", 256, 66),
    other(39, "mxfp4", 32, 17),
    TypeInfo{Type::nano_q3, "nano_q3", 32, 13, true, 1000},
    TypeInfo{Type::nano_q2, "nano_q2", 32, 9, true, 1001},
};

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

}  // namespace

const TypeInfo* find_type(uint32_t id) noexcept {
  for (const TypeInfo& row : kTypes)
    if (static_cast<uint32_t>(row.type) == id) return &row;
  return nullptr;
}

const TypeInfo& info(Type type) noexcept {
  const TypeInfo* row = find_type(static_cast<uint32_t>(type));
  NANO_ASSERT(row != nullptr);
  return *row;
}

std::optional<Type> parse_type(std::string_view name) {
  const auto word = schemas::quantization_named(name);
  if (!word) return std::nullopt;
  for (const TypeInfo& row : kTypes)
    if (row.computable && same_ignoring_case(*word, row.name)) return row.type;
  return std::nullopt;
}

std::span<const TypeInfo> all_types() noexcept {
  return kTypes;
}

std::optional<uint64_t> row_bytes(const TypeInfo& type, uint64_t n) noexcept {
  uint64_t out = 0;
  if (n % type.block != 0 || __builtin_mul_overflow(n / type.block, uint64_t{type.bytes}, &out))
    return std::nullopt;
  return out;
}

}  // namespace nano::quant
