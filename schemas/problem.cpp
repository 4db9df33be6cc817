// schemas/problem.cpp: a problem as an error.
#include "schemas/problem.h"

namespace nano::schemas {

Error to_error(const Problem& problem, std::string_view document) {
  std::string message(document);
  message += ": ";
  if (!problem.pointer.empty()) message += problem.pointer + ": ";
  return make_error(Errc::invalid, message + problem.message, problem.hint);
}

}  // namespace nano::schemas
