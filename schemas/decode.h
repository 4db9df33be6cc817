// schemas/decode.h: the decoders of parts that several documents share. Internal to schemas.
#pragma once

#include "schemas/index.h"
#include "schemas/manifest.h"
#include "schemas/reader.h"
#include "schemas/release.h"

namespace nano::schemas::internal {

void decode(const Node& node, const std::string& pointer, Claim& out, Report& report, bool is_document);
void decode(const Node& node, const std::string& pointer, Manifest& out, Report& report);
void decode(const Node& node, const std::string& pointer, Needs& out, Report& report);
void decode(const Node& node, const std::string& pointer, Dependency& out, Report& report);
void decode(const Node& node, const std::string& pointer, HeadlineClaim& out, Report& report);
void decode(const Node& node, const std::string& pointer, IndexVariant& out, Report& report);

/// The rules between a manifest's parts: variants and files, claims, dependencies.
void check_rules(const Manifest& manifest, const std::string& pointer, Report& report);

// Members that are empty are left out of a document.
inline void put(Json& doc, const char* key, const std::string& value) {
  if (!value.empty()) doc[key] = value;
}
inline void put(Json& doc, const char* key, const std::vector<std::string>& values) {
  if (!values.empty()) doc[key] = values;
}
inline void put(Json& doc, const char* key, const std::optional<uint64_t>& value) {
  if (value) doc[key] = *value;
}
inline void put(Json& doc, const char* key, const std::optional<Decimal>& value) {
  if (value) doc[key] = value->text();
}
template <class T>
void put_list(Json& doc, const char* key, const std::vector<T>& values) {
  if (values.empty()) return;
  Json list = Json::array();
  for (const T& v : values) list.push_back(to_json(v));
  doc[key] = std::move(list);
}

}  // namespace nano::schemas::internal
