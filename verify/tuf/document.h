// verify/tuf/document.h: a signed metadata file: its `signed` object, its signatures, and who vouches for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/flat_json.h"
#include "base/json.h"
#include "base/result.h"
#include "verify/keys.h"
#include "verify/tuf/key.h"

namespace nano::verify::tuf {

struct DocSignature {
  std::string key_id{};
  std::string sig{};  ///< hex as received; may be empty or nonsense (it then counts for nothing)
};

/// A metadata file taken apart (TUF specification 4.2). Nothing in it is trusted before verify_document says so.
struct Document {
  Json body{};                 ///< the `signed` object with its unknown fields
  std::string signed_bytes{};  ///< canonical form of `body`: what the signatures cover
  std::vector<DocSignature> signatures{};
};

/// Who may sign a role: any `threshold` of these keys (4.3 ROLE, 4.5).
struct RoleKeys {
  std::vector<std::string> key_ids{};  ///< unique
  uint32_t threshold = 1;              ///< at least 1
  Json extra{};                        ///< unknown fields, written back; null when none
};

/// errors  invalid: longer than `max_bytes`, not strict JSON, no `signed` object, a key id twice in `signatures`
///         (4.2), more than kMaxSignatures, a number that is not a 64-bit integer
[[nodiscard]] Result<Document> parse_document(std::string_view bytes, uint64_t max_bytes);

/// The same without a tree: `body` refers to `json`, and both to the bytes that were parsed.
struct FlatDocument {
  FlatJson json;
  FlatJson::Value body;
  Document doc{};  ///< its `body` stays null
};
[[nodiscard]] Result<FlatDocument> parse_flat_document(std::string_view bytes, uint64_t max_bytes);

/// The keys that vouch for `doc`: one key id for each distinct key with a good signature, in the role's order.
///
///   keys    where the role's key ids are looked up: the delegator's `keys`
///   what    names the document for messages: "snapshot version 3"
///   errors  untrusted: fewer distinct keys than the threshold have signed. Counted by key material, not by id, so
///           that one key under two ids is one (4.2.1, 5.3.4)
[[nodiscard]] Result<std::vector<std::string>> verify_document(const Document& doc, const Keys& keys,
                                                               const RoleKeys& role, std::string_view what);

// --- writing ---------------------------------------------------------------------------------------------------

/// An unsigned document over `body`. errors  invalid: `body` has no canonical form (a float, text that is not UTF-8)
[[nodiscard]] Result<Document> make_document(Json body);
/// Add or replace `key`'s signature, under the id Key::of(key).id().
[[nodiscard]] Status sign_document(Document& doc, const PrivateKey& key);
/// The file: one line of JSON and a newline; the same document gives the same bytes.
[[nodiscard]] std::string write_document(const Document& doc);

}  // namespace nano::verify::tuf
