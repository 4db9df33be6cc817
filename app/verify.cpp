// app/verify.cpp: the store's check of bytes, and each release held against what its registry signed last.
#include "app/verify.h"

#include "app/derived.h"
#include "app/installed.h"
#include "app/trust.h"
#include "base/text.h"
#include "registry/client/signed_tree.h"
#include "store/check.h"
#include "store/transaction.h"

namespace nano::app {
namespace {

VerifyFinding from_store(const store::Finding& f) {
  VerifyFinding out{.package = f.package,
                    .kind = std::string(store::kind_word(f.kind)),
                    .path = f.path,
                    .message = {},
                    .remedy = f.remedy,
                    .untrusted = false};
  out.message = out.kind + " at " + f.path;
  if (!f.expected.empty())
    out.message += ": expected " + f.expected + (f.got.empty() ? "" : ", got " + f.got);
  return out;
}

VerifyFinding from_derived(const DerivedDamage& d) {
  return {.package = d.package,
          .kind = "derived",
          .path = d.path,
          .message = "the packed weights that are run are not what the signed weights give",
          .remedy = "`nano verify --repair` packs them anew",
          .untrusted = false};
}

/// A hundred years: expired metadata still show who vouched. Nothing is installed by them.
constexpr int64_t kAnyAge = int64_t{36'500} * 86'400;

/// What the metadata that were seen last say of an installed release. Nothing is fetched.
void check_chain(const Context& ctx, const store::InstalledPackage& package, const schemas::GenerationEntry& e,
                 VerifyReport& report, VerifiedPackage& row) {
  const auto fault = [&](std::string kind, const Error& error) {
    report.findings.push_back({row.name, std::move(kind), e.dir, error.message, error.hint, true});
    row.ok = false;
    row.standing = Standing::refused;
  };
  row.standing = Standing::recorded;
  const auto id = Digest::parse_hex(e.registry_id);
  if (!id) return;
  auto tree = registry::SignedTree::open({.dir = trust_dir(ctx, *id),
                                          .pinned_root = {},
                                          .id = {},
                                          .time = {.now = ctx.now, .max_stale_s = kAnyAge},
                                          .what = "the registry '" + e.registry + "'"},
                                         nullptr, *ctx.log);
  if (!tree || !tree->refresh()) return;  // never refreshed here, or damaged: the next refresh mends that
  // The starter registry's starter/x is its x.
  schemas::PackageName there = e.name;
  if (e.registry == kStarterName && there.ns == kStarterName) there.ns = schemas::kRootNamespace;
  auto vouched = tree->vouch(there, e.version, package.release_bytes);
  if (vouched) {
    row.standing = Standing::vouched;
    row.chain = std::move(vouched->chain);
  } else if (vouched.error().code == Errc::untrusted) {
    fault("signature", vouched.error());
  } else if (vouched.error().code == Errc::not_found) {
    fault("withdrawn", vouched.error());
  }
}

/// The signature of one installed release.
void check_signature(const Context& ctx, const store::Store& store, const schemas::GenerationEntry& e,
                     VerifyReport& report, VerifiedPackage& row) {
  const auto fault = [&](std::string kind, std::string message, bool untrusted) {
    report.findings.push_back({row.name, std::move(kind), e.dir, std::move(message),
                               "install it again: `nano install --force " + row.name + "`", untrusted});
    row.ok = false;
  };
  const auto package = store::open_package(store, e.dir);
  if (!package) return;  // already a finding of the store's check
  for (const auto* f : package->release.files_of(e.variant))
    row.files.push_back({.path = f->path, .digest = f->sha256.text(), .bytes = f->size});
  row.bytes = package->release.size_of(e.variant);
  if (package->digest != e.release)
    return fault("release", "the release in the folder is not the one the generation names", false);
  if (!e.chain.empty()) return check_chain(ctx, *package, e, report, row);
  if (!e.signer.empty())
    return fault("signature", row.name + " was installed by nano before 0.2, whose signatures prove nothing any more", true);
  if (!e.unsigned_allowed) fault("signature", "the release of " + row.name + " carries no signature", true);
}

}  // namespace

std::string_view standing_word(Standing s) {
  switch (s) {
    case Standing::is_unsigned: return "unsigned";
    case Standing::vouched: return "vouched";
    case Standing::recorded: return "recorded";
    case Standing::refused: return "refused";
  }
  return "";
}

Result<VerifyReport> verify(Context& ctx, const VerifyOptions& options) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  store::CheckOptions opts;
  std::vector<schemas::GenerationEntry> entries;
  const auto all_installed = [&]() -> Status {
    NANO_TRY_ASSIGN(const auto all, store::installed(store));
    for (const auto& e : all) entries.push_back(e.entry);
    return Unit{};
  };
  NANO_TRY_ASSIGN(const auto damage, store::damage_of_current(store.primary()));
  const bool nothing_known = options.names.empty() && damage;  // a finding of the check, and mended by a repair
  if (options.names.empty()) {
    if (!nothing_known) NANO_TRY(all_installed());
  } else {
    for (const auto& n : options.names) {
      NANO_TRY_ASSIGN(const auto found, find_entry(ctx, store, n));
      entries.push_back(found.entry);
      opts.only.push_back(found.entry.name);
    }
  }
  NANO_TRY_ASSIGN(store::CheckReport found, store::check(store, opts, *ctx.progress));
  VerifyReport report;
  if (options.repair && !found.clean()) {
    NANO_TRY_ASSIGN(const store::Store writable, open_store(ctx, store::Mode::write));
    NANO_TRY_ASSIGN(const store::WriteLock lock, writable.lock(ctx.command_line));
    NANO_TRY_ASSIGN(auto mended, store::repair(writable, lock, opts, *ctx.progress));
    report.repaired = mended.before.damage() - std::min(mended.before.damage(), mended.after.damage());
    found = std::move(mended.after);
    if (mended.in_force != 0)
      ctx.log->note("what is installed could not be told; generation " + std::to_string(mended.in_force) + ", the newest that is whole, is in force now");
    if (nothing_known) {
      if (Status s = all_installed(); !s && s.error().code == Errc::store) return s.error();
    }
  }
  // Packages of read-only stores are run too.
  for (const auto& layout : store.all()) {
    if (&layout == &store.primary()) continue;
    NANO_TRY_ASSIGN(const store::Store other, store::Store::open(layout.root(), store::Mode::read));
    store::CheckOptions there = opts;
    there.leftovers = false;
    NANO_TRY_ASSIGN(const auto more, store::check(other, there, *ctx.progress));
    for (auto f : more.findings) {
      f.path = (layout.root() / f.path).string();
      f.remedy = "it lies in a read-only store; who owns that mends it: `nano verify --repair --store " + layout.root().string() + "`";
      found.findings.push_back(std::move(f));
    }
  }
  NANO_TRY_ASSIGN(const DerivedReport derived, check_derived(store, opts.only, options.repair));
  for (const auto& d : derived.damage) {
    if (d.mended) ++report.repaired;
    else report.findings.push_back(from_derived(d));
  }
  for (const auto& f : found.findings)
    if (f.kind != store::Finding::Kind::leftover) report.findings.push_back(from_store(f));
  for (const auto& e : entries) {
    VerifiedPackage row{.name = e.name.text(),
                        .version = e.version.text(),
                        .variant = e.variant,
                        .files = {},
                        .bytes = 0,
                        .release_digest = e.release.text(),
                        .signer = e.signer,
                        .registry = e.registry,
                        .registry_id = e.registry_id,
                        .chain = e.chain,
                        .verified = e.verified,
                        .standing = Standing::is_unsigned,
                        .is_unsigned = e.signer.empty(),
                        .ok = true};
    const std::string prefix = e.name.text() + "@";
    for (const auto& f : found.findings)
      if (f.kind != store::Finding::Kind::leftover && f.package.starts_with(prefix)) row.ok = false;
    for (const auto& f : report.findings)
      if (f.package == row.name) row.ok = false;
    check_signature(ctx, store, e, report, row);
    report.packages.push_back(std::move(row));
  }
  return report;
}

}  // namespace nano::app
