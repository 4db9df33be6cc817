// registry/repository/roles.h: the roles of a nano registry: their names, what each may speak for, how long it lasts (TRUST.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verify/tuf/metadata.h"

namespace nano::registry::roles {

inline constexpr std::string_view kAdvisory = "advisory";
inline constexpr std::string_view kIndex = "index";
/// The label of the key that signs all of reg.<hh>.
inline constexpr std::string_view kRegistrar = "registrar";
/// Unknown field of each root after the first: the sha256 (64 hex digits) of the first.
inline constexpr std::string_view kIdField = "x-nano-id";
/// Unknown field of reg.<hh>: {"<namespace>": {"keyids", "threshold", "since", "version": of the role then}}, for each announced
/// change of keys that the old keys have not signed.
inline constexpr std::string_view kRekeyField = "x-nano-rekey";
/// Unknown field of a document that is signed elsewhere: which role it is, and who may sign it. Signed with it, and checked
/// against the delegator on the way in.
inline constexpr std::string_view kRoleField = "x-nano-role";
/// Unknown field of a proof: for which registry and namespace, and by which keys, it was made.
inline constexpr std::string_view kProofField = "x-nano-proof";
/// Unknown field of the role of a namespace that was removed: the reason. Its delegation stays, so that it is never reused.
inline constexpr std::string_view kTombstoneField = "x-nano-tombstone";

[[nodiscard]] std::string reg(std::string_view shard);  ///< "reg.3f"
[[nodiscard]] std::string reg_of(std::string_view ns);  ///< the one that says who owns the namespace
[[nodiscard]] std::string ns(std::string_view ns);      ///< "ns.acme", "ns._"
[[nodiscard]] std::string rel(std::string_view ns);     ///< "ns.acme.rel": a CI key's
[[nodiscard]] bool is_reg(std::string_view role);
/// The namespace of "ns.acme" and "ns.acme.rel"; "" for other roles.
[[nodiscard]] std::string namespace_of(std::string_view role);

/// `advisory/*`, `index/*`: terminating.
[[nodiscard]] verify::tuf::Delegation delegate_folder(std::string_view role);
/// `<hh>/*/*/*`
[[nodiscard]] verify::tuf::Delegation delegate_shard(std::string_view shard);
/// `<hh>/<ns>/*/*`: terminating. `role` is ns(name) or rel(name).
[[nodiscard]] verify::tuf::Delegation delegate_namespace(std::string_view name, std::string role);

inline constexpr int64_t kDay = 86'400;  ///< seconds
/// How long a re-key that the old keys do not sign is announced before it takes effect, unless the registry says otherwise.
inline constexpr int64_t kRekeyWait = 7 * kDay;

/// How long each role's signature holds, in seconds (TRUST.md).
struct Lifetimes {
  int64_t root = 365 * kDay;
  int64_t targets = 365 * kDay;
  int64_t advisory = 365 * kDay;
  int64_t index = 7 * kDay;
  int64_t reg = 180 * kDay;
  int64_t ns =
      3650 *
      kDay;  ///< freshness is the snapshot's job, revocation reg's: a quiet publisher stays installable
  int64_t snapshot = 7 * kDay;
  int64_t timestamp = kDay;
  [[nodiscard]] int64_t of(std::string_view role) const;
  /// Every role for as long: a static registry, that nobody re-signs.
  [[nodiscard]] static Lifetimes all(int64_t seconds);
  friend bool operator==(const Lifetimes&, const Lifetimes&) = default;
};

}  // namespace nano::registry::roles
