// server/check.cpp: `nano-registry verify`: a tree read as a client would read all of it, with what is wrong listed instead of
// stopping at the first.
#include <map>

#include "base/hash.h"
#include "base/text.h"
#include "registry/pump.h"
#include "registry/repository/roles.h"
#include "registry/repository/served.h"
#include "registry/tree.h"
#include "schemas/advisory.h"
#include "schemas/registry_json.h"
#include "schemas/release.h"
#include "schemas/target_info.h"
#include "schemas/to_json.h"
#include "server/admin.h"

namespace nano::server {
namespace {

namespace tuf = verify::tuf;
using registry::Served;

constexpr std::string_view kBlobFolder = "blobs";
constexpr std::string_view kUpkeepHint = "`nano-registry refresh` or `sign` renews it";

class Checker {
 public:
  Checker(const fs::Path& dir, UnixTime now, Progress* progress) : tree_(dir), now_(now), progress_(progress) {}

  Result<TreeReport> run() {
    if (!fs::exists(tree_.at(registry::tree::metadata("1.root.json"))))
      return make_error(Errc::not_found, "there is no registry in '" + tree_.dir().string() + "'",
                        "`nano-registry init DIR` makes one");
    NANO_TRY(look_at_description());
    auto served = Served::open(tree_, now_);
    if (!served) {
      NANO_TRY(take("root, timestamp and snapshot", std::move(served.error())));
      return std::move(out_);
    }
    served_ = &*served;
    out_.id = served->id();
    out_.roles = 3;
    if (served->root_is_ahead())
      add("expired", "root", "a change of keys was cut short: `nano-registry refresh` finishes it", Errc::attention);
    look_at_age("root", served->root().header);
    look_at_age("timestamp", served->timestamp().header);
    look_at_age("snapshot", served->snapshot().header);
    NANO_TRY(look_at_targets());
    NANO_TRY(look_at_blobs());
    return std::move(out_);
  }

 private:
  void add(std::string kind, std::string what, std::string why, Errc how_bad) {
    out_.problems.push_back({.kind = std::move(kind), .what = std::move(what), .why = std::move(why)});
    const auto rank = [](Errc e) { return e == Errc::untrusted ? 3 : e == Errc::integrity ? 2 : e == Errc::attention ? 1 : 0; };
    if (rank(how_bad) > rank(out_.worst)) out_.worst = how_bad;
  }

  /// What an error says of the tree becomes a problem; what the machine says of a file stays an error.
  Status take(const std::string& what, Error error) {
    switch (error.code) {
      case Errc::untrusted: add("signature", what, std::move(error.message), Errc::untrusted); return Unit{};
      case Errc::not_found: add("missing", what, std::move(error.message), Errc::integrity); return Unit{};
      case Errc::store: return std::move(error).while_("checking " + what);
      default: add("damaged", what, std::move(error.message), Errc::integrity); return Unit{};
    }
  }

  void look_at_age(std::string_view role, const tuf::Header& header) {
    if (header.expires > now_) return;
    add("expired", std::string(role), "its signature ran out on " + format_time(header.expires) + "; " + std::string(kUpkeepHint),
        Errc::attention);
  }

  Status look_at_description() {
    auto bytes = fs::read_file(tree_.at(registry::tree::kRegistryJson), kMaxDescription);
    if (!bytes) return take(std::string(registry::tree::kRegistryJson), std::move(bytes.error()));
    auto parsed = schemas::parse_registry_json(*bytes);
    if (!parsed) return take(std::string(registry::tree::kRegistryJson), std::move(parsed.error()));
    return Unit{};
  }

  /// nullptr: it cannot be used, and that was said.
  Result<const tuf::Targets*> role(const std::string& name, std::string_view delegator) {
    auto body = delegator.empty() ? served_->targets() : served_->role(name, delegator);
    if (!body) {
      NANO_TRY(take("role " + name, std::move(body.error())));
      return static_cast<const tuf::Targets*>(nullptr);
    }
    ++out_.roles;
    look_at_age(name, (*body)->header);
    return *body;
  }

  Status look_at_targets() {
    NANO_TRY_ASSIGN(const tuf::Targets* targets, role(std::string(tuf::kTargets), {}));
    if (targets == nullptr || !targets->delegations) return Unit{};
    for (const tuf::Delegation& d : targets->delegations->roles) {
      NANO_TRY_ASSIGN(const tuf::Targets* body, role(d.name, tuf::kTargets));
      if (body == nullptr) continue;
      NANO_TRY(look_at_listed(*body, !registry::roles::is_reg(d.name)));
      if (!body->delegations || !registry::roles::is_reg(d.name)) continue;
      for (const tuf::Delegation& ns : body->delegations->roles) NANO_TRY(look_at_namespace(ns.name, d.name));
    }
    return Unit{};
  }

  Status look_at_namespace(const std::string& name, const std::string& reg) {
    NANO_TRY_ASSIGN(const tuf::Targets* body, role(name, reg));
    if (body == nullptr) return Unit{};
    NANO_TRY(look_at_listed(*body, false));
    if (!body->delegations) return Unit{};
    for (const tuf::Delegation& rel : body->delegations->roles) {
      NANO_TRY_ASSIGN(const tuf::Targets* releases, role(rel.name, name));
      if (releases != nullptr) NANO_TRY(look_at_listed(*releases, false));
    }
    return Unit{};
  }

  /// The files a role names by digest. `plain`: of the roles index and advisory; else releases.
  Status look_at_listed(const tuf::Targets& role, bool plain) {
    for (const auto& [path, file] : role.targets) {
      const auto hash = file.hashes.find("sha256");
      const auto digest = hash == file.hashes.end() ? Result<Digest>(make_error(Errc::invalid, "listed without a sha256"))
                                                    : Digest::parse_hex(hash->second);
      if (!digest) {
        NANO_TRY(take(path, digest.error()));
        continue;
      }
      if (path.find("..") != std::string::npos || path.starts_with('/')) {
        add("damaged", sanitize(path), "it is no path of a registry's tree", Errc::integrity);
        continue;
      }
      const std::string at = file_of(path, *digest);
      auto bytes = fs::read_file(tree_.at(at), file.length);
      if (!bytes) {
        NANO_TRY(take(at, std::move(bytes.error())));
      } else if (bytes->size() != file.length || sha256(*bytes) != *digest) {
        add("damaged", at, "its bytes are not those that its role names", Errc::integrity);
      } else if (!plain) {
        NANO_TRY(look_at_release(path, at, *bytes, file));
      }
    }
    return Unit{};
  }

  /// "a/b/c.json" lies at "targets/a/b/<digest>.c.json" (TUF specification 6.2, consistent snapshots).
  static std::string file_of(const std::string& path, const Digest& digest) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    return registry::tree::target(folder + digest.hex() + "." + name);
  }

  Status look_at_release(const std::string& path, const std::string& at, const std::string& bytes, const tuf::TargetFile& file) {
    auto release = schemas::parse_release(bytes);
    if (!release) return take(at, std::move(release.error()));
    ++out_.releases;
    if (registry::tree::release_target(release->manifest.name, release->manifest.version) != path)
      add("damaged", at, "it is another package's or version's release", Errc::integrity);
    const auto facts = schemas::parse_target_info(file.custom.text());
    if (!facts) {
      add("damaged", path, "what its role says of it cannot be read", Errc::integrity);
    } else {
      auto own = schemas::target_info(*release, facts->published);
      own.yanked = facts->yanked;
      if (tuf::Custom(schemas::to_json(own)) != file.custom)
        add("damaged", path, "its role says other things of it than it says itself", Errc::integrity);
    }
    for (const auto& f : release->files) {
      const auto [known, fresh] = blobs_.emplace(f.sha256, Wanted{.size = f.size, .by = path});
      if (fresh)
        out_.bytes += f.size;
      else if (known->second.size != f.size)
        add("damaged", path, "it gives " + f.sha256.text() + " another size than " + known->second.by, Errc::integrity);
    }
    return Unit{};
  }

  Status look_at_blobs() {
    out_.blobs = blobs_.size();
    if (progress_ != nullptr) progress_->start("checking blobs", out_.bytes);
    for (const auto& [digest, wanted] : blobs_) {
      const std::string at = registry::tree::blob(digest);
      const registry::BlobRequest blob{.digest = digest, .size = wanted.size};
      const auto sink = registry::checking_sink(blob);
      // A link in a blob's place is not the blob: what it points to may change.
      auto read = fs::open_read(tree_.at(at)).has_value()
                      ? registry::pump_file(tree_.at(at), blob, *sink, progress_)
                      : Status(fs::open_read(tree_.at(at)).error());
      if (read) continue;
      if (read.error().code == Errc::store) return std::move(read.error()).while_("checking " + at);
      NANO_TRY(take(at + " (of " + wanted.by + ")", std::move(read.error())));
    }
    if (progress_ != nullptr) progress_->finish();
    return count_others();
  }

  Status count_others() {
    std::error_code failed;
    std::filesystem::recursive_directory_iterator it(tree_.at(kBlobFolder), failed);
    for (; !failed && it != std::filesystem::recursive_directory_iterator(); it.increment(failed)) {
      if (it->is_directory(failed)) continue;
      const auto digest = Digest::parse_hex(it->path().filename().string());
      if (!digest || !blobs_.contains(*digest)) ++out_.unreferenced;
    }
    return Unit{};
  }

  struct Wanted {
    uint64_t size = 0;
    std::string by{};
  };
  static constexpr uint64_t kMaxDescription = 65'536;
  registry::TreeWriter tree_;
  UnixTime now_ = 0;
  Progress* progress_ = nullptr;
  Served* served_ = nullptr;
  TreeReport out_{};
  std::map<Digest, Wanted> blobs_{};
};

}  // namespace

Result<TreeReport> check_tree(const fs::Path& dir, UnixTime now, Progress* progress) {
  return Checker(dir, now, progress).run();
}

}  // namespace nano::server
