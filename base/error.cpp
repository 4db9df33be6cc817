// base/error.cpp: the words for error kinds and the rendering for people.
#include "base/error.h"

namespace nano {

std::string_view kind(Errc code) noexcept {
  switch (code) {
    case Errc::ok:
      return "ok";
    case Errc::internal:
      return "internal";
    case Errc::usage:
      return "usage";
    case Errc::not_found:
      return "not_found";
    case Errc::no_solution:
      return "no_solution";
    case Errc::network:
      return "network";
    case Errc::integrity:
      return "integrity";
    case Errc::untrusted:
      return "untrusted";
    case Errc::denied:
      return "denied";
    case Errc::store:
      return "store";
    case Errc::unmet:
      return "unmet";
    case Errc::updates:
      return "updates";
    case Errc::refused:
      return "refused";
    case Errc::invalid:
      return "invalid";
    case Errc::unsupported:
      return "unsupported";
    case Errc::attention:
      return "attention";
    case Errc::interrupted:
      return "interrupted";
  }
  return "internal";
}

std::string Error::render() const {
  std::string out = message;
  for (const auto& c : context) out += "\n  while " + c;
  if (!hint.empty()) out += "\n  hint: " + hint;
  return out;
}

}  // namespace nano
