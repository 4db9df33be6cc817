// registry/client/signed_tree.cpp: nano's layout (docs/TRUST.md) read out of TUF roles.
#include "registry/client/signed_tree.h"

#include <algorithm>

#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "verify/tuf/registry_id.h"
#include "registry/tree.h"

namespace nano::registry {
namespace {

namespace tuf = verify::tuf;

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kAdvisoryRole = "advisory";
constexpr std::string_view kIndexTarget = "index/search.json";

schemas::TrustLink link_of(const tuf::Voucher& v) {
  schemas::TrustLink out{.role = v.role, .version = v.version, .expires = format_time(v.expires), .keys = v.key_ids};
  std::sort(out.keys.begin(), out.keys.end());
  return out;
}

std::vector<schemas::TrustLink> links_of(const std::vector<tuf::Voucher>& vouchers) {
  std::vector<schemas::TrustLink> out;
  for (const tuf::Voucher& v : vouchers) out.push_back(link_of(v));
  return out;
}

Result<Digest> digest_of(const tuf::TargetInfo& info) {
  const auto hash = info.file.hashes.find("sha256");
  if (hash == info.file.hashes.end())
    return make_error(Errc::invalid, "'" + sanitize(info.path) + "' is listed without a sha256");
  return Digest::parse_hex(hash->second);
}

/// Whose root is this? nullopt: it cannot be read, or does not say.
std::optional<Digest> id_of(std::string_view root) {
  const auto both = tuf::read_metadata<tuf::Root>(root, tuf::Limits{}.root_bytes);
  if (!both) return std::nullopt;
  if (both->second.header.version == 1) {
    const auto id = tuf::registry_id(root);
    return id ? std::optional<Digest>(*id) : std::nullopt;
  }
  const Json& extra = both->second.header.extra;
  if (!extra.is_object() || !extra.contains(tree::kIdField) || !extra[tree::kIdField].is_string()) return std::nullopt;
  const auto id = Digest::parse_hex(extra[tree::kIdField].get_ref<const std::string&>());
  return id ? std::optional<Digest>(*id) : std::nullopt;
}

/// Is this the id that these options speak of? nano before 0.3 took the bytes of a root as they came, so a registry may be known by another id
/// than its root's canonical one, and its later roots name that.
bool is_ours(const SignedTreeOptions& o, const Digest& id) {
  if (id == o.id) return true;
  const std::optional<Digest> pinned = id_of(o.pinned_root);
  return pinned && id == *pinned;
}

/// A folder that holds another registry's root was tampered with or restored from elsewhere: it is begun anew.
void drop_foreign(const SignedTreeOptions& o, Log& log) {
  const tuf::LocalDir dir(o.dir);
  const auto ours = [&](const Digest& id) { return is_ours(o, id); };
  std::optional<std::string> foreign = dir.read(tuf::kRoot, tuf::Limits{}.root_bytes);
  if (foreign && (!id_of(*foreign) || ours(*id_of(*foreign)))) foreign.reset();  // ours, or damaged: the updater mends that
  for (const uint64_t version : dir.root_versions()) {
    const auto root = dir.read_root(version, tuf::Limits{}.root_bytes);
    const auto id = root ? id_of(*root) : std::nullopt;
    if (id && !ours(*id)) foreign = root;
  }
  if (!foreign) return;
  log.warn("the metadata kept for " + o.what + " are another registry's and are not used");
  (void)fs::remove_tree(o.dir);
}

std::string text_of(const schemas::PackageName& name, const schemas::Version& version) { return name.text() + "@" + version.text(); }

}  // namespace

SignedTree::SignedTree(SignedTreeOptions options, tuf::Updater updater, Log& log)
    : options_(std::move(options)), updater_(std::make_unique<tuf::Updater>(std::move(updater))), log_(&log) {}

Result<SignedTree> SignedTree::open(SignedTreeOptions options, tuf::Fetcher* fetcher, Log& log) {
  if (!options.id.is_zero()) drop_foreign(options, log);
  auto updater = tuf::Updater::open({.dir = options.dir, .time = options.time, .limits = {}, .trusted_root = options.pinned_root, .may_forget = options.may_forget}, fetcher);
  if (!updater) return std::move(updater.error()).while_("reading the metadata of " + options.what);
  return SignedTree(std::move(options), std::move(*updater), log);
}

Status SignedTree::refresh() {
  if (refreshed_) return Unit{};
  if (down_) return *down_;
  auto done = updater_->refresh();
  for (const std::string& note : updater_->notes()) log_->detail("metadata of " + options_.what + ": " + note);
  if (!done) {
    Error e = std::move(done.error()).while_("checking the metadata of " + options_.what);
    if (e.code != Errc::interrupted) down_ = e;
    return e;
  }
  NANO_TRY(check_id());
  refreshed_ = true;
  return done;
}

/// A root that names another registry would move what is kept for this one there.
Status SignedTree::check_id() const {
  if (options_.id.is_zero()) return Unit{};
  const Json& extra = updater_->trusted().root().header.extra;
  if (updater_->trusted().root().header.version == 1) return Unit{};  // pinned, or found by drop_foreign
  if (extra.is_object() && extra.contains(tree::kIdField) && extra[tree::kIdField].is_string()) {
    const auto named = Digest::parse_hex(extra[tree::kIdField].get_ref<const std::string&>());
    if (named && is_ours(options_, *named)) return Unit{};
  }
  return make_error(Errc::untrusted, "the newest root of " + options_.what + " does not name it: its id is " + options_.id.hex(),
                    "do not use it; tell its operator");
}

Result<const schemas::IndexPackage*> SignedTree::package(const schemas::PackageName& name) {
  const auto known = packages_.find(name);
  if (known != packages_.end()) return known->second ? &*known->second : static_cast<const schemas::IndexPackage*>(nullptr);
  NANO_TRY(refresh());
  const std::string dir = tree::package_target(name);
  auto targets = updater_->list_targets(dir);
  if (!targets) return std::move(targets.error()).while_("looking for " + name.text() + " in " + options_.what);
  std::vector<schemas::ListedRelease> listed;
  for (const tuf::TargetInfo& info : *targets) {
    const std::string_view file = std::string_view(info.path).substr(dir.size() + 1);
    const auto skip = [&](const std::string& why) { log_->warn("'" + sanitize(info.path) + "' in " + options_.what + " is passed over: " + why); };
    if (!file.ends_with(kSuffix)) {
      skip("it is no release");
      continue;
    }
    auto version = schemas::Version::parse(file.substr(0, file.size() - kSuffix.size()));
    auto digest = digest_of(info);
    auto facts = schemas::parse_target_info(info.file.custom.object_text());
    const Error* fault = !version ? &version.error() : !digest ? &digest.error() : !facts ? &facts.error() : nullptr;
    if (fault != nullptr) {
      skip(fault->message);
      continue;
    }
    if (!info.chain.empty()) signers_.insert_or_assign(*digest, link_of(info.chain.back()).keys);
    listed.push_back({.version = std::move(*version), .release = *digest, .release_size = info.file.length, .info = std::move(*facts)});
  }
  auto& slot = packages_[name];
  if (!listed.empty()) slot = schemas::package_of(name, listed);
  return slot ? &*slot : static_cast<const schemas::IndexPackage*>(nullptr);
}

std::vector<std::string> SignedTree::signers(const Digest& release) const {
  const auto it = signers_.find(release);
  return it == signers_.end() ? std::vector<std::string>{} : it->second;
}

Result<tuf::TargetInfo> SignedTree::listed(const schemas::PackageName& name, const schemas::Version& version) {
  NANO_TRY(refresh());
  auto info = updater_->target_info(tree::release_target(name, version));
  if (!info) return std::move(info.error()).while_("looking for " + text_of(name, version) + " in " + options_.what);
  if (!*info)
    return make_error(Errc::not_found, "nobody in " + options_.what + " vouches for " + text_of(name, version),
                      "its publisher may have withdrawn it, or it never was published there");
  return std::move(**info);
}

Result<VouchedRelease> SignedTree::checked(const schemas::PackageName& name, const schemas::Version& version, const tuf::TargetInfo& info,
                                           std::string bytes) const {
  VouchedRelease out{.bytes = std::move(bytes)};
  out.digest = sha256(out.bytes);
  NANO_TRY_ASSIGN(const Digest expected, digest_of(info));
  if (out.digest != expected || out.bytes.size() != info.file.length)
    return make_error(Errc::untrusted, "the release " + text_of(name, version) + " is not the one its namespace's keys signed for in " + options_.what +
                                           ": " + out.digest.text() + ", not " + expected.text(),
                      "do not use it; fetch it from the registry, or ask its publisher");
  NANO_TRY_ASSIGN(out.release, schemas::parse_release(out.bytes));
  if (out.release.manifest.name != name || out.release.manifest.version != version)
    return make_error(Errc::untrusted, options_.what + " gives the release " + text_of(out.release.manifest.name, out.release.manifest.version) +
                                           " in the place of " + text_of(name, version),
                      "do not use it; tell the registry's operator");
  for (const tuf::Voucher& v : updater_->trusted().top_level())
    if (v.role == tuf::kRoot) out.chain.push_back(link_of(v));
  for (const tuf::Voucher& v : info.chain) out.chain.push_back(link_of(v));
  return out;
}

Result<VouchedRelease> SignedTree::release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest) {
  NANO_TRY_ASSIGN(const tuf::TargetInfo info, listed(name, version));
  NANO_TRY_ASSIGN(const Digest served, digest_of(info));
  if (served != digest)
    return make_error(Errc::untrusted, options_.what + " lists " + text_of(name, version) + " with the digest " + served.text() + ", not " + digest.text(),
                      "a version never changes: do not use it before you know why");
  auto bytes = updater_->fetch_target(info, schemas::kMaxReleaseBytes);
  if (!bytes) return std::move(bytes.error()).while_("fetching the release " + text_of(name, version) + " from " + options_.what);
  return checked(name, version, info, std::move(*bytes));
}

Result<VouchedRelease> SignedTree::vouch(const schemas::PackageName& name, const schemas::Version& version, std::string bytes) {
  NANO_TRY_ASSIGN(const tuf::TargetInfo info, listed(name, version));
  return checked(name, version, info, std::move(bytes));
}

Result<const std::vector<schemas::Advisory>*> SignedTree::advisories() {
  if (advisories_) return static_cast<const std::vector<schemas::Advisory>*>(&*advisories_);
  NANO_TRY(refresh());
  std::vector<schemas::Advisory> out;
  NANO_TRY_ASSIGN(const tuf::LoadedRole* targets, updater_->load_role(tuf::kTargets, tuf::kRoot));
  if (targets->body.delegations && targets->body.delegations->find(kAdvisoryRole) != nullptr) {
    auto role = updater_->load_role(kAdvisoryRole);
    if (!role) return std::move(role.error()).while_("reading the advisories of " + options_.what);
    has_advisory_role_ = true;
    for (const auto& [path, file] : (*role)->body.targets) {
      auto advisory = schemas::parse_advisory(file.custom.object_text());
      if (advisory) {
        saw(advisory->published);
        out.push_back(std::move(*advisory));
      } else {
        // Of a later nano, perhaps: it must not stop everything, nor be passed over in silence.
        log_->warn("the advisory '" + sanitize(path) + "' of " + options_.what + " cannot be read: " + advisory.error().message);
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.published != b.published ? a.published > b.published : a.id < b.id; });
  advisories_ = std::move(out);
  return static_cast<const std::vector<schemas::Advisory>*>(&*advisories_);
}

Result<const schemas::Index*> SignedTree::index(IndexCache* cache) {
  if (index_) return static_cast<const schemas::Index*>(&*index_);
  NANO_TRY(refresh());
  const auto read = [&]() -> Result<schemas::Index> {
    NANO_TRY_ASSIGN(const auto info, updater_->target_info(kIndexTarget));
    if (!info) return make_error(Errc::not_found, "it has no search index", "packages can be installed by name all the same");
    NANO_TRY_ASSIGN(const Digest digest, digest_of(*info));
    if (cache != nullptr) {
      const auto kept = cache->get(digest);
      if (kept && kept->size() == info->file.length && sha256(*kept) == digest) return schemas::parse_index(*kept);
    }
    NANO_TRY_ASSIGN(const std::string bytes, updater_->fetch_target(*info, schemas::kMaxIndexBytes));
    NANO_TRY_ASSIGN(auto index, schemas::parse_index(bytes));
    if (cache != nullptr) cache->put(digest, bytes);
    return index;
  };
  auto index = read();
  if (!index) return std::move(index.error()).while_("reading the search index of " + options_.what);
  saw(index->created);
  index_ = std::move(*index);
  return static_cast<const schemas::Index*>(&*index_);
}

void SignedTree::saw(const std::string& date) {
  if (const auto t = parse_time(date)) newest_ = std::max(newest_, *t);
}

std::vector<schemas::TrustLink> SignedTree::advisory_chain() const {
  if (!has_advisory_role_) return {};
  const tuf::TrustedSet& set = updater_->trusted();
  return links_of({set.voucher(tuf::kTargets, tuf::kRoot), set.voucher(kAdvisoryRole, tuf::kTargets)});
}

std::vector<schemas::TrustLink> SignedTree::top_level() const { return links_of(updater_->trusted().top_level()); }
std::vector<schemas::TrustLink> SignedTree::stale() const { return links_of(updater_->stale()); }

}  // namespace nano::registry
