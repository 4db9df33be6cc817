// tests/schemas/json_schema.cpp: the only includer of valijson, whose headers are not warning-clean and slow to compile.
#include "tests/schemas/json_schema.h"

#include <map>
#include <stdexcept>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "tests/support/support.h"

namespace nano::test {
namespace {

Json load(const std::string& file) {
  const char* source = std::getenv("NANO_SOURCE");
  if (source == nullptr) throw std::runtime_error("NANO_SOURCE is not set");
  return Json::parse(read(std::filesystem::path(source) / "schemas" / "v1" / file));
}

/// valijson reads one document: other files become members of its `definitions`, and every reference points there.
class Bundle {
 public:
  Json make(const std::string& file) {
    Json root = load(file);
    rewrite(root, "#");
    while (!pending_.empty()) {
      const auto name = *pending_.begin();
      pending_.erase(pending_.begin());
      Json other = load(name.first);
      other.erase("$schema");
      rewrite(other, "#/definitions/" + name.second);
      done_[name.first] = std::move(other);
    }
    for (auto& [name, doc] : done_) root["definitions"][key(name)] = std::move(doc);
    return root;
  }

 private:
  static std::string key(const std::string& file) { return file.substr(0, file.find('.')); }
  void rewrite(Json& node, const std::string& self) {
    for (auto& item : node) {
      if (item.is_structured()) rewrite(item, self);
    }
    if (!node.is_object() || !node.contains("$ref") || !node["$ref"].is_string()) return;
    const auto ref = node["$ref"].get<std::string>();
    const auto hash = ref.find('#');
    const std::string file = ref.substr(0, hash);
    const std::string inner = hash == std::string::npos ? "" : ref.substr(hash + 1);
    if (file.empty()) {
      node["$ref"] = self + inner;
      return;
    }
    if (done_.count(file) == 0) pending_[file] = key(file);
    node["$ref"] = "#/definitions/" + key(file) + inner;
  }
  std::map<std::string, std::string> pending_{};
  std::map<std::string, Json> done_{};
};

}  // namespace

struct JsonSchema::Impl {
  valijson::Schema schema{};
};

JsonSchema::JsonSchema(const std::string& type) : JsonSchema(Parsed{Bundle().make(type + ".schema.json")}) {}

JsonSchema::JsonSchema(const Parsed& parsed) : impl_(std::make_unique<Impl>()) {
  const Json& doc = parsed.schema;
  valijson::SchemaParser parser;
  const valijson::adapters::NlohmannJsonAdapter adapter(doc);
  parser.populateSchema(adapter, impl_->schema);
}
JsonSchema::~JsonSchema() = default;

std::string JsonSchema::fault(const Json& doc) const {
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(doc);
  if (validator.validate(impl_->schema, adapter, &results)) return {};
  valijson::ValidationResults::Error error;
  std::string out = "invalid";
  while (results.popError(error)) {
    out += "; ";
    for (const std::string& c : error.context) out += c;
    out += " " + error.description;
  }
  return out;
}

}  // namespace nano::test
