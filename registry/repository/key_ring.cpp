// registry/repository/key_ring.cpp: keys in memory.
#include "registry/repository/key_ring.h"

namespace nano::registry {

MemoryKeys::MemoryKeys(verify::PrivateKey only) : only_(only.public_key().key_id()) {
  add(std::move(only));
}

void MemoryKeys::add(verify::PrivateKey key) {
  std::string id = key.public_key().key_id();
  keys_.insert_or_assign(std::move(id), std::move(key));
}

Result<const verify::PrivateKey*> MemoryKeys::find(const std::string& key_id) {
  const auto it = keys_.find(key_id);
  return it == keys_.end() ? static_cast<const verify::PrivateKey*>(nullptr) : &it->second;
}

Result<verify::PublicKey> MemoryKeys::make(std::string_view) {
  if (!only_.empty()) return keys_.at(only_).public_key();
  NANO_TRY_ASSIGN(auto key, verify::PrivateKey::generate());
  const verify::PublicKey out = key.public_key();
  add(std::move(key));
  return out;
}

}  // namespace nano::registry
