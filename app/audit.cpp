// app/audit.cpp: one registry at a time, one package at a time.
#include "app/audit.h"

#include <set>

#include "app/installed.h"
#include "app/policy.h"
#include "app/remote.h"
#include "base/text.h"
#include "store/transaction.h"

namespace nano::app {
namespace {

using schemas::GenerationEntry;

class Auditor {
 public:
  Auditor(Context& ctx, AuditReport& report) : ctx_(ctx), remotes_(ctx), report_(report) {}

  void look_at(const GenerationEntry& e) {
    ++report_.packages;
    auto remote = remotes_.for_namespace(e.name.ns);
    if (e.chain.empty()) {
      const auto package = remote ? (*remote)->package(e.name) : Result<const schemas::IndexPackage*>(remote.error());
      const bool is_listed = package && *package != nullptr && !(*package)->versions.empty();
      return add(e, "unsigned", "it is installed without a signature that nano can check",
                 is_listed ? "the registry '" + (*remote)->registry().config.name + "' has a signed one: `nano uninstall " + e.name.text() +
                                 "`, then `nano install " + e.name.text() + "`"
                           : "no configured registry has it: ask who made it for a signed one, or `nano uninstall " + e.name.text() + "`");
    }
    if (!remote) return cannot_say(e, remote.error(), "unreachable");
    if ((*remote)->id().hex() != e.registry_id)
      return add(e, "replaced",
                 "it came from another registry than the one that owns its namespace now ('" +
                     (*remote)->registry().config.name + "')",
                 "install it again from there, or remove it");
    if (ctx_.settings.offline && !(*remote)->client().is_local())
      ctx_.log->warn("what is said of " + e.name.text() + " is what its registry said last: nano works offline");
    look_at(e, **remote);
  }

 private:
  void look_at(const GenerationEntry& e, Remote& remote) {
    const auto advisories = remote.advisories();
    if (!advisories) return cannot_say(e, advisories.error());
    for (const auto& a : **advisories)
      if (a.hits(e.name, e.version))
        report_.findings.push_back({.package = e.name.text(),
                                    .version = e.version.text(),
                                    .kind = "advisory",
                                    .severity = std::string(schemas::to_text(a.severity)),
                                    .id = a.id,
                                    .message = a.title,
                                    .remedy = a.severity == schemas::Severity::malware
                                                  ? "remove it: `nano uninstall " + e.name.text() + "`"
                                                  : "read " + (a.url.empty() ? std::string("the advisory") : a.url) +
                                                        ", and `nano upgrade " + e.name.text() + "` for a newer version"});
    const auto package = remote.package(e.name);
    if (!package) return cannot_say(e, package.error());
    const schemas::IndexVersion* listed = nullptr;
    if (*package != nullptr)
      for (const auto& v : (*package)->versions)
        if (v.version == e.version) listed = &v;
    if (listed == nullptr)
      return add(e, "withdrawn", "nobody vouches for this version any more", "choose another version, or ask its publisher");
    if (listed->release != e.release)
      return add(e, "replaced", "the registry lists another release under this version: " + listed->release.text(),
                 "a version never changes: ask its publisher before you trust either");
    if (!listed->yanked.empty())
      add(e, "yanked", "its publisher withdrew it: " + listed->yanked, "`nano upgrade " + e.name.text() + "` for another version");
  }

  void cannot_say(const GenerationEntry& e, const Error& why, const char* kind) {
    ctx_.log->warn("what is known of " + e.name.text() + " now could not be asked: " + why.message);
    add(e, kind, why.message, why.hint);
  }
  void cannot_say(const GenerationEntry& e, const Error& why) {
    cannot_say(e, why, why.code == Errc::untrusted ? "expired" : "unreachable");
  }

  void add(const GenerationEntry& e, const char* kind, std::string message, std::string remedy) {
    report_.findings.push_back({.package = e.name.text(),
                                .version = e.version.text(),
                                .kind = kind,
                                .severity = {},
                                .id = {},
                                .message = std::move(message),
                                .remedy = std::move(remedy)});
  }

  Context& ctx_;
  Remotes remotes_;
  AuditReport& report_;
};

}  // namespace

Result<AuditReport> audit(Context& ctx) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  NANO_TRY_ASSIGN(const auto entries, store::installed(store));
  AuditReport report;
  Auditor auditor(ctx, report);
  for (const auto& e : entries) auditor.look_at(e.entry);
  NANO_TRY_ASSIGN(const PolicyReport policy, policy_check(ctx));
  for (const auto& row : policy.rows)
    for (const auto& d : row.decisions)
      if (!d.holds)
        report.findings.push_back({.package = row.package,
                                   .version = row.version,
                                   .kind = "policy",
                                   .severity = {},
                                   .id = d.rule,
                                   .message = "it breaks the rule '" + d.rule + "' (" + d.demand + "): " + d.reason,
                                   .remedy = "`nano policy explain " + row.package + "` shows the rules; they stand in " + d.where});
  return report;
}

}  // namespace nano::app
