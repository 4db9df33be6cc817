// tests/fuzz/metadata.h: one role's metadata file: parsed, written, parsed again; signatures by whatever keys it names.
#pragma once

#include "tests/fuzz/fuzz.h"
#include "verify/tuf/metadata.h"

namespace nano::fuzz {

template <class T>
void metadata(std::string_view bytes) {
  using namespace verify::tuf;
  const auto read = read_metadata<T>(bytes, 1 << 20);
  if (!read) return;
  auto again = make_document(read->second.to_json());
  must(again.has_value(), "what was read can be written");
  const auto second = T::parse(again->body);
  must(second.has_value(), "what was written can be read");
  must(second->to_json() == read->second.to_json(), "writing loses nothing");
  again->signatures = read->first.signatures;
  must(read_metadata<T>(write_document(*again), 1 << 22).has_value(), "the file written can be read");
}

/// Nobody signed a fuzzer's bytes: no threshold may be met.
inline void nobody_signed(const verify::tuf::Document& doc, const verify::tuf::Keys& keys,
                          const verify::tuf::RoleKeys& role) {
  (void)verify::tuf::verify_document(doc, keys, role, "a fuzzed document");
}

}  // namespace nano::fuzz
