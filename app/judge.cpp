// app/judge.cpp: small decisions that every way of installing shares.
#include "app/judge.h"

#include <algorithm>

#include "base/text.h"

namespace nano::app {

void record_chain(schemas::GenerationEntry& entry, std::vector<schemas::TrustLink> chain, const Digest& registry_id, UnixTime now) {
  const auto keys = signing_keys(chain);
  entry.signer = keys.empty() ? "" : keys.front();
  entry.registry_id = registry_id.hex();
  entry.verified = format_time(now);
  entry.chain = std::move(chain);
}

Status heed_advisories(const Context& ctx, std::span<const schemas::Advisory> advisories, const schemas::PackageName& name,
                       const schemas::Version& version) {
  for (const auto& a : advisories) {
    if (!a.hits(name, version)) continue;
    const std::string text = name.text() + " " + version.text() + " is hit by the advisory " + a.id + " (" +
                             std::string(schemas::to_text(a.severity)) + "): " + sanitize(a.title);
    if (a.severity == schemas::Severity::malware)
      return make_error(Errc::untrusted, text, "it is not installed; choose another version or package");
    ctx.log->warn(text);
  }
  return Unit{};
}

void warn_of_other_keys(const Context& ctx, const schemas::PackageName& name, std::span<const std::string> before,
                        std::span<const std::string> after) {
  if (before.empty() || after.empty()) return;
  for (const auto& key : after)
    if (std::find(before.begin(), before.end(), key) != before.end()) return;
  ctx.log->warn("THE KEYS THAT SIGN " + name.text() + " HAVE CHANGED: it was signed by " + before.front().substr(0, 16) + ", now by " +
                after.front().substr(0, 16) + ". Its registry allows it; ask its publisher if you did not expect this");
}

std::vector<std::string> signing_keys(const std::vector<schemas::TrustLink>& chain) {
  return chain.empty() ? std::vector<std::string>{} : chain.back().keys;
}

}  // namespace nano::app
