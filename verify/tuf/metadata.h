// verify/tuf/metadata.h: the four kinds of TUF metadata as types (TUF specification 4.3 to 4.6).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/flat_json.h"
#include "base/json.h"
#include "base/result.h"
#include "verify/tuf/document.h"
#include "verify/tuf/key.h"

// Each type has
//   parse(body)  the `signed` object to the type, from a document or from a tree made in memory. errors  invalid: another `_type`, a field missing or of another
//                shape; unsupported: a specification version other than 1.x
//   to_json()    the way back, for whoever creates metadata; unknown fields are kept in `extra`.
// Parsing checks shape only; the rules between documents are trusted_set.h's.

namespace nano::verify::tuf {

inline constexpr std::string_view kSpecVersion = "1.0.34";
inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kTimestamp = "timestamp";
inline constexpr std::string_view kSnapshot = "snapshot";
inline constexpr std::string_view kTargets = "targets";

/// root, timestamp, snapshot, targets or "": no delegated role may be called so.
[[nodiscard]] bool is_reserved_role(std::string_view name);

using Hashes = std::map<std::string, std::string>;  ///< algorithm ("sha256", "sha512", ...) to lower-case hex

struct Header {
  uint64_t version = 1;  ///< at least 1
  std::string spec_version{kSpecVersion};
  UnixTime expires = 0;  ///< the document may be used before this second
  Json extra{};          ///< unknown fields of the `signed` object; null when none
};

struct Root {
  Header header{};
  bool consistent_snapshot = true;
  Keys keys{};
  std::map<std::string, RoleKeys> roles{};  ///< the four top-level roles, and no less
  [[nodiscard]] static Result<Root> parse(FlatJson::Value body);
  [[nodiscard]] static Result<Root> parse(const Json& body) { return parse(FlatJson::of(body).root()); }
  [[nodiscard]] Json to_json() const;
  /// Add `key` to the role (once), listing it in `keys`.
  void add_key(std::string_view role, const Key& key);
};

/// What one metadata file says of another.
struct MetaFile {
  uint64_t version = 1;
  std::optional<uint64_t> length{};
  Hashes hashes{};  ///< empty when not given
  Json extra{};
};

struct Timestamp {
  Header header{};
  MetaFile snapshot{};
  [[nodiscard]] static Result<Timestamp> parse(FlatJson::Value body);
  [[nodiscard]] static Result<Timestamp> parse(const Json& body) { return parse(FlatJson::of(body).root()); }
  [[nodiscard]] Json to_json() const;
};

struct Snapshot {
  Header header{};
  std::map<std::string, MetaFile> meta{};  ///< by file name: "targets.json", "reg.3f.json"
  [[nodiscard]] static Result<Snapshot> parse(FlatJson::Value body);
  [[nodiscard]] static Result<Snapshot> parse(const Json& body) { return parse(FlatJson::of(body).root()); }
  [[nodiscard]] Json to_json() const;
  [[nodiscard]] const MetaFile* find(std::string_view role) const;  ///< nullptr: not listed
};

/// What an application says of a target, kept as one line of JSON: most of a large role's are never looked into.
class Custom {
 public:
  Custom() = default;  ///< null, which is absent
  Custom(const Json& value) : text_(dump_line(value)) {}
  [[nodiscard]] static Custom of(FlatJson::Value value);
  [[nodiscard]] bool absent() const { return text_ == "null"; }
  [[nodiscard]] const std::string& text() const { return text_; }  ///< as dump_line writes it
  [[nodiscard]] std::string_view object_text() const { return absent() ? std::string_view("{}") : text_; }  ///< absent: one without members
  [[nodiscard]] Json json() const;
  friend bool operator==(const Custom&, const Custom&) = default;

 private:
  std::string text_{"null"};
};

struct TargetFile {
  uint64_t length = 0;
  Hashes hashes{};  ///< at least one
  Custom custom{};
  Json extra{};
};

/// One delegation (4.5). Exactly one of `paths` and `path_hash_prefixes` is given.
struct Delegation {
  std::string name{};
  RoleKeys keys{};
  bool terminating = false;
  std::optional<std::vector<std::string>> paths{};  ///< glob patterns; `*` and `?` do not cross '/'
  std::optional<std::vector<std::string>> path_hash_prefixes{};  ///< lower-case hex of sha256(target path)
};

struct Delegations {
  Keys keys{};
  std::vector<Delegation> roles{};  ///< in order of priority; names are unique
  Json extra{};
  [[nodiscard]] const Delegation* find(std::string_view role) const;
};

struct Targets {
  Header header{};
  std::map<std::string, TargetFile> targets{};  ///< by target path
  std::optional<Delegations> delegations{};
  [[nodiscard]] static Result<Targets> parse(FlatJson::Value body);
  [[nodiscard]] static Result<Targets> parse(const Json& body) { return parse(FlatJson::of(body).root()); }
  [[nodiscard]] Json to_json() const;
  /// Add `key` to the delegation `role` (which must exist), listing it in the delegations' keys.
  void add_key(std::string_view role, const Key& key);
};

/// A whole file and its body as a type, unverified; the document's `body` stays null.
/// errors  as parse_document and T::parse
template <class T>
[[nodiscard]] Result<std::pair<Document, T>> read_role(std::string_view bytes, uint64_t max_bytes) {
  NANO_TRY_ASSIGN(FlatDocument flat, parse_flat_document(bytes, max_bytes));
  NANO_TRY_ASSIGN(T body, T::parse(flat.body));
  return std::pair<Document, T>(std::move(flat.doc), std::move(body));
}

/// The same with the document's `body`: for tools that show or re-sign metadata.
template <class T>
[[nodiscard]] Result<std::pair<Document, T>> read_metadata(std::string_view bytes, uint64_t max_bytes) {
  NANO_TRY_ASSIGN(Document doc, parse_document(bytes, max_bytes));
  NANO_TRY_ASSIGN(T body, T::parse(doc.body));
  return std::pair<Document, T>(std::move(doc), std::move(body));
}

}  // namespace nano::verify::tuf
