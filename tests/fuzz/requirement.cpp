// tests/fuzz/requirement.cpp: `name@range:variant` as a person types it.
#include "schemas/requirement.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace nano;
  const auto r = schemas::Requirement::parse(fuzz::text(data, size));
  if (!r) return 0;
  const std::string text = r->text();
  const auto again = schemas::Requirement::parse(text);
  fuzz::must(again.has_value(), "what is shown can be typed");
  fuzz::must(again->name == r->name && again->variant == r->variant, "it names the same package and variant");
  fuzz::must(again->text() == text, "shown twice it is the same");
  return 0;
}
