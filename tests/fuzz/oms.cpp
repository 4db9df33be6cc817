// tests/fuzz/oms.cpp: model.sig and the statement in it.
#include "tests/fuzz/fuzz.h"
#include "verify/oms/bundle.h"
#include "verify/oms/model_signature.h"

namespace {

using namespace nano;
using namespace nano::verify;

void statement(std::string_view json) {
  (void)oms::parse_statement(json, true);
  auto s = oms::parse_statement(json, false);
  if (!s) return;
  for (const auto& r : s->resources) {
    const auto path =
        s->method == oms::Method::shards ? oms::path_of_shard(r.name) : Result<std::string>(r.name);
    fuzz::must(path.has_value(), "a shard that was accepted has a path");
    fuzz::must(oms::is_model_path(*path) || *path == ".", "no accepted name leaves the model");
  }
  const auto again = oms::parse_statement(oms::write_statement(*s), false);
  fuzz::must(again && again->resources.size() == s->resources.size(), "what is written can be read");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text(data, size);
  statement(bytes);
  const auto b = oms::parse_bundle(bytes);
  if (!b) return 0;
  statement(b->payload);
  (void)oms::old_pae(b->payload_type, b->payload);
  const auto again = oms::parse_bundle(oms::write_bundle(*b));
  fuzz::must(again && again->payload == b->payload && again->signature == b->signature,
             "writing loses nothing");
  oms::Trust trust;
  trust.roots = b->certificates;
  trust.at = 1'800'000'000;
  (void)oms::verify_statement(*b, trust);
  return 0;
}
