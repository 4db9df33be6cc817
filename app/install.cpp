// app/install.cpp: executes a plan: fetch, verify, stage, switch.
#include "app/install.h"

#include <algorithm>
#include <set>

#include "app/damage.h"
#include "app/judge.h"
#include "app/lock_edited.h"
#include "app/plan.h"
#include "app/policy.h"
#include "base/text.h"
#include "registry/blob_sink.h"
#include "store/blobs.h"
#include "store/partials.h"
#include "store/state_db.h"
#include "store/transaction.h"

namespace nano::app {
namespace {

constexpr int kReplans = 16;  ///< another process may install between plan and lock this often; each time it got on

/// The store's download, seen by the registry's client.
class PartialSink final : public registry::BlobSink {
 public:
  PartialSink(store::Partial partial, uint64_t& fetched) : partial_(std::move(partial)), fetched_(fetched) {}
  uint64_t have() const override { return partial_.offset(); }
  Status append(std::string_view bytes) override {
    __atomic_add_fetch(&fetched_, bytes.size(), __ATOMIC_RELAXED);  // several blobs at once
    return partial_.append(bytes);
  }
  Status restart() override { return partial_.restart(); }
  Status commit() override { return partial_.commit(); }

 private:
  store::Partial partial_;
  uint64_t& fetched_;
};

Result<std::unique_ptr<registry::BlobSink>> sink_for(const store::Store& store,
                                                     const registry::BlobRequest& want, uint64_t& fetched) {
  NANO_TRY_ASSIGN(auto partial, store::Partial::resume(store, want.digest, want.size));
  if (partial.already_stored()) return std::unique_ptr<registry::BlobSink>();
  return std::unique_ptr<registry::BlobSink>(std::make_unique<PartialSink>(std::move(partial), fetched));
}

/// What a step needs once its release document is here and trusted.
struct Ready {
  const Step* step = nullptr;
  store::PackageSource source{};
  schemas::GenerationEntry entry{};
  std::vector<registry::BlobRequest> blobs{};  ///< of the variant, each once
};

std::vector<registry::BlobRequest> blobs_of(const schemas::Release& release, const std::string& variant) {
  std::set<registry::BlobRequest> unique;
  for (const auto* f : release.files_of(variant)) unique.insert({f->sha256, f->size});
  return {unique.begin(), unique.end()};
}

/// Of what is installed of a package now.
std::vector<std::string> keys_before(const Plan& plan, const schemas::PackageName& name) {
  const auto* e = plan.before.find(name);
  return e == nullptr || plan.keys_were_compared ? std::vector<std::string>{} : signing_keys(e->chain);
}

Result<Ready> make_ready(const Context& ctx, const Plan& plan, Remotes& remotes, const Step& step) {
  Ready r;
  r.step = &step;
  const PlanItem& item = step.item;
  r.source.variant = item.variant;
  r.source.name = item.name;
  r.entry.name = item.name;
  r.entry.requested = item.requested;
  if (const auto* e = plan.before.find(item.name)) {
    r.entry.pinned = e->pinned;
    r.entry.asked = e->asked;
  }
  if (const auto asked = plan.asked.find(item.name); asked != plan.asked.end()) r.entry.asked = asked->second;
  if (step.bundle) {
    const auto& b = plan.bundles[*step.bundle];
    r.source.release_bytes = b.head.release_bytes;
    r.entry.unsigned_allowed = b.is_unsigned();
    if (b.registry != nullptr) {
      r.entry.registry = b.registry->config.name;
      NANO_TRY(heed_advisories(ctx, b.advisories, item.name, item.version));
      warn_of_other_keys(ctx, item.name, keys_before(plan, item.name), signing_keys(b.chain));
      record_chain(r.entry, b.chain, b.registry_id, ctx.now);
    }
    r.blobs = blobs_of(b.head.release, item.variant);
    return r;
  }
  NANO_TRY_ASSIGN(Remote * remote, remotes.for_registry(*step.registry));
  NANO_TRY_ASSIGN(const auto* advisories, remote->advisories());
  NANO_TRY(heed_advisories(ctx, *advisories, item.name, item.version));
  NANO_TRY_ASSIGN(auto fetched, remote->release(item.name, item.version, step.release));
  // Only a lock that is taken as it is names a variant that no resolver chose.
  const schemas::Manifest& m = fetched.release.manifest;
  if (item.variant.empty() ? !m.variants.empty() : m.find_variant(item.variant) == nullptr)
    return lock_has_no_such_variant(item.name, item.version, item.variant);
  warn_of_other_keys(ctx, item.name, keys_before(plan, item.name), signing_keys(fetched.chain));
  r.source.release_bytes = std::move(fetched.bytes);
  r.entry.registry = step.registry->config.name;
  record_chain(r.entry, std::move(fetched.chain), remote->id(), ctx.now);
  r.blobs = blobs_of(fetched.release, item.variant);
  return r;
}

/// Judged before a byte of the package is fetched. A file has no date but its publisher's, so it has no age.
Status heed_policies(const Context& ctx, const std::vector<verify::PolicySource>& policies, Remotes& remotes,
                     const Ready& r) {
  if (policies.empty()) return Unit{};
  NANO_TRY_ASSIGN(const auto release, schemas::parse_release(r.source.release_bytes));
  std::optional<UnixTime> since;
  if (!r.step->bundle && asks_for_age(policies)) {
    NANO_TRY_ASSIGN(Remote * remote, remotes.for_registry(*r.step->registry));
    NANO_TRY_ASSIGN(since, public_since(*remote, r.step->item.name, r.step->item.version));
  }
  return heed_policy(ctx, policies, facts_of(release, r.entry, since));
}

/// Blobs out of a bundle: those in `wanted`, through the same sinks as a download.
class Unpack final : public registry::BundleVisitor {
 public:
  Unpack(const store::Store& store, const Digest& expect, std::set<registry::BlobRequest> wanted,
         uint64_t& fetched)
      : store_(store), expect_(expect), wanted_(std::move(wanted)), fetched_(fetched) {}
  Status release(const schemas::Release&, const std::string&, const Digest& digest) override {
    if (digest != expect_)
      return make_error(Errc::integrity, "the bundle changed while it was read", "run the command again");
    return Unit{};
  }
  Result<std::unique_ptr<registry::BlobSink>> blob(const registry::BlobRequest& want) override {
    // What is at hand already is read all the same: a file that is damaged is not passed off as a good one.
    if (!wanted_.contains(want)) return registry::checking_sink(want);
    return sink_for(store_, want, fetched_);
  }

 private:
  const store::Store& store_;
  Digest expect_;
  std::set<registry::BlobRequest> wanted_;
  uint64_t& fetched_;
};

/// An export gives many requests; its blobs are read in one go, under the first of them.
std::size_t first_of_file(const Plan& plan, std::size_t index) {
  if (plan.bundles[index].exported)
    for (std::size_t i = 0; i < index; ++i)
      if (plan.bundles[i].exported == plan.bundles[index].exported) return i;
  return index;
}

Status check_space(const Context& ctx, uint64_t bytes) {
  const auto free = fs::free_bytes(ctx.places.store);
  if (free && *free < bytes)
    return make_error(
        Errc::store,
        "the disk of " + ctx.places.store.string() + " has " + human_bytes(*free) + " free and this needs " +
            human_bytes(bytes),
        "free some space (`nano gc` removes what nothing uses), or use another folder with --store");
  return Unit{};
}

Status fetch(Context& ctx, Remotes& remotes, const store::Store& store, const Plan& plan,
             const std::vector<Ready>& ready, InstallReport& report) {
  std::map<const Registry*, std::set<registry::BlobRequest>> by_registry;
  std::map<std::size_t, std::set<registry::BlobRequest>> by_bundle;
  std::set<registry::BlobRequest> seen;
  uint64_t bytes = 0, space = 0;
  for (const auto& r : ready) {
    if (r.step->bundle) by_bundle[first_of_file(plan, *r.step->bundle)];  // read to its end, whatever is missing here
    for (const auto& b : r.blobs) {
      if (!seen.insert(b).second) continue;
      NANO_TRY_ASSIGN(const bool there, store::reuse_blob(store, b.digest, b.size));
      if (there) continue;
      bytes += b.size;
      space += b.size - store::partial_bytes(store, b.digest, b.size);  // what has arrived lies there already
      if (r.step->bundle) {
        by_bundle[first_of_file(plan, *r.step->bundle)].insert(b);
      } else {
        by_registry[r.step->registry].insert(b);
      }
    }
  }
  report.download_bytes = bytes;
  if (bytes == 0 && by_bundle.empty()) return Unit{};
  NANO_TRY(check_space(ctx, space));
  for (const auto& [registry, wanted] : by_registry) {
    NANO_TRY_ASSIGN(Remote * remote, remotes.for_registry(*registry));
    const std::vector<registry::BlobRequest> list(wanted.begin(), wanted.end());
    NANO_TRY(remote->client().blobs(list, [&](const registry::BlobRequest& want) {
      return sink_for(store, want, report.fetched_bytes);
    }));
  }
  for (const auto& entry : by_bundle) {
    const auto& b = plan.bundles[entry.first];
    const std::set<registry::BlobRequest>& wanted = entry.second;
    if (b.exported) {
      NANO_TRY(registry::read_export_blobs(
          b.path, *b.exported, [&](const registry::BlobRequest& want) -> Result<std::unique_ptr<registry::BlobSink>> {
            if (!wanted.contains(want)) return registry::checking_sink(want);
            return sink_for(store, want, report.fetched_bytes);
          }));
      continue;
    }
    Unpack visitor(store, b.head.digest, wanted, report.fetched_bytes);
    NANO_TRY_ASSIGN(const auto summary, registry::read_bundle(b.path, visitor));
    for (const auto& m : summary.missing)
      if (wanted.contains(m))
        return make_error(Errc::invalid,
                          "the bundle " + sanitize(b.path.string()) + " lacks the blob " + m.digest.text(),
                          "pack it again with all its variants");
  }
  return Unit{};
}

/// Sizes for a plan that is only shown.
Status measure(const store::Store& store, const std::vector<Ready>& ready, InstallReport& report) {
  std::set<registry::BlobRequest> seen;
  for (std::size_t i = 0; i < ready.size(); ++i)
    for (const auto& b : ready[i].blobs) {
      if (!seen.insert(b).second) continue;
      NANO_TRY_ASSIGN(const auto there, store::find_blob(store, b.digest, b.size));
      if (there) continue;
      report.items[i].download_bytes += b.size;
      report.download_bytes += b.size;
    }
  return Unit{};
}

Result<uint64_t> commit(Context& ctx, const store::Store& store, const Plan& plan, std::vector<Ready>& ready,
                        bool& replan) {
  NANO_TRY_ASSIGN(auto tx, store::Transaction::begin(store, ctx.command_line));
  if (tx.before().number != plan.before.number) {
    replan = true;
    return uint64_t{0};
  }
  for (auto& r : ready) {
    auto added = tx.add(r.source, r.entry);
    if (!added) {
      // gc of another process took a blob between the fetch and the lock: fetch again.
      if (added.error().code == Errc::not_found) {
        replan = true;
        return uint64_t{0};
      }
      return std::move(added.error())
          .while_("staging " + r.step->item.name.text() + " " + r.step->item.version.text());
    }
  }
  for (const auto& [name, asked] : plan.asked) {
    const auto* e = tx.before().find(name);
    const schemas::PackageName& asked_name = name;  // clang 14: lambdas cannot capture structured bindings
    if (e == nullptr || std::any_of(ready.begin(), ready.end(), [&](const Ready& r) { return r.step->item.name == asked_name; })) continue;
    auto entry = *e;
    entry.requested = true;
    entry.asked = asked;
    NANO_TRY(tx.update(entry));
  }
  return tx.commit(ctx.command_line, format_time(ctx.now));
}

void record(const Context& ctx, const store::Store& store, uint64_t generation) {
  auto db = store::StateDb::open(store, *ctx.log);
  if (!db) return ctx.log->detail("history not recorded: " + db.error().message);
  if (auto s = db->add_history(
          {.id = 0, .time = ctx.now, .command = ctx.command_line, .generation = generation, .result = 0});
      !s)
    ctx.log->detail("history not recorded: " + s.error().message);
}

}  // namespace

std::string_view action_word(Action a) {
  switch (a) {
    case Action::install:
      return "install";
    case Action::upgrade:
      return "upgrade";
    case Action::downgrade:
      return "downgrade";
    case Action::change_variant:
      return "change variant";
    case Action::reinstall:
      return "reinstall";
    case Action::keep:
      return "keep";
    case Action::remove:
      return "remove";
  }
  return "";
}

Result<InstallReport> install(Context& ctx, const InstallOptions& given) {
  InstallOptions options = given;
  if (options.requests.empty() && !options.upgrade)
    return make_error(Errc::usage, "nothing to install was named",
                      "`nano install sentiment-50m`, or `nano search WORD` to find a name");
  const double start = monotonic_ms();
  NANO_TRY_ASSIGN(const store::Store store,
                  open_store(ctx, options.dry_run ? store::Mode::read : store::Mode::write));
  if (!options.force && !options.upgrade) {
    NANO_TRY_ASSIGN(options.again, mend_requested(ctx, store, options.requests, options.dry_run));
  }
  Remotes remotes(ctx, !options.dry_run);
  for (int attempt = 0; attempt < kReplans; ++attempt) {
    NANO_TRY_ASSIGN(const Plan plan, make_plan(ctx, remotes, store, options));
    InstallReport report;
    report.dry_run = options.dry_run;
    report.generation = plan.before.number;
    std::vector<Ready> ready;
    NANO_TRY_ASSIGN(const auto policies, load_policies(ctx));
    for (const auto& step : plan.steps) {
      NANO_TRY_ASSIGN(Ready r, make_ready(ctx, plan, remotes, step));
      NANO_TRY(heed_policies(ctx, policies, remotes, r));
      ready.push_back(std::move(r));
      report.items.push_back(step.item);
    }
    NANO_TRY(measure(store, ready, report));
    report.changed = plan.changes_anything();
    for (const auto& k : plan.kept) report.items.push_back(k);
    if (!options.dry_run && report.changed) {
      NANO_TRY(fetch(ctx, remotes, store, plan, ready, report));
      bool replan = false;
      NANO_TRY_ASSIGN(report.generation, commit(ctx, store, plan, ready, replan));
      if (replan) {
        ctx.log->detail("the store changed meanwhile: planning again");
        continue;
      }
      record(ctx, store, report.generation);
    }
    report.seconds = (monotonic_ms() - start) / 1000;
    return report;
  }
  return make_error(Errc::store, "other processes keep changing the store " + ctx.places.store.string(),
                    "run the command again when they are done");
}

Status put_in_place(Context& ctx, Remotes& remotes, const store::Store& store, const Plan& plan, bool dry_run, InstallReport& report,
                    const std::function<Status(const store::WriteLock&, const std::vector<schemas::GenerationEntry>&)>& finish) {
  report.dry_run = dry_run;
  std::vector<Ready> ready;
  NANO_TRY_ASSIGN(const auto policies, load_policies(ctx));
  for (const auto& step : plan.steps) {
    NANO_TRY_ASSIGN(Ready r, make_ready(ctx, plan, remotes, step));
    NANO_TRY(heed_policies(ctx, policies, remotes, r));
    ready.push_back(std::move(r));
    report.items.push_back(step.item);
  }
  NANO_TRY(measure(store, ready, report));
  if (dry_run) return Unit{};
  for (int attempt = 0; attempt < kReplans; ++attempt) {
    NANO_TRY(fetch(ctx, remotes, store, plan, ready, report));
    NANO_TRY_ASSIGN(const store::WriteLock lock, store.lock(ctx.command_line));
    std::vector<schemas::GenerationEntry> entries;
    bool again = false;
    for (auto& r : ready) {
      auto staged = store::stage_package(store, lock, r.source);
      // gc of another process took a blob between the fetch and the lock: fetch again.
      again = !staged && staged.error().code == Errc::not_found;
      if (again) break;
      if (!staged) return std::move(staged.error()).while_("staging " + r.step->item.name.text() + " " + r.step->item.version.text());
      NANO_TRY(store::place_package(lock, *staged));
      auto& e = entries.emplace_back(r.entry);
      e.name = r.step->item.name;
      e.version = r.step->item.version;
      e.variant = r.source.variant;
      e.release = staged->digest;
      e.dir = staged->dir;
    }
    if (!again) return finish(lock, entries);
  }
  return make_error(Errc::store, "other processes keep changing the store " + ctx.places.store.string(),
                    "run the command again when they are done");
}

}  // namespace nano::app
