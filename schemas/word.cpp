// schemas/word.cpp: see the header.
#include "schemas/word.h"

#include "schemas/requirement.h"

namespace nano::schemas {

bool is_path(std::string_view word) {
  if (word == "." || word == "..") return true;
  const std::string_view bundle = word.substr(0, word.rfind(':'));
  if (word.ends_with(".gguf") || word.ends_with(".nano") || bundle.ends_with(".nano")) return true;
  return word.find('/') != std::string_view::npos && !Requirement::parse(word);
}

}  // namespace nano::schemas
