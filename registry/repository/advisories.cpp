// registry/repository/advisories.cpp: warnings, each a target of the role `advisory` that carries its own text.
#include "base/hash.h"
#include "base/text.h"
#include "registry/repository/repository_impl.h"
#include "registry/tree.h"
#include "schemas/to_json.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

std::string target_path(const std::string& id) {
  return "advisory/" + id + ".json";
}

}  // namespace

Status Repository::put_advisory(const schemas::Advisory& advisory) {
  const std::string bytes = schemas::write_advisory(advisory);
  NANO_TRY(schemas::parse_advisory(bytes));  // what is signed must be what others can read
  NANO_TRY_ASSIGN(const tuf::Targets* role, impl_->served->role(roles::kAdvisory, tuf::kTargets));
  NANO_TRY_ASSIGN(const tuf::RoleKeys by, impl_->keys_of(roles::kAdvisory));
  const Digest digest = sha256(bytes);
  tuf::Targets body = *role;
  body.targets.insert_or_assign(target_path(advisory.id),
                                target_file(digest, bytes.size(), schemas::to_json(advisory)));
  Edition changes = impl_->edition();
  changes.put_file(tree::target("advisory/" + digest.hex() + "." + advisory.id + ".json"), bytes);
  changes.put(std::string(roles::kAdvisory), std::move(body), by);
  return impl_->commit(changes);
}

Status Repository::remove_advisory(const std::string& id) {
  NANO_TRY_ASSIGN(const tuf::Targets* role, impl_->served->role(roles::kAdvisory, tuf::kTargets));
  NANO_TRY_ASSIGN(const tuf::RoleKeys by, impl_->keys_of(roles::kAdvisory));
  tuf::Targets body = *role;
  if (body.targets.erase(target_path(id)) == 0)
    return make_error(Errc::not_found, "there is no advisory '" + sanitize(id) + "'",
                      "`nano-registry advisory list` shows them");
  Edition changes = impl_->edition();
  changes.put(std::string(roles::kAdvisory), std::move(body), by);
  return impl_->commit(changes);
}

Result<std::vector<schemas::Advisory>> Repository::advisories() {
  NANO_TRY_ASSIGN(const tuf::Targets* role, impl_->served->role(roles::kAdvisory, tuf::kTargets));
  std::vector<schemas::Advisory> out;
  for (const auto& entry : role->targets) {
    NANO_TRY_ASSIGN(auto advisory, schemas::parse_advisory(entry.second.custom.text()));
    out.push_back(std::move(advisory));
  }
  return out;
}

}  // namespace nano::registry
