// verify/tuf/metadata_parse.cpp: `signed` objects to types. Every field is hostile until it has its shape.
#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/text.h"
#include "verify/tuf/limits.h"
#include "verify/tuf/metadata.h"

namespace nano::verify::tuf {
namespace {

Error bad(std::string what) {
  return make_error(Errc::invalid, std::move(what));
}
std::string quote(std::string_view name) {
  return "'" + sanitize(name.substr(0, 80)) + "'";
}

using Value = FlatJson::Value;

/// Reads the members of one object and remembers which, so that the rest can be kept as `extra`. A snapshot has thousands of
/// such objects: what they are called is put together only for an error.
class Fields {
 public:
  /// Refers to `name` and to the literals it is asked for.
  Fields(Value object, const char* what, std::string_view name = {})
      : object_(object), what_(what), name_(name) {}

  [[nodiscard]] std::optional<Value> find(std::string_view name) {
    const auto v = object_.find(name);
    if (v && !knows(name)) {
      NANO_ASSERT(count_ < known_.size());
      known_[count_++] = name;
    }
    return v;
  }
  [[nodiscard]] Result<Value> object(const char* name) {
    const auto v = find(name);
    if (!v || !v->is_object()) return bad(what() + ": " + quote(name) + " is missing or not an object");
    return *v;
  }
  [[nodiscard]] Result<std::string> text(const char* name) {
    const auto v = find(name);
    if (!v || !v->is_text()) return bad(what() + ": " + quote(name) + " is missing or not text");
    return std::string(v->text());
  }
  [[nodiscard]] Result<bool> boolean(const char* name) {
    const auto v = find(name);
    if (!v || !v->is_boolean()) return bad(what() + ": " + quote(name) + " is missing or not true or false");
    return v->boolean();
  }
  /// A whole number from `least` to 2^63 - 1.
  [[nodiscard]] Result<uint64_t> number(const char* name, uint64_t least) {
    const auto v = find(name);
    const auto n = v ? v->whole() : std::nullopt;
    if (!n || *n < least || *n > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return bad(what() + ": " + quote(name) + " is missing or not a whole number of at least " +
                 std::to_string(least));
    return *n;
  }
  [[nodiscard]] Result<std::vector<std::string>> texts(const char* name) {
    const auto v = find(name);
    if (!v || !v->is_array()) return bad(what() + ": " + quote(name) + " is missing or not a list");
    std::vector<std::string> out;
    out.reserve(v->size());
    const bool all = v->elements([&](Value e) {
      if (e.is_text()) out.emplace_back(e.text());
      return e.is_text();
    });
    if (!all) return bad(what() + ": " + quote(name) + " holds something that is not text");
    return out;
  }
  [[nodiscard]] Json extra() const {
    Json out;  // null
    if (count_ == object_.size()) return out;
    object_.members([&](std::string_view key, Value v) {
      if (!knows(key)) out[std::string(key)] = v.to_json();
      return true;
    });
    return out;
  }
  [[nodiscard]] std::string what() const {
    return name_.empty() ? std::string(what_) : what_ + (" " + quote(name_));
  }

 private:
  [[nodiscard]] bool knows(std::string_view name) const {
    const auto end = known_.begin() + static_cast<std::ptrdiff_t>(count_);
    return std::find(known_.begin(), end, name) != end;
  }

  Value object_;
  const char* what_;
  std::string_view name_;
  std::array<std::string_view, 16> known_{};  ///< the members that were asked for and are there
  std::size_t count_ = 0;
};

/// Calls each(key, value) for an object's members until one gives an error, which is the result.
template <class F>
Status each_member(Value object, F each) {
  Status out = Unit{};
  object.members([&](std::string_view key, Value v) {
    out = each(key, v);
    return out.has_value();
  });
  return out;
}
/// Likewise for elements.
template <class F>
Status each_element(Value list, F each) {
  Status out = Unit{};
  list.elements([&](Value v) {
    out = each(v);
    return out.has_value();
  });
  return out;
}

bool is_hex(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(),
                                   [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// 4.3: "1.0", "1.0.34": two or three numbers; a client that knows 1 must not go on with another major version.
Status check_spec_version(const std::string& text) {
  const auto parts = split(text, '.');
  const bool shape = (parts.size() == 2 || parts.size() == 3) &&
                     std::all_of(parts.begin(), parts.end(), [](const std::string& p) {
                       return !p.empty() && p.size() <= 9 &&
                              std::all_of(p.begin(), p.end(), [](char c) { return c >= '0' && c <= '9'; });
                     });
  if (!shape) return bad("'spec_version' is not a version: " + quote(text));
  if (parts[0] != "1")
    return make_error(Errc::unsupported,
                      "the metadata follow TUF specification " + quote(text) + ", and this nano knows 1.x",
                      "update nano");
  return Unit{};
}

Result<Header> parse_header(Fields& f, std::string_view type) {
  NANO_TRY_ASSIGN(const std::string given, f.text("_type"));
  if (given != type)
    return bad("the metadata are of type " + quote(given) + ", not '" + std::string(type) + "'");
  Header out;
  NANO_TRY_ASSIGN(out.spec_version, f.text("spec_version"));
  NANO_TRY(check_spec_version(out.spec_version));
  NANO_TRY_ASSIGN(out.version, f.number("version", 1));
  NANO_TRY_ASSIGN(const std::string expires, f.text("expires"));
  const auto time = parse_time(expires);
  if (!time)
    return bad(f.what() + ": 'expires' is " + quote(expires) + "; a date is written YYYY-MM-DDTHH:MM:SSZ");
  out.expires = *time;
  return out;
}

Result<Keys> parse_keys(Fields& f) {
  NANO_TRY_ASSIGN(const Value object, f.object("keys"));
  Keys out;
  NANO_TRY(each_member(object, [&](std::string_view id, Value v) -> Status {
    NANO_TRY_ASSIGN(Key key, Key::parse(id, v.to_json()));
    out.emplace_hint(out.end(), id, std::move(key));
    return Unit{};
  }));
  return out;
}

Result<RoleKeys> parse_role(Fields& f) {
  RoleKeys out;
  NANO_TRY_ASSIGN(out.key_ids, f.texts("keyids"));
  const std::set<std::string> unique(out.key_ids.begin(), out.key_ids.end());
  if (unique.size() != out.key_ids.size()) return bad(f.what() + ": a key id stands twice in 'keyids'");
  NANO_TRY_ASSIGN(const uint64_t threshold, f.number("threshold", 1));
  if (threshold > std::numeric_limits<uint32_t>::max()) return bad(f.what() + ": 'threshold' is too large");
  out.threshold = static_cast<uint32_t>(threshold);
  return out;
}

Result<Hashes> parse_hashes(Value v, const Fields& of) {
  if (!v.is_object() || v.size() == 0)
    return bad(of.what() + ": 'hashes' is not an object with at least one hash");
  Hashes out;
  NANO_TRY(each_member(v, [&](std::string_view algorithm, Value hash) -> Status {
    if (!hash.is_text() || !is_hex(hash.text()))
      return bad(of.what() + ": the hash " + quote(algorithm) + " is not lower-case hex digits");
    out.emplace_hint(out.end(), algorithm, hash.text());
    return Unit{};
  }));
  return out;
}

Result<MetaFile> parse_meta_file(std::string_view name, Value v) {
  if (!v.is_object()) return bad("'meta': " + quote(name) + " is not an object");
  Fields f(v, "the entry", name);
  MetaFile out;
  NANO_TRY_ASSIGN(out.version, f.number("version", 1));
  if (f.find("length")) {
    NANO_TRY_ASSIGN(out.length, f.number("length", 1));
  }
  if (const auto hashes = f.find("hashes")) {
    NANO_TRY_ASSIGN(out.hashes, parse_hashes(*hashes, f));
  }
  out.extra = f.extra();
  return out;
}

Result<TargetFile> parse_target(std::string_view path, Value v) {
  if (!v.is_object()) return bad("the target " + quote(path) + " is not an object");
  Fields f(v, "the target", path);
  TargetFile out;
  NANO_TRY_ASSIGN(out.length, f.number("length", 0));
  NANO_TRY_ASSIGN(const Value hashes, f.object("hashes"));
  NANO_TRY_ASSIGN(out.hashes, parse_hashes(hashes, f));
  if (const auto custom = f.find("custom")) out.custom = Custom::of(*custom);
  out.extra = f.extra();
  return out;
}

Result<Delegation> parse_delegation(Value v) {
  if (!v.is_object()) return bad("'delegations': a role is not an object");
  Fields unnamed(v, "a delegated role");
  NANO_TRY_ASSIGN(const std::string name, unnamed.text("name"));
  Fields f(v, "the delegated role", name);
  Delegation out;
  NANO_TRY_ASSIGN(out.name, f.text("name"));
  // A role of one of these names would lie in the file of the top-level role, here and at the registry.
  if (is_reserved_role(out.name)) return bad("'delegations': no role may be called " + quote(out.name));
  NANO_TRY_ASSIGN(out.keys, parse_role(f));
  NANO_TRY_ASSIGN(out.terminating, f.boolean("terminating"));
  const bool by_path = f.find("paths").has_value();
  const bool by_hash = f.find("path_hash_prefixes").has_value();
  // 4.5: one and only one of the two.
  if (by_path == by_hash) return bad(f.what() + " has not exactly one of 'paths' and 'path_hash_prefixes'");
  if (by_path) {
    NANO_TRY_ASSIGN(out.paths, f.texts("paths"));
  } else {
    NANO_TRY_ASSIGN(out.path_hash_prefixes, f.texts("path_hash_prefixes"));
    for (const std::string& p : *out.path_hash_prefixes)
      if (!is_hex(p) || p.size() > 64)
        return bad(f.what() + ": the hash prefix " + quote(p) + " is not 1 to 64 lower-case hex digits");
  }
  out.keys.extra = f.extra();
  return out;
}

Result<Delegations> parse_delegations(Value v) {
  if (!v.is_object()) return bad("'delegations' is not an object");
  Fields f(v, "'delegations'");
  Delegations out;
  NANO_TRY_ASSIGN(out.keys, parse_keys(f));
  const auto roles = f.find("roles");
  if (!roles || !roles->is_array()) return bad("'delegations': 'roles' is missing or not a list");
  std::set<std::string> names;
  NANO_TRY(each_element(*roles, [&](Value role) -> Status {
    NANO_TRY_ASSIGN(Delegation d, parse_delegation(role));
    if (!names.insert(d.name).second)
      return bad("'delegations': the role " + quote(d.name) + " stands twice");
    out.roles.push_back(std::move(d));
    return Unit{};
  }));
  out.extra = f.extra();
  return out;
}

}  // namespace

bool is_reserved_role(std::string_view name) {
  return name.empty() || name == kRoot || name == kTimestamp || name == kSnapshot || name == kTargets;
}

Custom Custom::of(FlatJson::Value value) {
  Custom out;
  out.text_.clear();
  value.dump(out.text_);
  return out;
}

Json Custom::json() const {
  auto doc = parse_json(text_, {.max_bytes = text_.size(), .max_depth = kMaxDepth, .allow_floats = true});
  NANO_ASSERT(doc.has_value());
  return std::move(*doc);
}

Result<Root> Root::parse(FlatJson::Value body) {
  Fields f(body, "root");
  Root out;
  NANO_TRY_ASSIGN(out.header, parse_header(f, kRoot));
  if (f.find("consistent_snapshot")) {
    NANO_TRY_ASSIGN(out.consistent_snapshot, f.boolean("consistent_snapshot"));
  } else {
    out.consistent_snapshot = false;  // 4.3: optional; absent means the old file names without versions
  }
  NANO_TRY_ASSIGN(out.keys, parse_keys(f));
  NANO_TRY_ASSIGN(const Value roles, f.object("roles"));
  NANO_TRY(each_member(roles, [&](std::string_view name, Value v) -> Status {
    if (!v.is_object()) return bad("root: the role " + quote(name) + " is not an object");
    Fields role(v, "the role", name);
    NANO_TRY_ASSIGN(RoleKeys signers, parse_role(role));
    signers.extra = role.extra();
    out.roles.emplace_hint(out.roles.end(), name, std::move(signers));
    return Unit{};
  }));
  for (const std::string_view name : {kRoot, kTimestamp, kSnapshot, kTargets})
    if (out.roles.count(std::string(name)) == 0)
      return bad("root: the role '" + std::string(name) + "' is missing");
  out.header.extra = f.extra();
  return out;
}

Result<Timestamp> Timestamp::parse(FlatJson::Value body) {
  Fields f(body, "timestamp");
  Timestamp out;
  NANO_TRY_ASSIGN(out.header, parse_header(f, kTimestamp));
  NANO_TRY_ASSIGN(const Value meta, f.object("meta"));
  const auto entry = meta.find("snapshot.json");
  if (!entry) return bad("timestamp: 'meta' does not name snapshot.json");
  NANO_TRY_ASSIGN(out.snapshot, parse_meta_file("snapshot.json", *entry));
  out.header.extra = f.extra();
  return out;
}

Result<Snapshot> Snapshot::parse(FlatJson::Value body) {
  Fields f(body, "snapshot");
  Snapshot out;
  NANO_TRY_ASSIGN(out.header, parse_header(f, kSnapshot));
  NANO_TRY_ASSIGN(const Value meta, f.object("meta"));
  NANO_TRY(each_member(meta, [&](std::string_view name, Value v) -> Status {
    NANO_TRY_ASSIGN(MetaFile file, parse_meta_file(name, v));
    out.meta.emplace_hint(out.meta.end(), name, std::move(file));
    return Unit{};
  }));
  out.header.extra = f.extra();
  return out;
}

Result<Targets> Targets::parse(FlatJson::Value body) {
  Fields f(body, "targets");
  Targets out;
  NANO_TRY_ASSIGN(out.header, parse_header(f, kTargets));
  NANO_TRY_ASSIGN(const Value targets, f.object("targets"));
  NANO_TRY(each_member(targets, [&](std::string_view path, Value v) -> Status {
    NANO_TRY_ASSIGN(TargetFile file, parse_target(path, v));
    out.targets.emplace_hint(out.targets.end(), path, std::move(file));
    return Unit{};
  }));
  if (const auto delegations = f.find("delegations")) {
    NANO_TRY_ASSIGN(out.delegations, parse_delegations(*delegations));
  }
  out.header.extra = f.extra();
  return out;
}

}  // namespace nano::verify::tuf
