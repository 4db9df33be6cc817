// schemas/to_json.h: the documents' types as Json, for machine output and for tests. Heavy: only where needed.
#pragma once

#include "base/json.h"
#include "schemas/advisory.h"
#include "schemas/claim.h"
#include "schemas/config.h"
#include "schemas/generation.h"
#include "schemas/golden.h"
#include "schemas/index.h"
#include "schemas/lockfile.h"
#include "schemas/manifest.h"
#include "schemas/policy.h"
#include "schemas/registry_json.h"
#include "schemas/release.h"
#include "schemas/target_info.h"

namespace nano::schemas {

/// Absent and empty optional members are left out; the inverse of parse_….
[[nodiscard]] Json to_json(const Claim& claim);
[[nodiscard]] Json to_json(const Manifest& manifest);
[[nodiscard]] Json to_json(const Release& release);
[[nodiscard]] Json to_json(const Index& index);
[[nodiscard]] Json to_json(const IndexPackage& package);
[[nodiscard]] Json to_json(const RegistryJson& doc);
[[nodiscard]] Json to_json(const Generation& generation);
[[nodiscard]] Json to_json(const Config& config);
[[nodiscard]] Json to_json(const Lockfile& lock);
[[nodiscard]] Json to_json(const GoldenFile& golden);
[[nodiscard]] Json to_json(const Policy& policy);
[[nodiscard]] Json to_json(const Dependency& dependency);
[[nodiscard]] Json to_json(const Needs& needs);
[[nodiscard]] Json to_json(const HeadlineClaim& claim);
[[nodiscard]] Json to_json(const IndexVariant& variant);
[[nodiscard]] Json to_json(const TargetInfo& info);
[[nodiscard]] Json to_json(const Advisory& advisory);

}  // namespace nano::schemas
