// app/list.h: what is installed, and what lies behind one name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "schemas/generation.h"
#include "schemas/manifest.h"

namespace nano::app {

struct InstalledPackage {
  schemas::GenerationEntry entry{};
  std::string title{};
  std::string task{};
  uint64_t bytes = 0;
  fs::Path dir{};
  bool pinned = false;
  bool in_place = true;  ///< false: locked by the project, and not synced
};

/// What counts in this folder.
struct Listing {
  std::string project{};  ///< its folder; "" = `packages` are what is installed, whatever the folder
  std::vector<InstalledPackage> packages{};  ///< sorted by name
};
/// In a project: what it is locked to, with its pins. Elsewhere, and with `global`: list_installed.
///   errors  those of finding the project; store
[[nodiscard]] Result<Listing> list_here(const Context& ctx, bool global);

/// The packages of the generation in force (first store), sorted by name. Nothing installed is an empty list.
[[nodiscard]] Result<std::vector<InstalledPackage>> list_installed(const Context& ctx);
/// Their names alone, without reading any manifest (completions).
[[nodiscard]] Result<std::vector<std::string>> installed_names(const Context& ctx);

/// One installed package (`name` or `name:variant` or `name@version`). errors  not_found (nearest installed
/// name), usage
[[nodiscard]] Result<InstalledPackage> find_installed(const Context& ctx, const std::string& text);

/// The file other runtimes can open: the weights of the installed package. errors  not_found, usage
[[nodiscard]] Result<fs::Path> weights_path(const Context& ctx, const std::string& text);

struct InfoVersion {
  std::string version{};
  std::string published{};
  std::optional<std::string> yanked{};
};
struct InfoVariant {
  std::string name{};
  uint64_t bytes = 0;
  bool is_default = false;
  std::string quantization{};
};
/// Another package that it runs on or with.
struct InfoNeed {
  std::string name{};
  std::string range{};  ///< "*" = any
  std::string use{};    ///< "base", "dataset" ...
  uint64_t bytes = 0;   ///< of what is installed, or would be; 0 = not known
};
/// Everything `nano info` shows of an installed package, of one in a registry, of a package folder or of a
/// bundle.
struct Info {
  schemas::Manifest manifest{};
  std::string source{};  ///< "installed", a registry's name, "folder", "bundle"
  std::string registry{};
  std::string release_digest{};
  std::string signer{};
  bool is_unsigned = false;
  std::vector<InfoVersion> versions{};  ///< known ones, newest first
  std::vector<InfoVariant> variants{};
  std::vector<InfoNeed> needs{};
  std::optional<std::string> installed_version{};
  std::optional<std::string> installed_variant{};
};
[[nodiscard]] Result<Info> info(Context& ctx, const std::string& name_or_path);

/// The model card's markdown (README.md), as it stands in the package. errors  not_found
[[nodiscard]] Result<std::string> card_markdown(Context& ctx, const std::string& name_or_path);

}  // namespace nano::app
