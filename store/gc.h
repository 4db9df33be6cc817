// store/gc.h: remove what no kept generation, project root or pin names.
//
// Why readers and downloads are safe without a lock: package folders and generations are only named under the lock that
// gc holds; a reader that has a file open or mapped keeps its bytes after the name is gone; the current generation
// is always kept. Downloaders hold no lock, so blobs used or added in the last 10 minutes and partial downloads of the last
// 24 hours are left alone; a slower download that loses a blob to gc is told so by stage_package and fetches it again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schemas/name.h"
#include "store/store.h"

namespace nano::store {

struct GcOptions {
  uint32_t keep_generations = 5;              ///< the newest so many, besides the current one; 0 = only the current one
  std::vector<schemas::PackageName> pins{};   ///< package folders of these names stay, whatever version
  UnixTime now = 0;                           ///< the time ages are taken from
  int64_t young_blob_seconds = 600;
  int64_t young_partial_seconds = 86'400;
  bool spare_young = true;                    ///< false: what is young goes too, but for downloads that are running
};

/// One thing gc would remove.
struct GcItem {
  enum class Kind { generation, package, blob, derived, partial, root };
  Kind kind = Kind::blob;
  std::string path{};   ///< relative to the store
  uint64_t bytes = 0;   ///< that removing it gives back: hard links count once, with their last name
};

/// Something nothing names, or that only a project names that cannot be seen: kept all the same, and why.
struct GcKept {
  enum class Why {
    young_blob,      ///< used in the last young_blob_seconds: an install may be about to name it
    young_partial,   ///< a download that may still be resumed
    unseen_project,  ///< a project's folder cannot be looked at just now, so what it needs stays
  };
  Why why = Why::young_blob;
  std::string path{};    ///< relative to the store; of a project: its folder
  uint64_t bytes = 0;
  std::string reason{};  ///< unseen_project: what the system said
};

struct GcPlan {
  std::vector<GcItem> remove{};     ///< in the order in which they are removed
  uint64_t freed_bytes = 0;         ///< sum over `remove`
  std::vector<GcKept> kept{};       ///< that one might expect in `remove`
  uint64_t young_bytes = 0;         ///< unused too, but too young to touch
  uint64_t kept_bytes = 0;          ///< blobs that stay because something names them
  UnixTime young_since = 0;         ///< run_gc looks again: a blob used since the plan was made stays
};

[[nodiscard]] std::string_view kind_word(GcItem::Kind kind);
[[nodiscard]] std::string_view why_word(GcKept::Why why);  ///< stable: "young-blob"

/// What gc would do; changes nothing. An earlier generation that cannot be put in force any more (its file is damaged, a
/// package of it is gone) is not kept, whatever its age.
///   errors  store, invalid: the current generation, a project root or a package folder of theirs cannot be read, so that
///           what it names is unknown: then there is no plan. The same for any folder of the store that cannot be read to its end.
///           A project that cannot be looked at counts as there
[[nodiscard]] Result<GcPlan> plan_gc(const Store& store, const WriteLock& lock, const GcOptions& options);
/// Remove what `plan` lists. Killed anywhere, the next gc goes on. returns  bytes freed.  errors  store
[[nodiscard]] Result<uint64_t> run_gc(const WriteLock& lock, const GcPlan& plan);

}  // namespace nano::store
