// runtime_shim/models/architecture.cpp: the table.
#include "runtime_shim/models/architecture.h"

namespace nano::models {
namespace {

constexpr Architecture kKnown[] = {
    {.name = "bert"},
    {.name = "modern-bert",
     .positions = false,
     .rotary = true,
     .pre_norm = true,
     .gated = true,
     .norm_bias = false,
     .windows = true,
     .head = Activation::gelu},
    {.name = "static-embedding", .positions = false, .table_only = true, .head = Activation::none},
};

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& a : kKnown) {
    if (a.name == name) return &a;
  }
  return nullptr;
}

std::string architecture_names() {
  std::string all;
  for (const Architecture& a : kKnown) all += (all.empty() ? "'" : ", '") + std::string(a.name) + "'";
  return all;
}

}  // namespace nano::models
