// registry/repository/proof.h: the proof that somebody holds the keys of a namespace. Internal to registry/repository.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/keys.h"
#include "verify/tuf/metadata.h"

namespace nano::registry {

struct Proof {
  verify::tuf::Document doc{};
  verify::tuf::Targets role{};
  std::vector<verify::tuf::Key> owners{};
  uint32_t threshold = 1;
};

/// errors  untrusted: for another registry or namespace, or not signed by each of its keys; invalid
[[nodiscard]] Result<Proof> read_proof(std::string_view bytes, const std::string& name,
                                       const std::string& registry);
[[nodiscard]] Error bad_proof(const std::string& why);

[[nodiscard]] std::vector<verify::tuf::Key> tuf_keys(const std::vector<verify::PublicKey>& keys);
[[nodiscard]] verify::tuf::RoleKeys role_keys(const std::vector<verify::tuf::Key>& keys, uint32_t threshold);

}  // namespace nano::registry
