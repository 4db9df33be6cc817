// verify/oms/statement.h: what a model signature says: the files of a model and their digests, as an in-toto statement.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace nano::verify::oms {

inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kPredicateType = "https://model_signing/signature/v1.0";
inline constexpr std::string_view kOldPredicateType = "https://model_signing/Digests/v0.1";  ///< of v0.2
inline constexpr uint64_t kMaxStatementBytes = uint64_t{32} << 20;
inline constexpr std::size_t kMaxResources = 100'000;
inline constexpr std::size_t kMaxNameBytes = 4'096;  ///< of a path inside a model

enum class Method { files, shards };

/// A file, or with Method::shards the bytes [start, end) of one, named `path:start:end`.
struct Resource {
  std::string name{};
  Digest digest{};
};

struct Statement {
  std::string model_name{};  ///< informative only
  Method method = Method::files;
  uint64_t shard_size = 0;  ///< bytes; set with Method::shards
  std::vector<std::string> ignore_paths{};
  std::vector<Resource> resources{};  ///< in the order they are listed, which the root digest covers
  bool old_form = false;              ///< of v0.2: the files stand as subjects
};

/// A relative path of normal segments: no empty, `.` or `..` ones, no NUL, at most kMaxNameBytes.
[[nodiscard]] bool is_model_path(std::string_view path);
/// The path in a shard's name, which ends in two numbers: `a:b:0:10` is bytes 0-10 of `a:b`. errors  invalid
[[nodiscard]] Result<std::string> path_of_shard(std::string_view name);
[[nodiscard]] std::string shard_name(std::string_view path, uint64_t start, uint64_t end);

/// sha256 over the raw digests one after another. (OMS 1.0 section 6.5.1)
[[nodiscard]] Digest root_digest(std::span<const Resource> resources);

/// One line of JSON. Resources are sorted by the bytes of their names first.
[[nodiscard]] std::string write_statement(Statement statement);
/// errors  invalid: not such a statement, a name twice, a path that leaves the model, a root digest that does not fit;
///         unsupported: another hash than sha256, another predicate, or v0.2's without `allow_old_form`
[[nodiscard]] Result<Statement> parse_statement(std::string_view json, bool allow_old_form);

}  // namespace nano::verify::oms
