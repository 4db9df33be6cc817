// registry/repository/roles.cpp: names are made of checked namespaces only, so none needs escaping.
#include "registry/repository/roles.h"

#include "registry/tree.h"

namespace nano::registry::roles {

namespace tuf = verify::tuf;

namespace {

constexpr std::string_view kRegPrefix = "reg.";
constexpr std::string_view kNsPrefix = "ns.";
constexpr std::string_view kRelSuffix = ".rel";

}  // namespace

std::string reg(std::string_view shard) {
  return std::string(kRegPrefix) + std::string(shard);
}
std::string reg_of(std::string_view ns) {
  return reg(tree::shard(ns));
}
std::string ns(std::string_view name) {
  return std::string(kNsPrefix) + std::string(name);
}
std::string rel(std::string_view name) {
  return ns(name) + std::string(kRelSuffix);
}
bool is_reg(std::string_view role) {
  return role.starts_with(kRegPrefix);
}

std::string namespace_of(std::string_view role) {
  if (!role.starts_with(kNsPrefix)) return {};
  role.remove_prefix(kNsPrefix.size());
  if (role.ends_with(kRelSuffix)) role.remove_suffix(kRelSuffix.size());
  return std::string(role);
}

tuf::Delegation delegate_folder(std::string_view role) {
  tuf::Delegation d;
  d.name = role;
  d.terminating = true;
  d.paths = {std::string(role) + "/*"};
  return d;
}

tuf::Delegation delegate_shard(std::string_view shard) {
  tuf::Delegation d;
  d.name = reg(shard);
  d.paths = {std::string(shard) + "/*/*/*"};
  return d;
}

tuf::Delegation delegate_namespace(std::string_view name, std::string role) {
  tuf::Delegation d;
  d.name = std::move(role);
  d.terminating = true;
  d.paths = {tree::shard(name) + "/" + std::string(name) + "/*/*"};
  return d;
}

int64_t Lifetimes::of(std::string_view role) const {
  if (role == tuf::kRoot) return root;
  if (role == tuf::kTargets) return targets;
  if (role == tuf::kSnapshot) return snapshot;
  if (role == tuf::kTimestamp) return timestamp;
  if (role == kAdvisory) return advisory;
  if (role == kIndex) return index;
  return is_reg(role) ? reg : ns;
}

Lifetimes Lifetimes::all(int64_t seconds) {
  return {.root = seconds,
          .targets = seconds,
          .advisory = seconds,
          .index = seconds,
          .reg = seconds,
          .ns = seconds,
          .snapshot = seconds,
          .timestamp = seconds};
}

}  // namespace nano::registry::roles
