// registry/client/signed_tree.h: a registry as its signed metadata describe it. Everything that is resolved, installed or
// searched comes through here, and so through the updater (verify/tuf).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/log.h"
#include "base/result.h"
#include "schemas/advisory.h"
#include "schemas/generation.h"
#include "schemas/index.h"
#include "schemas/release.h"
#include "schemas/target_info.h"
#include "verify/tuf/updater.h"

namespace nano::registry {

/// Where fetched indexes are kept between runs. Bytes are checked against their digest again when they come back.
class IndexCache {
 public:
  virtual ~IndexCache() = default;
  [[nodiscard]] virtual std::optional<std::string> get(const Digest& digest) = 0;
  virtual void put(const Digest& digest, std::string_view bytes) = 0;
};

/// A release and who vouches for it.
struct VouchedRelease {
  schemas::Release release{};
  std::string bytes{};                        ///< as listed by digest
  Digest digest{};
  std::vector<schemas::TrustLink> chain{};    ///< from root to the role that lists it
};

struct SignedTreeOptions {
  std::filesystem::path dir{};          ///< this registry's own folder of metadata (verify/tuf/local_dir.h)
  std::string pinned_root{};            ///< where trust begins when `dir` is empty
  Digest id{};                          ///< the registry's: each of its roots must name it. Zero = not checked
  verify::tuf::Freshness time{};        ///< `now` must be set
  std::string what{};                   ///< "the registry 'acme'", for messages
  bool may_forget = false;              ///< tuf::UpdaterOptions::may_forget
};

/// One registry's signed description. Nothing is fetched before it is needed; each role at most once. One thread at a time.
///
///   errors of every call  untrusted, integrity, invalid (what it serves must not be used), network, not_found (it lacks what
///                         its own metadata name), refused (offline, and it was never fetched), store, interrupted
class SignedTree {
 public:
  /// `fetcher` nullptr: offline, only what was fetched before. It and `log` outlive the tree.
  [[nodiscard]] static Result<SignedTree> open(SignedTreeOptions options, verify::tuf::Fetcher* fetcher, Log& log);

  /// The top-level roles (TUF 5.3 to 5.6), once; later calls return at once. Called by all below.
  [[nodiscard]] Status refresh();

  /// What the package's namespace lists of it; nullptr: nothing. Owned here.
  [[nodiscard]] Result<const schemas::IndexPackage*> package(const schemas::PackageName& name);
  /// The keys of the role that lists a release (sorted), of one that package() has listed; else empty.
  [[nodiscard]] std::vector<std::string> signers(const Digest& release) const;
  /// The release document that the namespace's role lists for this version, when it is the one of this digest.
  ///   errors  also not_found: the version is not listed; untrusted: it is listed with another digest
  [[nodiscard]] Result<VouchedRelease> release(const schemas::PackageName& name, const schemas::Version& version, const Digest& digest);
  /// The same without fetching the document: `bytes` are at hand already (a bundle, the store).
  [[nodiscard]] Result<VouchedRelease> vouch(const schemas::PackageName& name, const schemas::Version& version, std::string bytes);
  /// Its warnings, newest first. A registry without the role has none.
  [[nodiscard]] Result<const std::vector<schemas::Advisory>*> advisories();
  /// The search index. `cache` saves its bytes between runs.
  [[nodiscard]] Result<const schemas::Index*> index(IndexCache* cache = nullptr);

  /// Root, timestamp and snapshot, after refresh.
  [[nodiscard]] std::vector<schemas::TrustLink> top_level() const;
  /// The newest date that the registry itself (not a publisher) has signed in what was read; 0 = none yet.
  [[nodiscard]] UnixTime newest_date() const { return newest_; }
  /// The links to the role `advisory`, after advisories(); empty when the registry has none.
  [[nodiscard]] std::vector<schemas::TrustLink> advisory_chain() const;
  /// What had expired and was accepted because options.time allows it: the roles, for a warning.
  [[nodiscard]] std::vector<schemas::TrustLink> stale() const;
  [[nodiscard]] const verify::tuf::Updater& updater() const { return *updater_; }

 private:
  SignedTree(SignedTreeOptions options, verify::tuf::Updater updater, Log& log);
  [[nodiscard]] Result<verify::tuf::TargetInfo> listed(const schemas::PackageName& name, const schemas::Version& version);
  [[nodiscard]] Result<VouchedRelease> checked(const schemas::PackageName& name, const schemas::Version& version,
                                               const verify::tuf::TargetInfo& info, std::string bytes) const;
  [[nodiscard]] Status check_id() const;
  void saw(const std::string& date);

  SignedTreeOptions options_;
  std::unique_ptr<verify::tuf::Updater> updater_;
  Log* log_;
  bool refreshed_ = false;
  std::optional<Error> down_{};  ///< why refresh() failed: whoever asks again is told the same at once
  bool has_advisory_role_ = false;
  std::map<schemas::PackageName, std::optional<schemas::IndexPackage>> packages_{};
  std::map<Digest, std::vector<std::string>> signers_{};
  std::optional<std::vector<schemas::Advisory>> advisories_{};
  std::optional<schemas::Index> index_{};
  UnixTime newest_ = 0;
};

}  // namespace nano::registry
