// schemas/registry_json.cpp: registry.json in and out of JSON.
#include "schemas/registry_json.h"

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

void decode(const internal::Node& doc, RegistryJson& out, internal::Report& report) {
  using internal::Need;
  internal::Object o(doc, "", report);
  o.schema(kRegistrySchema);
  out.name = o.simple_name("name", Need::required);
  out.title = o.line("title", Need::optional);
  out.api = o.url("api", Need::optional);
  out.protocol = o.integer("protocol", Need::required, 1, 1'000'000).value_or(1);
  o.finish();
}

}  // namespace

Result<RegistryJson> parse_registry_json(std::string_view bytes) {
  auto doc = internal::parse_document<RegistryJson>(bytes, kMaxRegistryJsonBytes, "registry.json", decode);
  if (doc && doc->protocol != 1)
    return make_error(Errc::unsupported, "the registry speaks protocol " + std::to_string(doc->protocol) + ", this nano speaks 1", "update nano");
  return doc;
}
Problems check_registry_json(std::string_view bytes) { return internal::check_document<RegistryJson>(bytes, kMaxRegistryJsonBytes, decode); }

Json to_json(const RegistryJson& r) {
  Json doc = {{"schema", std::string(kRegistrySchema)}, {"name", r.name}, {"protocol", r.protocol}};
  internal::put(doc, "title", r.title);
  internal::put(doc, "api", r.api);
  return doc;
}
std::string write_registry_json(const RegistryJson& doc) { return dump_pretty(to_json(doc)); }

}  // namespace nano::schemas
