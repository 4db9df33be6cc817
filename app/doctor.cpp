// app/doctor.cpp: facts of this machine and checks of what nano needs.
#include "app/doctor.h"

#include <cstdlib>

#include "app/derived.h"
#include "app/installed.h"
#include "app/machine.h"
#include "app/remote.h"
#include "app/trust.h"
#include "base/count.h"
#include "base/fs_look.h"
#include "base/text.h"
#include "base/url.h"
#include "registry/client/url.h"
#include "runtime_shim/kernels/dispatch.h"
#include "store/check.h"
#include "store/generations.h"

namespace nano::app {
namespace {

/// Are the bytes of what is installed right, and what is run from them?
void check_installed(const Context& ctx, const store::Store& store, DoctorReport& r) {
  const auto damage = store::damage_of_current(store.primary());
  const auto now_installed = store::installed(store);
  if (damage && !*damage && !now_installed) {
    r.checks.push_back({"installed", Health::error, now_installed.error().message, now_installed.error().hint});
    return;
  }
  const auto bytes = store::check(store, {.leftovers = false}, *ctx.progress);
  const auto derived = check_derived(store, {}, false);
  if (!damage || !bytes || !derived) {
    const Error& e = !damage ? damage.error() : !bytes ? bytes.error() : derived.error();
    r.checks.push_back({"installed", Health::error, e.message, e.hint});
    return;
  }
  if (!bytes->clean()) {
    const auto& f = bytes->findings.front();
    r.checks.push_back({"installed", Health::error,
                        std::to_string(bytes->damage()) + " faults, the first: " + std::string(store::kind_word(f.kind)) + " at " + f.path,
                        "`nano verify` names all, `nano verify --repair` mends them"});
  }
  for (const auto& d : derived->damage)
    r.checks.push_back({"installed", Health::error,
                        "the packed weights in " + d.path + (d.package.empty() ? "" : " of " + d.package) + " are damaged, and models are run from them",
                        "`nano verify --repair` packs them anew"});
  if (bytes->clean() && derived->damage.empty() && now_installed)
    r.checks.push_back({"installed", Health::ok, std::to_string(now_installed->size()) + (now_installed->size() == 1 ? " package" : " packages") + ", all bytes right", ""});
}

/// nullopt: it may be written.
std::optional<Error> why_not_writable(const Context& ctx) {
  if (const auto store = open_store(ctx, store::Mode::write); !store) return store.error();
  const fs::Path probe = fs::temp_sibling(ctx.places.store / "probe");
  if (auto s = fs::write_atomic(probe, "probe"); !s) return s.error();
  (void)fs::remove_file(probe);
  return std::nullopt;
}

void check_store(const Context& ctx, DoctorReport& r) {
  const auto store = open_store(ctx, store::Mode::read);
  const auto refused = why_not_writable(ctx);
  if (!store || refused) {
    // What is there can still be run; a store that is nowhere cannot.
    const auto there = fs::is_folder(ctx.places.store);
    const bool readable = store && there && *there && fs::list_dir(ctx.places.store);
    const Error& e = refused ? *refused : store.error();
    r.checks.push_back({"store", readable ? Health::warning : Health::error, (readable ? "it can only be read: " : "") + e.message, e.hint});
    if (readable) check_installed(ctx, *store, r);
    return;
  }
  const auto free = fs::free_bytes(ctx.places.store);
  constexpr uint64_t kLow = 500'000'000;
  if (free && *free < kLow) {
    r.checks.push_back({"store", Health::warning,
                        "only " + human_bytes(*free) + " are free at " + ctx.places.store.string(),
                        "free some space, or `nano gc`"});
  } else {
    r.checks.push_back(
        {"store", Health::ok,
         ctx.places.store.string() + " is writable" + (free ? ", " + human_bytes(*free) + " free" : ""), ""});
  }
  check_installed(ctx, *store, r);
}

/// One that was not asked is not called well: its newest metadata are fetched and checked, as an install would.
DoctorCheck ask_registry(const Context& ctx, const Registry& reg, const std::string& name) {
  auto remote = Remote::open(ctx, reg);
  if (!remote) return {name, Health::error, remote.error().message, remote.error().hint};
  const std::string where = display_url(reg.config.url) + (reg.starter ? " (came with nano)" : "");
  const auto fresh = remote->tree().refresh();
  const bool unasked = ctx.settings.offline && !remote->client().is_local();
  if (!fresh && unasked && fresh.error().code == Errc::refused)
    return {name, Health::warning, where + " was not asked: nano works offline, and nothing of it was fetched before", "leave out --offline"};
  if (!fresh) return {name, Health::error, where + " cannot be used now: " + fresh.error().message, fresh.error().hint};
  if (unasked) return {name, Health::warning, where + " was not asked: nano works offline", "leave out --offline"};
  return {name, Health::ok, where, ""};
}

void check_registries(const Context& ctx, DoctorReport& r) {
  if (ctx.registries.empty()) {
    r.checks.push_back(
        {"registries", Health::error,
         "no registry is configured and the starter registry is not beside the program",
         "add one: `nano registry add NAME URL --root-namespace --root root.json`, or install nano again"});
    return;
  }
  for (const auto& reg : ctx.registries) {
    const std::string name = "registry " + reg.config.name;
    r.checks.push_back(ask_registry(ctx, reg, name));
    if (const auto anchor = pinned_anchor(ctx, reg); anchor && signs_for_long(ctx, reg, anchor->id) && !reg.starter)
      r.checks.push_back({name, Health::warning,
                          "it is static: nobody renews its signatures, so old metadata can be shown as new for long", ""});
    const auto url = registry::parse_registry_url(reg.config.url);
    if (url && url->scheme == registry::RegistryUrl::Scheme::http)
      r.checks.push_back({name, Health::warning,
                          "its URL is not encrypted: what you install is signed, but others can see it",
                          "use https:// where the registry offers it"});
  }
}

}  // namespace

DoctorReport doctor(Context& ctx) {
  DoctorReport r;
  r.facts.emplace_back("cpu", cpu_name());
  const resolver::Machine machine = machine_facts(ctx);
  std::string isa;
  for (const auto& i : machine.isa) isa += (isa.empty() ? "" : " ") + i;
  r.facts.emplace_back("isa", isa.empty() ? "none that packages ask for" : isa);
  r.facts.emplace_back("cores", std::to_string(machine.cores));
  r.facts.emplace_back("memory", human_bytes(machine.memory_bytes));
  r.facts.emplace_back("disk", human_bytes(machine.disk_bytes) + " free");
  std::string usable;
  for (const kernels::Table* t : kernels::compiled())
    if (t->usable()) usable += (usable.empty() ? "" : " ") + std::string(t->name);
  r.facts.emplace_back("kernel tables", usable);
  r.facts.emplace_back("store", ctx.places.store.string());
  for (const auto& p : ctx.places.read_only_stores) r.facts.emplace_back("read-only store", p.string());
  r.facts.emplace_back("config", ctx.places.user_config().string());
  r.facts.emplace_back("cache", ctx.places.cache.string());

  const char* forced = std::getenv("NANO_KERNELS");
  const auto table = kernels::choose(forced == nullptr ? "" : forced);
  if (table) {
    r.checks.push_back({"kernels", Health::ok,
                        std::string((*table)->name) +
                            (forced != nullptr && *forced != '\0' ? " (forced by NANO_KERNELS)" : ""),
                        ""});
  } else {
    r.checks.push_back({"kernels", Health::error, table.error().message, table.error().hint});
  }
  check_store(ctx, r);
  check_registries(ctx, r);
  return r;
}

}  // namespace nano::app
