// store/check.h: every byte that is installed, held against what the releases state; and mending what can be mended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "store/generations.h"
#include "store/store.h"

namespace nano::store {

struct Finding {
  enum class Kind {
    bad_generation,   ///< a generation or `current` cannot be read
    missing_package,  ///< a generation names a folder that is not there
    bad_release,      ///< ~release.json or nano.json is missing, damaged or another one
    missing_file,
    wrong_size,
    wrong_bytes,      ///< sha256 differs
    extra_file,       ///< in a package folder but not in its release, or among the blobs but none
    not_a_file,       ///< a link or special file where a regular file must be
    writable,         ///< a mode that lets somebody change it
    bad_blob,         ///< its bytes are not those its name says
    leftover,         ///< of a writer that was killed; the next one removes it
  };
  Kind kind = Kind::wrong_bytes;
  std::string path{};      ///< relative to the store
  std::string dir{};       ///< the package folder it lies in, relative to the store; empty where there is none
  std::string package{};   ///< "ns/name@1.0.0:q8"; empty where there is none
  std::string expected{};
  std::string got{};
  std::string remedy{};    ///< what the person can do
};

/// A stable word: "wrong-bytes".
[[nodiscard]] std::string_view kind_word(Finding::Kind kind);

struct CheckOptions {
  bool all_generations = false;  ///< else the current one
  bool all_blobs = true;         ///< also blobs that nothing checked names
  bool projects = true;   ///< also what projects were synced to
  bool leftovers = true;         ///< say what killed writers left (`leftover`, never an error)
  std::vector<schemas::PackageName> only{};  ///< these packages alone (then no stray blobs, no leftovers); empty = all
};

struct CheckReport {
  std::vector<Finding> findings{};
  uint64_t packages = 0;      ///< looked at
  uint64_t files = 0;
  uint64_t bytes_hashed = 0;  ///< each inode once
  [[nodiscard]] bool clean() const { return damage() == 0; }
  [[nodiscard]] std::size_t damage() const;  ///< findings that are not leftovers
};

/// Check the primary store. Reads only; needs no lock (a package removed meanwhile is reported missing: run again).
///   errors  store: something cannot be read (then nothing is said of it). Damage is a finding, not an error.
[[nodiscard]] Result<CheckReport> check(const Store& store, const CheckOptions& options, Progress& progress);

/// The package folder of one entry, in the primary store: what `check` would find there.   errors  store
[[nodiscard]] Result<CheckReport> check_entry(const Store& store, const GenerationEntry& entry, Progress& progress);

struct RepairReport {
  CheckReport before{};
  CheckReport after{};      ///< what is left needs an install
  uint64_t rebuilt = 0;     ///< package folders made anew from good blobs
  uint64_t removed = 0;     ///< damaged blobs and extra files
  uint64_t in_force = 0;    ///< the generation that was put in force because `current` was damaged or missing; 0 = none
};

/// Check, mend what local bytes can mend, check again: damaged blobs are removed (an install fetches them again), package
/// folders rebuilt from good blobs or good files, extra files removed, modes set, and the newest whole generation is put in
/// force where `current` is damaged or missing.  errors  store
[[nodiscard]] Result<RepairReport> repair(const Store& store, const WriteLock& lock, const CheckOptions& options, Progress& progress);

}  // namespace nano::store
