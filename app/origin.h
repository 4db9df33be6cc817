// app/origin.h: where a project's packages come from, told to a person whose nano does not know those registries. A project's files
// never add a registry and never make one trusted: what they say ends up in a hint.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "app/project.h"

namespace nano::app {

/// The registries that nano.lock (or without one, nano.json) has packages of, by id, with the namespaces they are needed for.
[[nodiscard]] std::vector<schemas::OriginRule> origins_of(const Project& project);

/// Those of the packages that nano.json names, for nano.json; an address that stands there already stays.
[[nodiscard]] std::vector<schemas::OriginRule> origins_to_write(const Project& project, const schemas::Lockfile& lock);

/// `nano registry add acme https://… --namespaces acme --root-fingerprint …`. The address is foreign text: one that nano could not use,
/// or that a shell could take for more than one word, is written URL.
[[nodiscard]] std::string add_command(const schemas::OriginRule& origin);

/// An error of a command in a project: where its files name registries that are not configured here, the hint says how to add them.
[[nodiscard]] Error tell_origin(const Context& ctx, Error error);

}  // namespace nano::app
