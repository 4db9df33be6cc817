// app/derived.cpp: packs again, and compares.
#include "app/derived.h"

#include <algorithm>
#include <map>

#include "base/fs_look.h"
#include "base/hash.h"
#include "runtime_shim/packed/derived.h"
#include "runtime_shim/session.h"
#include "store/packages.h"

namespace nano::app {
namespace {

/// Weights that something installed brings.
struct WeightsSource {
  std::string package{};
  fs::Path file{};
};

/// By digest. A package that cannot be read has none: the check of bytes names it.
std::map<std::string, WeightsSource> installed_sources(const store::Store& store, const store::StoreLayout& layout,
                                                const std::vector<schemas::PackageName>& only) {
  std::map<std::string, WeightsSource> out;
  const auto current = store::read_current(layout);
  if (!current) return out;
  for (const auto& e : current->entries) {
    if (!only.empty() && std::find(only.begin(), only.end(), e.name) == only.end()) continue;
    const auto package = store::open_package(store, e.dir);
    if (!package) continue;
    for (const auto* f : package->release.files_of(e.variant))
      if (f->role == schemas::Role::weights) out[f->sha256.hex()] = {e.name.text(), package->dir / f->path};
  }
  return out;
}

/// The one file. errors  store
Result<packed::DerivedState> examine_one(const fs::Path& folder, const Digest& digest, const fs::Path& weights, bool mend, bool& mended) {
  // Packed from damaged weights it would only look right.
  const auto actual = sha256_file(weights);
  if (!actual || *actual != digest) return packed::DerivedState::unused;
  nano::OpenOptions o;
  o.threads = 1;
  o.derived = false;
  Located located;
  located.weights = weights;
  const auto model = nano::Model::open_located({located}, o);
  if (!model) return packed::DerivedState::unused;  // a head, an adapter, or nothing this nano opens
  NANO_TRY_ASSIGN(const uint64_t bytes, fs::size_of_file(weights));
  const packed::Origin origin{digest, bytes};
  NANO_TRY_ASSIGN(const auto state, packed::examine_derived(folder, origin, (*model)->packed_image()));
  if (state == packed::DerivedState::damaged && mend) {
    NANO_TRY(packed::write_derived(folder, origin, (*model)->packed_image()));
    mended = true;
  }
  return state;
}

}  // namespace

Result<DerivedReport> check_derived(const store::Store& store, const std::vector<schemas::PackageName>& only, bool mend) {
  DerivedReport report;
  for (const auto& layout : store.all()) {
    const bool writable = &layout == &store.primary();
    const auto sources = installed_sources(store, layout, only);
    NANO_TRY_ASSIGN(const auto names, fs::list_dir(layout.derived()));
    for (const auto& name : names) {
      const auto digest = Digest::parse_hex(std::string_view(name).substr(0, std::min<std::size_t>(64, name.size())));
      if (!digest || packed::derived_name(*digest) != name) continue;
      const auto at = sources.find(digest->hex());
      if (at == sources.end() && !only.empty()) continue;
      const WeightsSource source = at != sources.end() ? at->second : WeightsSource{.package = {}, .file = layout.blob(*digest)};
      NANO_TRY_ASSIGN(const bool there, fs::is_file(source.file));
      if (!there) continue;
      bool mended = false;
      NANO_TRY_ASSIGN(const auto state, examine_one(layout.derived(), *digest, source.file, mend && writable, mended));
      report.checked += state == packed::DerivedState::good || state == packed::DerivedState::damaged ? 1 : 0;
      if (state == packed::DerivedState::damaged) report.damage.push_back({source.package, "derived/" + name, mended});
    }
  }
  return report;
}

}  // namespace nano::app
