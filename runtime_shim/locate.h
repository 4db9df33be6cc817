// runtime_shim/locate.h: from what a person calls a model (an installed name, a folder, a path) to its files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "schemas/store_layout.h"

namespace nano {

/// Where a model's weights are, and what its package says about it.
struct Located {
  std::filesystem::path weights{};
  std::string name{};  ///< as people write it; "" for a bare file
  std::string version{};
  std::string variant{};
  std::vector<std::string> labels{};  ///< of the manifest; empty = it names none
  std::string abi{};  ///< of a base: what it promises its heads; of a head or adapter: what it asks of its base; "" = nothing
  std::string base{};  ///< of a head or adapter: the package it goes with; "" = it runs alone, or is a bare file
  std::optional<Digest> blob{};       ///< of the weights, as the release says; none for a bare file or folder
  std::filesystem::path derived{};    ///< where their packed form may lie; "" for a bare file or folder
  std::size_t inputs = 0;             ///< that its manifest names; 0 = none
  bool keep = false;                  ///< and it may be written there: not in a read-only store
};

/// Find `text`: a path or a name, as schemas/word.h tells them apart. A folder with a nano.json is a package folder; a name is
/// `[ns/]name[@range][:variant]`, looked up in the generation of each store in turn (the writable one first).
///
///   store    stands before the environment, and that before the `store` of config.json; may be empty
///   project  stands before NANO_PROJECT: a name means what that folder was synced to, and only then what is installed
///   errors   not_found: no such file, not installed (hint: the nearest installed name, or the command), or installed in
///            another version or variant; usage: neither a path nor a name; invalid: nano.json breaks its format or names
///            no weights; store: the store is damaged, a folder cannot be entered
[[nodiscard]] Result<Located> locate(std::string_view text, std::string_view store,
                                     const schemas::GetEnv& getenv, std::string_view project = {});

/// The weights of a variant ("" = the default one) in a package folder, installed or not.   errors  as locate
[[nodiscard]] Result<Located> locate_in_folder(const std::filesystem::path& folder, std::string_view variant);

}  // namespace nano
