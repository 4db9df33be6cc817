// verify/oms/statement.cpp: OMS 1.0 sections 5 and 6.5, with every name checked before it can meet a file system.
#include "verify/oms/statement.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace nano::verify::oms {
namespace {

Error broken(const std::string& what) {
  return make_error(Errc::invalid, "the signed statement breaks the model signing format: " + what);
}

/// The member `key` of `object`, of the wanted type.
Result<const Json*> member(const Json& object, const char* key, Json::value_t type) {
  const auto it = object.find(key);
  if (it == object.end()) return broken("'" + std::string(key) + "' is missing");
  const bool number = type == Json::value_t::number_unsigned;
  if (number ? !it->is_number_unsigned() : it->type() != type)
    return broken("'" + std::string(key) + "' has the wrong type");
  return &*it;
}

Result<std::string> text_of(const Json& object, const char* key) {
  NANO_TRY_ASSIGN(const Json* v, member(object, key, Json::value_t::string));
  return v->get<std::string>();
}

/// Exactly "0" or digits without a leading zero.
bool parse_offset(std::string_view text, uint64_t& out) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

struct Shard {
  std::string_view path{};
  uint64_t start = 0;
  uint64_t end = 0;
};

bool split_shard(std::string_view name, Shard& out) {
  const auto second = name.rfind(':');
  if (second == std::string_view::npos || second == 0) return false;
  const auto first = name.rfind(':', second - 1);
  if (first == std::string_view::npos) return false;
  out.path = name.substr(0, first);
  return parse_offset(name.substr(first + 1, second - first - 1), out.start) &&
         parse_offset(name.substr(second + 1), out.end) && out.start < out.end;
}

Status check_name(const Statement& s, const std::string& name, std::size_t count) {
  if (s.method == Method::shards) {
    Shard shard;
    if (!split_shard(name, shard) || !is_model_path(shard.path) || shard.start % s.shard_size != 0 ||
        shard.end - shard.start > s.shard_size)
      return broken("'" + sanitize(name) + "' names no shard of " + std::to_string(s.shard_size) + " bytes");
    return Unit{};
  }
  // "." is what the reference wrote before 1.0.1 for a model that is one file.
  if (is_model_path(name) || (name == "." && count == 1)) return Unit{};
  return broken("'" + sanitize(name) + "' is no path inside a model");
}

Result<Digest> digest_of(const std::string& hex, const std::string& name) {
  auto digest = Digest::parse_hex(hex);
  if (!digest) return broken("the digest of '" + sanitize(name) + "' is not 64 lower-case hex digits");
  return *digest;
}

Status add(Statement& out, std::set<std::string>& seen, Resource resource, std::size_t count) {
  NANO_TRY(check_name(out, resource.name, count));
  if (!seen.insert(resource.name).second) return broken("'" + sanitize(resource.name) + "' is listed twice");
  out.resources.push_back(std::move(resource));
  return Unit{};
}

Status check_count(std::size_t count) {
  if (count == 0) return broken("it lists no file");
  if (count > kMaxResources) return broken("it lists more than " + std::to_string(kMaxResources) + " files");
  return Unit{};
}

Status read_serialization(const Json& predicate, Statement& out) {
  NANO_TRY_ASSIGN(const Json* s, member(predicate, "serialization", Json::value_t::object));
  NANO_TRY_ASSIGN(const std::string method, text_of(*s, "method"));
  NANO_TRY_ASSIGN(const std::string hash, text_of(*s, "hash_type"));
  NANO_TRY(
      member(*s, "allow_symlinks", Json::value_t::boolean));  // a link in the model is refused either way
  if (method != "files" && method != "shards")
    return make_error(Errc::unsupported, "the model was signed by the method '" + sanitize(method) + "'",
                      "nano knows 'files' and 'shards'");
  if (hash != "sha256")
    return make_error(Errc::unsupported, "the model's files are hashed with '" + sanitize(hash) + "'",
                      "nano checks sha256: ask the signer for such a signature");
  if (method == "shards") {
    out.method = Method::shards;
    NANO_TRY_ASSIGN(const Json* size, member(*s, "shard_size", Json::value_t::number_unsigned));
    out.shard_size = size->get<uint64_t>();
    if (out.shard_size == 0 || out.shard_size > uint64_t{1} << 62)
      return broken("'shard_size' is out of range");
  } else if (s->contains("shard_size")) {
    return broken("'shard_size' stands in a statement of whole files");
  }
  if (!s->contains("ignore_paths")) return Unit{};
  NANO_TRY_ASSIGN(const Json* paths, member(*s, "ignore_paths", Json::value_t::array));
  if (paths->size() > kMaxResources) return broken("it ignores too many paths");
  for (const Json& p : *paths) {
    if (!p.is_string()) return broken("an ignored path is not text");
    out.ignore_paths.push_back(p.get<std::string>());
  }
  return Unit{};
}

/// v0.2 had no predicate to speak of: each subject is a file.
Result<Statement> read_old_form(const Json& doc) {
  Statement out;
  out.old_form = true;
  NANO_TRY_ASSIGN(const Json* subjects, member(doc, "subject", Json::value_t::array));
  NANO_TRY(check_count(subjects->size()));
  std::set<std::string> seen;
  for (const Json& s : *subjects) {
    if (!s.is_object()) return broken("a subject is not an object");
    NANO_TRY_ASSIGN(std::string name, text_of(s, "name"));
    NANO_TRY_ASSIGN(const Json* digests, member(s, "digest", Json::value_t::object));
    NANO_TRY_ASSIGN(const std::string hex, text_of(*digests, "sha256"));
    NANO_TRY_ASSIGN(const Digest digest, digest_of(hex, name));
    NANO_TRY(add(out, seen, {std::move(name), digest}, subjects->size()));
  }
  return out;
}

}  // namespace

bool is_model_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxNameBytes || path.find('\0') != std::string_view::npos) return false;
  for (const std::string& part : split(path, '/'))
    if (part.empty() || part == "." || part == "..") return false;
  return true;
}

Result<std::string> path_of_shard(std::string_view name) {
  Shard shard;
  if (!split_shard(name, shard)) return broken("'" + sanitize(name) + "' names no shard");
  return std::string(shard.path);
}

std::string shard_name(std::string_view path, uint64_t start, uint64_t end) {
  return std::string(path) + ":" + std::to_string(start) + ":" + std::to_string(end);
}

Digest root_digest(std::span<const Resource> resources) {
  Hasher hasher;
  for (const Resource& r : resources)
    hasher.update({reinterpret_cast<const char*>(r.digest.bytes().data()), r.digest.bytes().size()});
  return hasher.finish();
}

std::string write_statement(Statement s) {
  std::sort(s.resources.begin(), s.resources.end(),
            [](const Resource& a, const Resource& b) { return a.name < b.name; });
  Json resources = Json::array();
  for (const Resource& r : s.resources)
    resources.push_back({{"name", r.name}, {"algorithm", "sha256"}, {"digest", r.digest.hex()}});
  Json serialization = {{"method", s.method == Method::files ? "files" : "shards"},
                        {"hash_type", "sha256"},
                        {"allow_symlinks", false}};
  if (s.method == Method::shards) serialization["shard_size"] = s.shard_size;
  if (!s.ignore_paths.empty()) serialization["ignore_paths"] = s.ignore_paths;
  const Json doc = {
      {"_type", kStatementType},
      {"subject", {{{"name", s.model_name}, {"digest", {{"sha256", root_digest(s.resources).hex()}}}}}},
      {"predicateType", kPredicateType},
      {"predicate", {{"serialization", std::move(serialization)}, {"resources", std::move(resources)}}}};
  return dump_line(doc);
}

Result<Statement> parse_statement(std::string_view json, bool allow_old_form) {
  NANO_TRY_ASSIGN(const Json doc, parse_json(json, {.max_bytes = kMaxStatementBytes, .max_depth = 16}));
  if (!doc.is_object()) return broken("it is not a JSON object");
  NANO_TRY_ASSIGN(const std::string type, text_of(doc, "_type"));
  if (type != kStatementType) return broken("its _type is '" + sanitize(type) + "'");
  NANO_TRY_ASSIGN(const std::string predicate_type, text_of(doc, "predicateType"));
  if (predicate_type == kOldPredicateType && allow_old_form) return read_old_form(doc);
  if (predicate_type != kPredicateType)
    return make_error(
        Errc::unsupported,
        "the statement is of the type '" + sanitize(predicate_type) + "', not a model signature 1.0",
        predicate_type == kOldPredicateType ? "it is of v0.2: --allow-v0.2 checks it all the same" : "");
  NANO_TRY_ASSIGN(const Json* predicate, member(doc, "predicate", Json::value_t::object));
  Statement out;
  NANO_TRY(read_serialization(*predicate, out));
  NANO_TRY_ASSIGN(const Json* resources, member(*predicate, "resources", Json::value_t::array));
  NANO_TRY(check_count(resources->size()));
  std::set<std::string> seen;
  for (const Json& r : *resources) {
    if (!r.is_object()) return broken("a resource is not an object");
    NANO_TRY_ASSIGN(std::string name, text_of(r, "name"));
    NANO_TRY_ASSIGN(const std::string algorithm, text_of(r, "algorithm"));
    if (algorithm != "sha256")
      return broken("'" + sanitize(name) + "' is hashed with '" + sanitize(algorithm) + "'");
    NANO_TRY_ASSIGN(const std::string hex, text_of(r, "digest"));
    NANO_TRY_ASSIGN(const Digest digest, digest_of(hex, name));
    NANO_TRY(add(out, seen, {std::move(name), digest}, resources->size()));
  }
  NANO_TRY_ASSIGN(const Json* subjects, member(doc, "subject", Json::value_t::array));
  if (subjects->size() != 1 || !subjects->front().is_object())
    return broken("it has not exactly one subject");
  NANO_TRY_ASSIGN(out.model_name, text_of(subjects->front(), "name"));
  if (out.model_name.empty()) return broken("the subject has no name");
  NANO_TRY_ASSIGN(const Json* digests, member(subjects->front(), "digest", Json::value_t::object));
  NANO_TRY_ASSIGN(const std::string root, text_of(*digests, "sha256"));
  if (root != root_digest(out.resources).hex())
    return broken("the root digest is not that of the listed files");
  return out;
}

}  // namespace nano::verify::oms
