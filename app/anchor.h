// app/anchor.h: pinned roots, where all trust in a registry begins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"

namespace nano::app {

/// A root that a person (or the program's installation) decided to trust.
struct Anchor {
  Digest id{};           ///< the registry's: of its version-1 root (tuf::registry_id)
  std::string bytes{};   ///< the root document in canonical form
  uint64_t version = 1;  ///< of this root; a later one than 1 names the id itself, signed
  UnixTime expires = 0;
  uint32_t threshold = 1;             ///< of the role root
  std::vector<std::string> key_ids{};  ///< of the role root
};

/// Read a root that claims nothing but itself: it must be signed by the threshold of its own keys.
///   what    for messages: "the file root.json"
///   errors  invalid; untrusted: not signed by its own keys; unsupported
[[nodiscard]] Result<Anchor> read_anchor(std::string_view bytes, const std::string& what);

/// The anchor of a configured registry: its pinned copy, or for the starter registry what lies beside it.
///   errors  untrusted: it was configured with keys (nano before 0.2), its pinned copy is gone or is another registry's
[[nodiscard]] Result<Anchor> pinned_anchor(const Context& ctx, const Registry& registry);

/// Keep a copy in the user's configuration. errors  store
[[nodiscard]] Status pin(const Context& ctx, const Anchor& anchor);
/// Forget it, unless another configured registry begins with it too. errors  store
[[nodiscard]] Status unpin(const Context& ctx, const schemas::Config& still, const Digest& id);

/// 64 hex digits with or without `sha256:`. errors  usage
[[nodiscard]] Result<Digest> parse_fingerprint(const std::string& text);

}  // namespace nano::app
