// app/installed.h: what the use cases share about what is installed: opening the store, finding by a person's
// words.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "schemas/requirement.h"
#include "store/generations.h"
#include "store/packages.h"
#include "store/store.h"

namespace nano::app {

/// A word that must be a package's name: `[ns/]name[@range][:variant]`.
///   errors  not_found: it is a path (schemas/word.h), and there is no such file; usage: a path where a name is wanted, or neither
[[nodiscard]] Result<schemas::Requirement> wanted_package(const std::string& word);

/// The same for `[ns/]name` alone.
[[nodiscard]] Result<schemas::PackageName> named_package(const std::string& word);

[[nodiscard]] Result<store::Store> open_store(const Context& ctx, store::Mode mode);

/// The installed entry that `[ns/]name[@range][:variant]` means.
///   errors  usage (not a name), not_found: not installed (nearest installed name), or another version or
///   variant is
[[nodiscard]] Result<store::InstalledEntry> find_entry(const Context& ctx, const store::Store& store,
                                                       const std::string& text);

/// "sentiment-50m 1.0.0 q8"
[[nodiscard]] std::string entry_text(const schemas::GenerationEntry& e);
/// What changed from one set of entries to another: "+ x 1.0.0 q8", "- y 1.2.0 q4", "~ z 1.0.0 q8 -> 1.1.0
/// q8".
[[nodiscard]] std::vector<std::string> changes_between(const std::vector<schemas::GenerationEntry>& before,
                                                       const std::vector<schemas::GenerationEntry>& after);

}  // namespace nano::app
