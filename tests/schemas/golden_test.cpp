// tests/schemas/golden_test.cpp: the C++ types and the JSON Schemas judge the same golden files alike.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "schemas/to_json.h"
#include "tests/schemas/json_schema.h"
#include "tests/support/support.h"

using namespace nano;
using namespace nano::schemas;
using nano::test::read;
namespace stdfs = std::filesystem;

namespace {

struct Type {
  std::string name{};
  std::function<Problems(std::string_view)> check{};
  std::function<std::optional<Error>(std::string_view)> parse{};
  /// write(parse(x)) parses back to an equal value and is written to the same bytes.
  std::function<bool(std::string_view)> round_trips{};
};

template <class T, class Parse, class Write>
Type type(std::string name, Problems (*check)(std::string_view), Parse parse, Write write) {
  Type t;
  t.name = std::move(name);
  t.check = check;
  t.parse = [=](std::string_view bytes) -> std::optional<Error> {
    auto r = parse(bytes);
    if (r) return std::nullopt;
    return r.error();
  };
  t.round_trips = [=](std::string_view bytes) {
    const Result<T> once = parse(bytes);
    if (!once) return false;
    const std::string text = write(once.value());
    const Result<T> twice = parse(text);
    return twice && twice.value() == once.value() && write(twice.value()) == text;
  };
  return t;
}

template <class T>
auto checked(Result<std::string> (*write)(const T&)) {
  return [write](const T& value) {
    auto r = write(value);
    return r ? r.value() : std::string();
  };
}

const std::vector<Type>& types() {
  static const std::vector<Type> list{
      type<Manifest>("manifest", check_manifest, parse_manifest, write_manifest),
      type<Claim>("claim", check_claim, parse_claim, write_claim),
      type<Release>("release", check_release, parse_release, checked<Release>(release_bytes)),
      type<Index>("index", check_index, parse_index, checked<Index>(write_index)),
      type<RegistryJson>("registry", check_registry_json, parse_registry_json, write_registry_json),
      type<Generation>("generation", check_generation, parse_generation, write_generation),
      type<TargetInfo>("target", check_target_info, parse_target_info, write_target_info),
      type<Advisory>("advisory", check_advisory, parse_advisory, write_advisory),
      type<Config>("config", check_config, parse_config, write_config),
      type<Lockfile>("lockfile", check_lockfile, parse_lockfile, write_lockfile),
      type<GoldenFile>("golden", check_golden, parse_golden, write_golden),
      type<Policy>("policy", check_policy, parse_policy, write_policy),
  };
  return list;
}

std::vector<stdfs::path> golden(const std::string& type_name, const std::string& kind) {
  const char* source = std::getenv("NANO_SOURCE");
  REQUIRE(source != nullptr);
  std::vector<stdfs::path> files;
  for (const auto& entry : stdfs::directory_iterator(stdfs::path(source) / "tests" / "schemas" / "golden" / type_name / kind)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("every valid golden document is accepted by type and schema, and survives a round trip") {
  for (const Type& t : types()) {
    const test::JsonSchema schema(t.name);
    const auto files = golden(t.name, "valid");
    CHECK(files.size() >= 2);
    for (const auto& file : files) {
      INFO(file.string());
      const std::string bytes = read(file);
      for (const Problem& p : t.check(bytes)) FAIL_CHECK(p.pointer + ": " + p.message);
      CHECK_FALSE(t.parse(bytes));
      CHECK(t.round_trips(bytes));
      CHECK(schema.fault(Json::parse(bytes)) == "");
    }
  }
}

TEST_CASE("every planted fault is refused by type and schema") {
  for (const Type& t : types()) {
    const test::JsonSchema schema(t.name);
    for (const auto& file : golden(t.name, "invalid")) {
      INFO(file.string());
      const std::string bytes = read(file);
      CHECK_FALSE(t.check(bytes).empty());
      const auto error = t.parse(bytes);
      REQUIRE(error);
      CHECK(error->code == Errc::invalid);
      CHECK_FALSE(error->message.empty());
      CHECK(schema.fault(Json::parse(bytes)) != "");
    }
  }
}

TEST_CASE("faults that JSON Schema cannot express are refused by the type") {
  for (const Type& t : types()) {
    for (const auto& file : golden(t.name, "invalid_cpp_only")) {
      INFO(file.string());
      const auto error = t.parse(read(file));
      REQUIRE(error);
      CHECK(error->code == (file.stem() == "protocol_2" ? Errc::unsupported : Errc::invalid));
    }
  }
}

TEST_CASE("a document cut anywhere or changed in one byte is refused or still well-formed, and never crashes") {
  for (const Type& t : types()) {
    for (const auto& file : golden(t.name, "valid")) {
      const std::string bytes = read(file);
      const std::size_t step = std::max<std::size_t>(1, bytes.size() / 100);
      for (std::size_t n = 0; n + 2 < bytes.size(); n += step) CHECK_FALSE(t.check(std::string_view(bytes).substr(0, n)).empty());
      uint32_t state = 1;  // xorshift32 (Marsaglia 2003)
      for (int i = 0; i < 300; ++i) {
        std::string broken = bytes;
        for (int k = 0; k < 3; ++k) {
          state ^= state << 13;
          state ^= state >> 17;
          state ^= state << 5;
          broken[state % broken.size()] = static_cast<char>(state >> 24);
        }
        const bool clean = t.check(broken).empty();
        // The same verdict both ways; a registry.json of a newer protocol is well-formed and still not readable.
        if (t.name != "registry") CHECK(clean == !t.parse(broken));
      }
    }
  }
}
