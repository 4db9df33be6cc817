// verify/tuf/updater_targets.cpp: finding a target through the delegations, and its bytes (TUF 1.0.34, 5.6.7 and 5.7).
#include <algorithm>
#include <set>

#include "base/text.h"
#include "verify/tuf/hashes.h"
#include "verify/tuf/names.h"
#include "verify/tuf/updater.h"

namespace nano::verify::tuf {
namespace {

/// A role to look into, and how it was reached.
struct Step {
  std::string role{};
  std::string delegator{};
  std::size_t parent = 0;  ///< index of the delegator in the list of visited steps
};

}  // namespace

Result<std::optional<TargetInfo>> Updater::target_info(std::string_view path) {
  NANO_ASSERT(refreshed_);
  const std::string key(path);
  std::vector<Step> pending{{.role = std::string(kTargets), .delegator = std::string(kRoot), .parent = 0}};
  std::vector<Step> visited;
  std::set<std::string> names;
  while (!pending.empty()) {
    Step step = std::move(pending.back());
    pending.pop_back();
    if (names.count(step.role) != 0) continue;  // 5.6.7.1: each role once, so cycles end
    if (names.size() > options_.limits.visited_roles)
      return make_error(Errc::untrusted,
                        "more than " + std::to_string(options_.limits.visited_roles) +
                            " roles would have to be asked for '" + sanitize(path.substr(0, 120)) + "'",
                        "the registry's delegations are out of hand; tell its operator");
    NANO_TRY_ASSIGN(const LoadedRole* role, load_role(step.role, step.delegator));
    names.insert(step.role);
    visited.push_back(step);
    const std::size_t here = visited.size() - 1;

    const auto file = role->body.targets.find(key);
    if (file != role->body.targets.end()) {  // 5.6.7.2
      TargetInfo out{.path = key, .file = file->second, .chain = {}};
      for (std::size_t i = here;; i = visited[i].parent) {
        out.chain.push_back(set_.voucher(visited[i].role, visited[i].delegator));
        if (i == 0) break;
      }
      std::reverse(out.chain.begin(), out.chain.end());
      return std::optional<TargetInfo>(std::move(out));
    }
    if (!role->body.delegations) continue;
    std::vector<Step> children;
    for (const Delegation& d : role->body.delegations->roles) {
      if (!delegates(d, path)) continue;
      children.push_back({.role = d.name, .delegator = step.role, .parent = here});
      if (d.terminating) {  // 5.6.7.2.1: nobody after this role is asked, here or further up
        pending.clear();
        break;
      }
    }
    std::move(children.rbegin(), children.rend(), std::back_inserter(pending));
  }
  return std::optional<TargetInfo>();
}

Result<std::vector<TargetInfo>> Updater::list_targets(std::string_view dir) {
  NANO_ASSERT(refreshed_);
  const std::string prefix = std::string(dir) + "/";
  // Candidates: whatever a role that may speak for this folder lists there. target_info then decides on each.
  std::set<std::string> candidates;
  std::set<std::string> seen;
  std::vector<Step> pending{{.role = std::string(kTargets), .delegator = std::string(kRoot), .parent = 0}};
  while (!pending.empty()) {
    const Step step = std::move(pending.back());
    pending.pop_back();
    if (!seen.insert(step.role).second) continue;
    if (seen.size() > options_.limits.visited_roles + std::size_t{1})
      return make_error(Errc::untrusted,
                        "more than " + std::to_string(options_.limits.visited_roles) +
                            " roles may speak for '" + sanitize(dir.substr(0, 120)) + "'",
                        "the registry's delegations are out of hand; tell its operator");
    NANO_TRY_ASSIGN(const LoadedRole* role, load_role(step.role, step.delegator));
    for (auto it = role->body.targets.lower_bound(prefix); it != role->body.targets.end(); ++it) {
      if (it->first.compare(0, prefix.size(), prefix) != 0) break;
      if (it->first.find('/', prefix.size()) == std::string::npos) candidates.insert(it->first);
    }
    if (!role->body.delegations) continue;
    for (const Delegation& d : role->body.delegations->roles)
      if (may_delegate_in(d, dir)) pending.push_back({.role = d.name, .delegator = step.role, .parent = 0});
  }
  std::vector<TargetInfo> out;
  for (const std::string& path : candidates) {
    NANO_TRY_ASSIGN(auto info, target_info(path));
    if (info) out.push_back(std::move(*info));
  }
  return out;
}

std::string Updater::target_path(const TargetInfo& target) const {
  if (!set_.root().consistent_snapshot) return target.path;
  for (const char* algorithm : {"sha256", "sha512"}) {
    const auto hash = target.file.hashes.find(algorithm);
    if (hash == target.file.hashes.end()) continue;
    const auto slash = target.path.rfind('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    return target.path.substr(0, name) + hash->second + "." + target.path.substr(name);  // 5.7.3
  }
  return target.path;
}

Result<std::string> Updater::fetch_target(const TargetInfo& target, uint64_t max_bytes) {
  const std::string what = "the target '" + sanitize(target.path.substr(0, 120)) + "'";
  if (offline())
    return make_error(Errc::refused, "offline, and " + what + " would have to be fetched",
                      "run it without --offline");
  // A target path may hold anything; a web server, or a fetcher over folders, would take these for another folder.
  for (const std::string& segment : split(target.path, '/'))
    if (segment == "." || segment == "..")
      return make_error(Errc::invalid, what + " has the segment '" + segment + "' in its path");
  if (target.file.length > max_bytes)
    return make_error(Errc::invalid, what + " has " + std::to_string(target.file.length) +
                                         " bytes, more than the limit of " + std::to_string(max_bytes));
  auto bytes = fetch(Area::targets, percent_encode_path(target_path(target)), target.file.length);
  if (!bytes) return std::move(bytes.error()).while_("fetching " + what);
  NANO_TRY(check_hashes(*bytes, target.file.length, target.file.hashes, what));
  return bytes;
}

}  // namespace nano::verify::tuf
