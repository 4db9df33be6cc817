// schemas/reader.h: reads a JSON object member by member and collects every problem on the way. Internal to schemas.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/flat_json.h"
#include "schemas/decimal.h"
#include "schemas/name.h"
#include "schemas/problem.h"
#include "schemas/range.h"
#include "schemas/version.h"

namespace nano::schemas::internal {

/// A value of the document being read.
using Node = FlatJson::Value;

/// `pointer` + "/" + key, escaped (RFC 6901).
[[nodiscard]] std::string join(std::string_view pointer, std::string_view key);
[[nodiscard]] std::string join(std::string_view pointer, std::size_t index);

/// What one check of a document gathers.
struct Report {
  Problems problems{};
  std::map<std::string, std::string>* extensions = nullptr;  ///< where `x-` keys go; nullptr = allowed, not kept
  std::size_t extensions_root = 0;  ///< bytes of pointer before the document that keeps them (a manifest in a release)
  std::set<std::string, std::less<>> places{};  ///< of the problems, and of required members that are not there
  std::vector<std::string> floats{};            ///< pointers of numbers that no document may hold
  std::shared_ptr<const Json> tree{};       ///< what a document with such numbers was read from
  void add(std::string pointer, std::string message, std::string hint = {}) {
    places.insert(pointer);
    problems.push_back({std::move(pointer), std::move(message), std::move(hint)});
  }
  /// Was something already said of this place or of what is in it? Then a rule about it would only say what follows from that.
  [[nodiscard]] bool faulty(std::string_view pointer) const;
  /// Report the numbers with a fraction that no getter stumbled over (in `x-` keys).
  void settle();
};

enum class Need { required, optional };

/// One JSON object being read. Each getter takes one key; `finish` reports the keys nobody took. A getter that finds a
/// fault reports it and gives an empty value, so that reading goes on and finds the next one. Keys must live as long as it
/// does: they are literals, or the document's.
class Object {
 public:
  /// `node` may be anything: what is not an object is reported, and reads as empty without further complaints.
  Object(const Node& node, std::string pointer, Report& report);

  [[nodiscard]] bool valid() const { return object_.has_value(); }
  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] Report& report() { return report_; }
  void fault(std::string_view key, std::string message, std::string hint = {});

  /// The node; nullopt: absent (reported if required). Marks the key as known.
  std::optional<Node> take(std::string_view key, Need need);

  /// One line of text, 1 to `max_bytes` bytes, no control characters.
  std::string line(std::string_view key, Need need, std::size_t max_bytes = 256);
  /// Text with line breaks and tabs.
  std::string text(std::string_view key, Need need, std::size_t max_bytes);
  std::optional<uint64_t> integer(std::string_view key, Need need, uint64_t min, uint64_t max);
  bool boolean(std::string_view key, bool otherwise);
  std::optional<bool> maybe_boolean(std::string_view key);
  std::optional<Decimal> decimal(std::string_view key, Need need, bool may_be_negative = true);
  std::optional<Decimal> as_decimal(std::string_view key, const Node& value, bool may_be_negative = true);  ///< of a member at hand
  std::optional<Digest> digest(std::string_view key, Need need);      ///< "sha256:…"
  std::optional<Digest> hex_digest(std::string_view key, Need need);  ///< 64 hex digits
  std::string time(std::string_view key, Need need);
  std::string url(std::string_view key, Need need);
  std::string path(std::string_view key, Need need);         ///< package path
  std::string simple_name(std::string_view key, Need need);  ///< the grammar of names
  std::optional<PackageName> package(std::string_view key, Need need);
  std::optional<Version> version(std::string_view key, Need need);
  Range range(std::string_view key, Need need);
  /// One of `words`; its index. The nearest word is suggested.
  std::optional<std::size_t> word(std::string_view key, Need need, std::span<const std::string> words);
  void schema(std::string_view expected);  ///< the `schema` line

  /// Calls `each(element, its pointer)`; a list longer than `max` is reported and not read.
  void list(std::string_view key, Need need, std::size_t max, const std::function<void(const Node&, const std::string&)>& each);
  /// A list of texts, each one line, no two equal.
  std::vector<std::string> lines(std::string_view key, Need need, std::size_t max, std::size_t max_bytes);
  /// A list of words of a closed list, no two equal.
  std::vector<std::string> words(std::string_view key, std::span<const std::string> allowed);

  /// Report unknown keys (with the nearest known one) and missing ones; hand `x-` keys to the report's extensions.
  void finish();

 private:
  std::optional<std::string_view> string_node(std::string_view key, Need need);

  std::optional<Node> object_{};
  std::string pointer_;
  Report& report_;
  std::vector<std::string_view> known_{};
  std::vector<std::string_view> missing_{};  ///< required, absent; reported by finish, unless a misspelling explains it
};

/// Text checks shared with list elements. Empty = fine, else the fault.
[[nodiscard]] std::string line_fault(std::string_view text, std::size_t max_bytes);
/// The nearest candidate, for a hint. None once many problems are known: a hostile document must not cost minutes.
[[nodiscard]] std::optional<std::string> suggestion(const Report& report, std::string_view word, std::span<const std::string> candidates);
/// "'x' is not one of …" with the nearest as hint.
void report_word(Report& report, std::string pointer, std::string_view word, std::span<const std::string> words);

/// The document, which refers to `bytes` (or to the report's tree), or one problem at the top. A number with a fraction is a
/// problem of its place, not of the whole document.
[[nodiscard]] std::optional<FlatJson> read_json(std::string_view bytes, uint64_t max_bytes, Report& report);

/// A decoder reads `T` out of a node and reports; this is the whole of every parse_…: bytes -> T or the first problem.
template <class T, class Decode>
Result<T> parse_document(std::string_view bytes, uint64_t max_bytes, std::string_view document, Decode decode) {
  Report report;
  T out{};
  if (const auto doc = read_json(bytes, max_bytes, report)) decode(doc->root(), out, report);
  report.settle();
  if (!report.problems.empty()) return to_error(report.problems.front(), document);
  return out;
}
template <class T, class Decode>
Problems check_document(std::string_view bytes, uint64_t max_bytes, Decode decode) {
  Report report;
  T out{};
  if (const auto doc = read_json(bytes, max_bytes, report)) decode(doc->root(), out, report);
  report.settle();
  return std::move(report.problems);
}

}  // namespace nano::schemas::internal
