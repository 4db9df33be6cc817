// registry/index_pointer.cpp: four fields, checked one by one.
#include "registry/index_pointer.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "schemas/index.h"

namespace nano::registry {
namespace {

Error broken(std::string what) { return make_error(Errc::invalid, "index pointer: " + std::move(what)); }

}  // namespace

Result<IndexPointer> parse_index_pointer(std::string_view bytes) {
  NANO_TRY_ASSIGN(const Json doc, parse_json(bytes, {.max_bytes = kMaxIndexPointerBytes, .max_depth = 4}));
  if (!doc.is_object()) return broken("not a JSON object");
  for (auto it = doc.begin(); it != doc.end(); ++it)
    if (it.key() != "schema" && it.key() != "sha256" && it.key() != "size" && it.key() != "created")
      return broken("unknown key '" + sanitize(it.key()) + "'");
  const auto text = [&](const char* key) {
    const auto it = doc.find(key);
    return it != doc.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  if (text("schema") != kIndexPointerSchema) return broken("the schema is not " + std::string(kIndexPointerSchema));
  IndexPointer out;
  NANO_TRY_ASSIGN(out.sha256, Digest::parse_hex(text("sha256")));
  const auto size = doc.find("size");
  if (size == doc.end() || !size->is_number_unsigned() || size->get<uint64_t>() > schemas::kMaxIndexBytes)
    return broken("the size is not a number of at most " + std::to_string(schemas::kMaxIndexBytes));
  out.size = size->get<uint64_t>();
  out.created = text("created");
  NANO_TRY(parse_time(out.created));
  return out;
}

std::string write_index_pointer(const IndexPointer& p) {
  return dump_line({{"schema", kIndexPointerSchema}, {"sha256", p.sha256.hex()}, {"size", p.size}, {"created", p.created}});
}

}  // namespace nano::registry
