// tests/schemas/docs_test.cpp: the pages on formats and limits name what the code has.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/json.h"
#include "schemas/advisory.h"
#include "schemas/config.h"
#include "schemas/generation.h"
#include "schemas/golden.h"
#include "schemas/index.h"
#include "schemas/lockfile.h"
#include "schemas/policy.h"
#include "schemas/registry_json.h"
#include "schemas/target_info.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::schemas;

namespace {

std::filesystem::path source() {
  const char* dir = std::getenv("NANO_SOURCE");
  REQUIRE(dir != nullptr);
  return dir;
}

/// Every key under any `properties` of a schema.
void keys(const Json& node, std::set<std::string>& out) {
  if (node.is_object() && node.contains("properties") && node["properties"].is_object())
    for (const auto& [key, value] : node["properties"].items()) out.insert(key);
  if (node.is_structured())
    for (const auto& item : node) keys(item, out);
}

std::string with_commas(uint64_t n) {
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

}  // namespace

TEST_CASE("every key of the JSON Schemas stands in its section of docs/FORMATS.md") {
  const std::string page = test::read(source() / "docs" / "FORMATS.md");
  struct Part {
    const char* type;
    const char* section;
  };
  for (const Part& p : {Part{"manifest", "## Manifest"}, Part{"claim", "## Claim"}, Part{"release", "## Release"}, Part{"index", "## Index"},
                        Part{"target", "## Target"}, Part{"advisory", "## Advisory"}, Part{"registry", "## Registry"}, Part{"generation", "## Generation"}, Part{"config", "## Config"}, Part{"lockfile", "## Lockfile"}, Part{"golden", "## Golden file"}, Part{"policy", "## Policy"}, Part{"plan", "## Plan"}}) {
    const auto begin = page.find(std::string("\n") + p.section + "\n");
    REQUIRE(begin != std::string::npos);
    const std::string section = page.substr(begin, page.find("\n## ", begin + 1) - begin);
    std::set<std::string> names;
    keys(Json::parse(test::read(source() / "schemas" / "v1" / (std::string(p.type) + ".schema.json"))), names);
    CHECK(names.size() >= 4);
    for (const std::string& name : names) {
      INFO(p.section << " lacks " << name);
      CHECK(section.find("`" + name + "`") != std::string::npos);
    }
  }
}

TEST_CASE("docs/LIMITS.md gives each limit of schemas its value") {
  const std::string page = test::read(source() / "docs" / "LIMITS.md");
  struct Limit {
    const char* name;
    uint64_t value;
  };
  for (const Limit& l : {Limit{"kMaxNameBytes", kMaxNameBytes}, Limit{"kMaxVersionBytes", kMaxVersionBytes}, Limit{"kMaxRangeBytes", kMaxRangeBytes},
                         Limit{"kMaxDecimalBytes", kMaxDecimalBytes}, Limit{"kMaxPathBytes", kMaxPathBytes}, Limit{"kMaxLineBytes", kMaxLineBytes},
                         Limit{"kMaxTextBytes", kMaxTextBytes}, Limit{"kMaxManifestBytes", kMaxManifestBytes}, Limit{"kMaxReleaseBytes", kMaxReleaseBytes},
                         Limit{"kMaxIndexBytes", kMaxIndexBytes}, Limit{"kMaxRegistryJsonBytes", kMaxRegistryJsonBytes},
                         Limit{"kMaxGenerationBytes", kMaxGenerationBytes}, Limit{"kMaxConfigBytes", kMaxConfigBytes}, Limit{"kMaxLockfileBytes", kMaxLockfileBytes},
                         Limit{"kMaxLockedPackages", kMaxLockedPackages}, Limit{"kMaxGoldenBytes", kMaxGoldenBytes}, Limit{"kMaxGoldenInputs", kMaxGoldenInputs},
                         Limit{"kMaxGoldenTextBytes", kMaxGoldenTextBytes}, Limit{"kMaxGoldenEntities", kMaxGoldenEntities}, Limit{"kMaxGoldenVector", kMaxGoldenVector}, Limit{"kMaxPolicyBytes", kMaxPolicyBytes}, Limit{"kMaxPolicyRules", kMaxPolicyRules}, Limit{"kMaxFiles", kMaxFiles},
                         Limit{"kMaxVariants", kMaxVariants}, Limit{"kMaxClaims", kMaxClaims}, Limit{"kMaxLabels", kMaxLabels},
                         Limit{"kMaxListItems", kMaxListItems}, Limit{"kMaxIndexPackages", kMaxIndexPackages},
                         Limit{"kMaxIndexVersions", kMaxIndexVersions}, Limit{"kMaxGenerationEntries", kMaxGenerationEntries},
                         Limit{"kMaxBlobBytes", kMaxBlobBytes}, Limit{"kMaxTargetInfoBytes", kMaxTargetInfoBytes}, Limit{"kMaxHeadlines", kMaxHeadlines},
                         Limit{"kMaxAdvisoryBytes", kMaxAdvisoryBytes}, Limit{"kMaxAdvisoryDetails", kMaxAdvisoryDetails}, Limit{"JsonLimits::max_depth", JsonLimits{}.max_depth}}) {
    INFO(l.name);
    CHECK(page.find("`" + std::string(l.name) + "` | " + with_commas(l.value) + " |") != std::string::npos);
  }
}
