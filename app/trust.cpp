// app/trust.cpp: from configured keys to a verifier.
#include "app/trust.h"

#include <algorithm>

#include "base/text.h"
#include "schemas/release.h"
#include "verify/dsse.h"

namespace nano::app {
namespace {

constexpr std::string_view kPrefix = "ed25519:";
constexpr uint64_t kMaxStarterKeys = 65'536;  ///< bytes of starter.keys: a thousand upgrades

fs::Path starter_keys(const Context& ctx) {
  return ctx.places.config_dir / "starter.keys";
}

Result<std::vector<verify::PublicKey>> parse_keys(const std::vector<std::string>& texts,
                                                  const std::string& where) {
  std::vector<verify::PublicKey> keys;
  for (const auto& text : texts) {
    auto key = verify::PublicKey::from_text(text.starts_with(kPrefix) ? text.substr(kPrefix.size()) : text);
    if (!key) return std::move(key.error()).while_("reading " + where);
    keys.push_back(*key);
  }
  return keys;
}

std::vector<std::string> remembered(const Context& ctx) {
  const auto bytes = fs::read_file(starter_keys(ctx), kMaxStarterKeys);
  std::vector<std::string> keys;
  if (!bytes) return keys;
  for (const auto& line : split(*bytes, '\n'))
    if (!trim(line).empty()) keys.emplace_back(trim(line));
  return keys;
}

std::string what(const schemas::PackageName& name, const schemas::Version& version) {
  return "release " + name.text() + "@" + version.text();
}

}  // namespace

Result<std::shared_ptr<const verify::ReleaseVerifier>> verifier_of(const Registry& registry) {
  NANO_TRY_ASSIGN(auto keys, parse_keys(registry.config.public_keys,
                                        "the keys of the registry '" + registry.config.name + "'"));
  return verify::pinned_keys(std::move(keys));
}

Result<verify::Verified> verify_envelope_for(const Context& ctx, const schemas::PackageName& name,
                                             const schemas::Version& version, const std::string& envelope) {
  NANO_TRY_ASSIGN(const Registry* registry, registry_for(ctx, name.ns));
  NANO_TRY_ASSIGN(const auto verifier, verifier_of(*registry));
  return verifier->verify(envelope, verify::kReleasePayload, schemas::kMaxReleaseBytes, what(name, version));
}

Status remember_starter_key(const Context& ctx, const Registry& starter) {
  std::vector<std::string> keys = remembered(ctx);
  const std::size_t before = keys.size();
  for (const auto& k : starter.config.public_keys)
    if (std::find(keys.begin(), keys.end(), k) == keys.end()) keys.push_back(k);
  if (keys.size() == before) return Unit{};
  std::string text;
  for (const auto& k : keys) text += k + "\n";
  NANO_TRY(fs::make_dirs(ctx.places.config_dir, 0700));
  return fs::write_atomic(starter_keys(ctx), text, 0600);
}

Result<verify::Verified> verify_installed(const Context& ctx, const schemas::GenerationEntry& entry,
                                          const std::string& envelope) {
  if (entry.registry != "starter") return verify_envelope_for(ctx, entry.name, entry.version, envelope);
  std::vector<std::string> texts = remembered(ctx);
  if (const auto dir = find_starter())
    if (const auto key = fs::read_file(*dir / "starter.pub", 256)) texts.emplace_back(trim(*key));
  NANO_TRY_ASSIGN(auto keys, parse_keys(texts, starter_keys(ctx).string()));
  return verify::pinned_keys(std::move(keys))
      ->verify(envelope, verify::kReleasePayload, schemas::kMaxReleaseBytes, what(entry.name, entry.version));
}

}  // namespace nano::app
