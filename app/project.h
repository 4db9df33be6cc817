// app/project.h: the project of the working folder: nano.json of kind project, nano.lock, and the root that keeps its packages.
#pragma once

#include <optional>
#include <string>

#include "app/context.h"
#include "resolver/choose.h"
#include "schemas/generation.h"
#include "schemas/lockfile.h"
#include "schemas/manifest.h"

namespace nano::app {

inline constexpr std::string_view kProjectFile = "nano.json";
inline constexpr std::string_view kLockFile = "nano.lock";

struct Project {
  fs::Path dir{};  ///< absolute, without links
  schemas::Manifest manifest{};
  std::optional<schemas::Lockfile> lock{};
  std::string manifest_text{};  ///< as it stands in the file
  std::string lock_text{};      ///< the same; "" = there is none
};

/// A project that was found and not taken: it cannot be read, or belongs to somebody else.
struct PassedOver {
  fs::Path dir{};
  Error error{};  ///< why, and what to do if it is meant all the same
};
struct ProjectSearch {
  std::optional<fs::Path> dir{};
  std::vector<PassedOver> passed_over{};
};
/// NANO_PROJECT, else the working folder or the nearest one above it that has a nano.json of kind project. A nano.json of a
/// package ends the search: in a package's folder one works on that package. One that is no file of nano's, or that lies where
/// nobody may look, is none. A project whose folder, nano.json or nano.lock belongs to another user (but root) is passed over, as
/// git does with repositories, unless NANO_PROJECT names it: whoever writes it decides what a name means. A working folder that
/// was removed is in no project.
[[nodiscard]] ProjectSearch look_for_project();
/// The same; what was passed over is said once.
[[nodiscard]] Result<std::optional<fs::Path>> find_project_folder(const Context& ctx);
/// That project.   errors  invalid: nano.json or nano.lock breaks its format; not_found: NANO_PROJECT names no project
[[nodiscard]] Result<std::optional<Project>> find_project(const Context& ctx);
/// What a model's name means in this folder: "" where a path is meant or there is no project, else the project's folder, whose
/// synced packages come first.
///   errors  as find_project; not_found: nano.lock names the package, and another release of it, or none, is in place (`nano sync`)
[[nodiscard]] Result<std::string> project_for_model(const Context& ctx, const std::string& model);
/// errors  not_found (hint: `nano init`) when there is none; why one was passed over
[[nodiscard]] Result<Project> require_project(const Context& ctx);
/// Read the project of a folder. errors  not_found, invalid
[[nodiscard]] Result<Project> read_project(const fs::Path& dir);

[[nodiscard]] Status write_project(const Project& project);  ///< nano.json, atomically

/// What the project asks of the resolver: dependencies, pins, overrides, and its lock as what is preferred.
[[nodiscard]] resolver::ChooseRequest request_of(const Project& project);

/// What counts in this folder: what the project's last sync put in place, else the generation in force.
struct Scene {
  std::optional<Project> project{};
  schemas::Generation current{};
};
/// errors  as find_project; store
[[nodiscard]] Result<Scene> scene_of(const Context& ctx);

}  // namespace nano::app
