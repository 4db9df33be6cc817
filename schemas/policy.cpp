// schemas/policy.cpp: policy.json in and out of JSON, and its globs.
#include "schemas/policy.h"

#include <algorithm>
#include <array>

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace {

using internal::join;
using internal::Need;

constexpr std::size_t kMaxAgeDigits = 6;
constexpr std::size_t kMaxGlobBytes = 129;  ///< two names and a slash
const std::array<std::string, 3> kModes{"enforce", "warn", "off"};

bool is_age(std::string_view t) {
  if (t.size() < 2 || t.size() > kMaxAgeDigits + 1 ||
      std::string_view("dhms").find(t.back()) == std::string_view::npos)
    return false;
  t.remove_suffix(1);
  return std::all_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> globs(internal::Object& o, const char* key, Need need) {
  auto out = o.lines(key, need, kMaxListItems, kMaxGlobBytes);
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!is_package_glob(out[i]))
      o.report().add(join(join(o.pointer(), key), i), "is no glob of package names",
                     "write `*`, `NAMESPACE/*` or `NAMESPACE/NAME`; the root namespace is `_`");
  return out;
}

void decode(const internal::Node& node, const std::string& pointer, PolicySigners& out, internal::Report& report) {
  internal::Object o(node, pointer, report);
  out.keys = o.lines("keys", Need::required, kMaxListItems, 64);
  for (std::size_t i = 0; i < out.keys.size(); ++i)
    if (!Digest::parse_hex(out.keys[i]))
      report.add(join(join(pointer, "keys"), i), "is no key id",
                 "64 lower-case hex digits, as `nano verify` shows them");
  out.threshold = o.integer("threshold", Need::optional, 1, kMaxListItems).value_or(1);
  o.finish();
  if (o.valid() && out.keys.empty()) report.add(join(pointer, "keys"), "names no key");
  if (!out.keys.empty() && out.threshold > out.keys.size())
    report.add(join(pointer, "threshold"), "asks for more signatures than there are keys");
}

void decode(const internal::Node& node, const std::string& pointer, PolicyRule& out, internal::Report& report) {
  internal::Object o(node, pointer, report);
  out.name = o.line("name", Need::required, 128);
  out.packages = globs(o, "packages", Need::required);
  out.except = globs(o, "except", Need::optional);
  if (const auto mode = o.word("mode", Need::optional, kModes)) out.mode = static_cast<PolicyMode>(*mode);
  if (const auto signers = o.take("signers", Need::optional))
    decode(*signers, join(pointer, "signers"), out.signers, report);
  out.min_release_age = o.line("min_release_age", Need::optional, kMaxAgeDigits + 1);
  if (!out.min_release_age.empty() && !is_age(out.min_release_age))
    o.fault("min_release_age", "is no age", "a whole number and d, h, m or s: \"7d\"");
  out.licenses = o.lines("licenses", Need::optional, kMaxListItems, 128);
  for (const std::string& word : o.words("kinds", kind_words())) {
    const auto words = kind_words();
    const auto at = static_cast<std::size_t>(std::find(words.begin(), words.end(), word) - words.begin());
    if (at < words.size()) out.kinds.push_back(static_cast<Kind>(at));
  }
  o.finish();
  if (o.valid() && o.report().problems.empty() && out.packages.empty())
    report.add(join(pointer, "packages"), "names no package", "`*` means every package");
}

void decode_document(const internal::Node& doc, Policy& out, internal::Report& report) {
  internal::Object o(doc, "", report);
  o.schema(kPolicySchema);
  o.list("rules", Need::required, kMaxPolicyRules, [&](const internal::Node& item, const std::string& at) {
    decode(item, at, out.rules.emplace_back(), report);
  });
  o.finish();
}

Json to_json(const PolicyRule& r) {
  Json doc = {{"name", r.name}, {"packages", r.packages}};
  internal::put(doc, "except", r.except);
  if (r.mode != PolicyMode::enforce) doc["mode"] = std::string(to_text(r.mode));
  if (!r.signers.keys.empty())
    doc["signers"] = {{"keys", r.signers.keys}, {"threshold", r.signers.threshold}};
  internal::put(doc, "min_release_age", r.min_release_age);
  internal::put(doc, "licenses", r.licenses);
  if (!r.kinds.empty()) {
    Json kinds = Json::array();
    for (const Kind k : r.kinds) kinds.push_back(std::string(to_text(k)));
    doc["kinds"] = std::move(kinds);
  }
  return doc;
}

/// Iterative, so that `*a*a*a…` costs at most pattern times text.
bool matches(std::string_view p, std::string_view t) {
  std::size_t i = 0;
  std::size_t k = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  while (k < t.size()) {
    if (i < p.size() && p[i] == '*') {
      star = i++;
      from = k;
    } else if (i < p.size() && (p[i] == t[k] || (p[i] == '?' && t[k] != '/'))) {
      ++i;
      ++k;
    } else if (star != std::string_view::npos && t[from] != '/') {
      i = star + 1;
      k = ++from;
    } else {
      return false;
    }
  }
  while (i < p.size() && p[i] == '*') ++i;
  return i == p.size();
}

}  // namespace

std::string_view to_text(PolicyMode m) {
  return kModes[static_cast<std::size_t>(m)];
}

bool is_package_glob(std::string_view glob) {
  if (glob.empty() || glob.size() > kMaxGlobBytes) return false;
  const auto part = [](std::string_view s) {
    return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '*' || c == '?';
    });
  };
  const auto slash = glob.find('/');
  if (slash == std::string_view::npos) return part(glob);
  return (glob.substr(0, slash) == "_" || part(glob.substr(0, slash))) && part(glob.substr(slash + 1));
}

bool glob_matches(std::string_view glob, const PackageName& name) {
  if (glob == "*") return true;
  const std::string text = (name.ns.empty() ? "_" : name.ns) + "/" + name.name;
  if (glob.find('/') == std::string_view::npos) return matches("_/" + std::string(glob), text);
  return matches(glob, text);
}

int64_t age_seconds(std::string_view text) {
  if (!is_age(text)) return 0;
  int64_t n = 0;
  for (const char c : text.substr(0, text.size() - 1)) n = n * 10 + (c - '0');
  switch (text.back()) {
    case 'd': return n * 86'400;
    case 'h': return n * 3'600;
    case 'm': return n * 60;
    default: return n;
  }
}

Result<Policy> parse_policy(std::string_view bytes) {
  return internal::parse_document<Policy>(bytes, kMaxPolicyBytes, "policy", decode_document);
}
Problems check_policy(std::string_view bytes) {
  return internal::check_document<Policy>(bytes, kMaxPolicyBytes, decode_document);
}

Json to_json(const Policy& policy) {
  Json rules = Json::array();
  for (const PolicyRule& r : policy.rules) rules.push_back(to_json(r));
  return {{"schema", std::string(kPolicySchema)}, {"rules", std::move(rules)}};
}
std::string write_policy(const Policy& policy) {
  return dump_pretty(to_json(policy));
}

}  // namespace nano::schemas
