// schemas/project_root.cpp: text, or hex digits where text would lose bytes.
#include "schemas/project_root.h"

#include "base/digest.h"

namespace nano::schemas {

std::optional<std::string> project_of_root(const Json& doc) {
  const auto text = doc.find("project"), hex = doc.find("project_hex");
  if (text == doc.end() || !text->is_string()) return std::nullopt;
  if (hex == doc.end()) return text->get<std::string>();
  if (!hex->is_string()) return std::nullopt;
  auto bytes = from_hex(hex->get<std::string>());
  if (!bytes || bytes->empty() || bytes->find('\0') != std::string::npos) return std::nullopt;
  return std::move(*bytes);
}

}  // namespace nano::schemas
