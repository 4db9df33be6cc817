// schemas/problem.cpp: a problem as an error.
#include "schemas/problem.h"

#include <algorithm>

namespace nano::schemas {

bool any_about(const Problems& problems, std::string_view pointer) {
  const auto within = [](std::string_view place, std::string_view outer) {
    return place.substr(0, outer.size()) == outer && (place.size() == outer.size() || place[outer.size()] == '/');
  };
  return std::any_of(problems.begin(), problems.end(), [&](const Problem& p) {
    return !p.pointer.empty() && (within(p.pointer, pointer) || within(pointer, p.pointer));
  });
}

Error to_error(const Problem& problem, std::string_view document) {
  std::string message(document);
  message += ": ";
  if (!problem.pointer.empty()) message += problem.pointer + ": ";
  return make_error(Errc::invalid, message + problem.message, problem.hint);
}

}  // namespace nano::schemas
