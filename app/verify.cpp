// app/verify.cpp: the store's check of bytes, and each release's signature checked anew.
#include "app/verify.h"

#include "app/installed.h"
#include "app/trust.h"
#include "base/text.h"
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

/// The signature of one installed release, against the keys configured today.
void check_signature(const Context& ctx, const store::Store& store, const schemas::GenerationEntry& e,
                     VerifyReport& report, VerifiedPackage& row) {
  const auto fault = [&](std::string message, std::string remedy) {
    report.findings.push_back({row.name, "signature", e.dir, std::move(message), std::move(remedy), true});
    row.ok = false;
  };
  auto package = store::open_package(store, e.dir);
  if (!package) return;  // already a finding of the store's check
  row.files = package->release.files_of(e.variant).size();
  row.bytes = package->release.size_of(e.variant);
  if (package->digest != e.release) {
    report.findings.push_back({row.name, "release", e.dir,
                               "the release in the folder is not the one the generation names",
                               "install it again: `nano install " + row.name + "`", false});
    row.ok = false;
    return;
  }
  if (package->envelope.empty()) {
    if (!e.unsigned_allowed)
      fault("the release of " + row.name + " carries no signature",
            "install it again: `nano install " + row.name + "`");
    return;
  }
  auto verified = verify_installed(ctx, e, package->envelope);
  if (!verified) {
    fault(verified.error().message, verified.error().hint);
  } else if (verified->digest != e.release) {
    fault("the signature of " + row.name + " is for another release",
          "install it again: `nano install " + row.name + "`");
  }
}

}  // namespace

Result<VerifyReport> verify(Context& ctx, const VerifyOptions& options) {
  NANO_TRY_ASSIGN(const store::Store store, open_store(ctx, store::Mode::read));
  store::CheckOptions opts;
  std::vector<schemas::GenerationEntry> entries;
  if (options.names.empty()) {
    NANO_TRY_ASSIGN(const auto all, store::installed(store));
    for (const auto& e : all) entries.push_back(e.entry);
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
  }
  for (const auto& f : found.findings)
    if (f.kind != store::Finding::Kind::leftover) report.findings.push_back(from_store(f));
  for (const auto& e : entries) {
    VerifiedPackage row{.name = e.name.text(),
                        .version = e.version.text(),
                        .variant = e.variant,
                        .files = 0,
                        .bytes = 0,
                        .release_digest = e.release.text(),
                        .signer = e.signer,
                        .registry = e.registry,
                        .is_unsigned = e.signer.empty(),
                        .ok = true};
    const std::string prefix = e.name.text() + "@";
    for (const auto& f : found.findings)
      if (f.kind != store::Finding::Kind::leftover && f.package.starts_with(prefix)) row.ok = false;
    check_signature(ctx, store, e, report, row);
    report.packages.push_back(std::move(row));
  }
  return report;
}

}  // namespace nano::app
