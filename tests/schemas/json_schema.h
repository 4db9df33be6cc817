// tests/schemas/json_schema.h: validates a document against schemas/v1, by valijson. One file holds that header.
#pragma once

#include <memory>
#include <string>

#include "base/json.h"

namespace nano::test {

/// A compiled schema of schemas/v1, with what it refers to in the other files.
class JsonSchema {
 public:
  explicit JsonSchema(const std::string& type);  ///< "manifest"; throws when the schema itself is broken
  /// One that refers to no other file.
  struct Parsed {
    Json schema{};
  };
  explicit JsonSchema(const Parsed& parsed);
  ~JsonSchema();
  [[nodiscard]] std::string fault(const Json& doc) const;  ///< "" = valid

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::test
