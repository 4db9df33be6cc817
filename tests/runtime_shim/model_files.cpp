// tests/runtime_shim/model_files.cpp
#include "tests/runtime_shim/model_files.h"

#include <cstring>

#include <catch2/catch.hpp>

#include "tests/support/support.h"

namespace nano::test {

std::filesystem::path bert_tiny() {
  return data("bert_tiny/bert_tiny.gguf");
}

std::vector<Golden> golden_cases() {
  const auto doc = parse_json(read(data("bert_tiny/golden.json")), {.allow_floats = true});
  REQUIRE(doc);
  std::vector<Golden> cases;
  for (const auto& c : doc->at("cases")) {
    cases.push_back({c.at("text"), c.at("ids"), c.at("first"), c.at("last"), c.at("mean"), c.at("logits"),
                     c.at("scores")});
  }
  REQUIRE(cases.size() >= 8);
  return cases;
}

std::filesystem::path family(const std::string& name) {
  return test::data("family/" + name);
}

Json family_golden(const std::string& model) {
  const auto doc = parse_json(read(family("golden.json")), {.allow_floats = true});
  REQUIRE(doc);
  return doc->at(model);
}

void write_changed(const Changes& changes, const std::filesystem::path& path) {
  const auto file = gguf::File::open(changes.from.empty() ? bert_tiny() : changes.from);
  REQUIRE(file);
  gguf::Builder builder;
  for (const auto& entry : file->metadata()) {
    if (!changes.without.contains(std::string(entry.key))) builder.copy(entry);
  }
  if (changes.add) changes.add(builder);
  std::vector<std::byte> poisoned;
  for (const auto& tensor : file->tensors()) {
    if (changes.without.contains(std::string(tensor.name))) continue;
    std::span<const std::byte> bytes = tensor.bytes;
    if (tensor.name == changes.poisoned) {
      poisoned.assign(bytes.begin(), bytes.end());
      const uint32_t infinity = 0x7F800000, half = 0x7C00;
      std::memcpy(poisoned.data() + 12, tensor.type->type == quant::Type::f16 ? &half : &infinity, 4);
      bytes = poisoned;
    }
    REQUIRE(builder.add_tensor(tensor.name, tensor.type->type, {tensor.dims.data(), tensor.rank}, bytes));
  }
  REQUIRE(builder.write(path));
}

}  // namespace nano::test
