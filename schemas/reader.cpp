// schemas/reader.cpp: the getters; each says what it wanted, what it found and where.
#include "schemas/reader.h"

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/text.h"
#include "schemas/vocabulary.h"

namespace nano::schemas::internal {
namespace {

/// Foreign text in a message: short, printable.
std::string shown(std::string_view s) {
  constexpr std::size_t kMost = 80;
  return "'" + sanitize(s.substr(0, kMost)) + (s.size() > kMost ? "…'" : "'");
}

bool is_extension(std::string_view key) { return key.size() > 2 && key.substr(0, 2) == "x-"; }

constexpr std::size_t kManyProblems = 50;

/// Is `place` the pointer, or below it?
bool within(std::string_view place, std::string_view pointer) {
  return place.substr(0, pointer.size()) == pointer && (place.size() == pointer.size() || place[pointer.size()] == '/');
}

void find_floats(const Json& doc, const std::string& at, std::vector<std::string>& out) {
  if (out.size() >= kManyProblems) return;
  if (doc.is_number_float()) out.push_back(at);
  if (doc.is_object())
    for (const auto& [key, value] : doc.items()) find_floats(value, join(at, key), out);
  if (doc.is_array())
    for (std::size_t i = 0; i < doc.size(); ++i) find_floats(doc[i], join(at, i), out);
}

}  // namespace

bool Report::faulty(std::string_view pointer) const {
  if (places.contains(pointer)) return true;
  const auto below = places.lower_bound(std::string(pointer) + "/");
  return below != places.end() && within(*below, pointer);
}

void Report::settle() {
  for (const std::string& at : floats) {
    // Said of the place itself, or of what it stands in (an unknown key, a list that should be a word).
    const bool said = std::any_of(problems.begin(), problems.end(), [&](const Problem& p) { return !p.pointer.empty() && within(at, p.pointer); });
    if (!said) add(at, "a number with a fraction, or beyond 64 bits, stands in no document", "write decimals as strings, as in \"0.8612\"");
  }
}

std::string join(std::string_view pointer, std::string_view key) {
  std::string out(pointer);
  out += '/';
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}
std::string join(std::string_view pointer, std::size_t index) { return std::string(pointer) + "/" + std::to_string(index); }

std::string line_fault(std::string_view text, std::size_t max_bytes) {
  if (text.empty()) return "is empty";
  if (text.size() > max_bytes) return "has " + std::to_string(text.size()) + " bytes, more than " + std::to_string(max_bytes);
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has a line break or another control character";
  return {};
}

std::optional<std::string> suggestion(const Report& report, std::string_view word, std::span<const std::string> candidates) {
  if (report.problems.size() >= kManyProblems) return std::nullopt;
  return nearest(word.substr(0, 80), candidates);
}

void report_word(Report& report, std::string pointer, std::string_view word, std::span<const std::string> words) {
  const auto near = suggestion(report, word, words);
  report.add(std::move(pointer), shown(word) + " is not one of: " + listed(words), near ? "did you mean '" + *near + "'?" : "");
}

std::optional<FlatJson> read_json(std::string_view bytes, uint64_t max_bytes, Report& report) {
  auto doc = FlatJson::parse(bytes, {.max_bytes = max_bytes});
  if (doc) return std::move(doc).value();
  auto tree = parse_json(bytes, {.max_bytes = max_bytes, .allow_floats = true});
  if (tree) {
    report.tree = std::make_shared<const Json>(std::move(tree).value());
    find_floats(*report.tree, "", report.floats);
    return FlatJson::of(*report.tree);
  }
  report.add("", doc.error().message, doc.error().hint);
  return std::nullopt;
}

Object::Object(const Node& node, std::string pointer, Report& report) : pointer_(std::move(pointer)), report_(report) {
  if (node.is_object())
    object_ = node;
  else
    report_.add(pointer_, "must be an object {…}");
}

void Object::fault(std::string_view key, std::string message, std::string hint) { report_.add(join(pointer_, key), std::move(message), std::move(hint)); }

std::optional<Node> Object::take(std::string_view key, Need need) {
  known_.push_back(key);
  if (!object_) return std::nullopt;
  const auto found = object_->find(key);
  if (!found && need == Need::required) missing_.push_back(key);
  return found;
}

std::optional<std::string_view> Object::string_node(std::string_view key, Need need) {
  const auto node = take(key, need);
  if (!node) return std::nullopt;
  if (node->is_text()) return node->text();
  fault(key, "must be a string");
  return std::nullopt;
}

std::string Object::line(std::string_view key, Need need, std::size_t max_bytes) {
  const auto s = string_node(key, need);
  if (!s) return {};
  if (const std::string f = line_fault(*s, max_bytes); !f.empty()) {
    fault(key, f);
    return {};
  }
  return std::string(*s);
}

std::string Object::text(std::string_view key, Need need, std::size_t max_bytes) {
  const auto s = string_node(key, need);
  if (!s) return {};
  std::string f;
  if (s->empty()) f = "is empty";
  if (s->size() > max_bytes) f = "has " + std::to_string(s->size()) + " bytes, more than " + std::to_string(max_bytes);
  for (const char c : *s)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) f = "has a control character";
  if (f.empty()) return std::string(*s);
  fault(key, f);
  return {};
}

std::optional<uint64_t> Object::integer(std::string_view key, Need need, uint64_t min, uint64_t max) {
  const auto node = take(key, need);
  if (!node) return std::nullopt;
  const auto n = node->whole();
  if (!n) {
    fault(key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
  }
  if (*n >= min && *n <= max) return n;
  fault(key, std::to_string(*n) + " is not a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

std::optional<bool> Object::maybe_boolean(std::string_view key) {
  const auto node = take(key, Need::optional);
  if (!node) return std::nullopt;
  if (node->is_boolean()) return node->boolean();
  fault(key, "must be true or false");
  return std::nullopt;
}
bool Object::boolean(std::string_view key, bool otherwise) { return maybe_boolean(key).value_or(otherwise); }

std::optional<Decimal> Object::decimal(std::string_view key, Need need, bool may_be_negative) {
  const auto node = take(key, need);
  return node ? as_decimal(key, *node, may_be_negative) : std::nullopt;
}

std::optional<Decimal> Object::as_decimal(std::string_view key, const Node& value, bool may_be_negative) {
  if (!value.is_text()) {
    fault(key, "must be a decimal number in quotes", "as in \"0.8612\"");
    return std::nullopt;
  }
  auto d = Decimal::parse(value.text());
  if (!d) {
    fault(key, d.error().message, d.error().hint);
    return std::nullopt;
  }
  if (!may_be_negative && d->text()[0] == '-') {
    fault(key, d->text() + " is negative");
    return std::nullopt;
  }
  return std::move(d).value();
}

std::optional<Digest> Object::digest(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return std::nullopt;
  const auto d = Digest::parse(*s);
  if (d && !d->is_zero()) return d.value();
  fault(key, d ? "64 zeros are the digest of nothing" : shown(*s) + " is not a digest",
        d ? "`sha256sum FILE` prints the one that is meant" : "write sha256: and 64 lower-case hex digits");
  return std::nullopt;
}

std::optional<Digest> Object::hex_digest(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return std::nullopt;
  const auto d = Digest::parse_hex(*s);
  if (d && !d->is_zero()) return d.value();
  fault(key, d ? "64 zeros are the SHA-256 of nothing" : shown(*s) + " is not a SHA-256",
        d ? "`sha256sum FILE` prints the one that is meant" : "write 64 lower-case hex digits");
  return std::nullopt;
}

std::string Object::time(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return {};
  if (parse_time(*s)) return std::string(*s);
  fault(key, shown(*s) + " is not a time", "write it as in 2026-11-20T12:00:00Z");
  return {};
}

std::string Object::url(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return {};
  if (is_web_url(*s)) return std::string(*s);
  fault(key, shown(*s) + " is not an http or https URL");
  return {};
}

std::string Object::path(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return {};
  if (fs::is_package_path(*s)) return std::string(*s);
  fault(key, shown(*s) + " is not a package path", "use letters, digits, '.', '_' and '-' in names joined by '/', at most 255 bytes");
  return {};
}

std::string Object::simple_name(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return {};
  const Status status = check_simple_name(*s, "the name");
  if (status) return std::string(*s);
  fault(key, status.error().message, status.error().hint);
  return {};
}

std::optional<PackageName> Object::package(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return std::nullopt;
  auto n = PackageName::parse(*s);
  if (n) return std::move(n).value();
  fault(key, n.error().message, n.error().hint);
  return std::nullopt;
}

std::optional<Version> Object::version(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return std::nullopt;
  auto v = Version::parse(*s);
  if (v) return std::move(v).value();
  fault(key, v.error().message, v.error().hint);
  return std::nullopt;
}

Range Object::range(std::string_view key, Need need) {
  const auto s = string_node(key, need);
  if (!s) return {};
  auto r = Range::parse(*s);
  if (r) return std::move(r).value();
  fault(key, r.error().message, r.error().hint);
  return {};
}

std::optional<std::size_t> Object::word(std::string_view key, Need need, std::span<const std::string> words) {
  const auto s = string_node(key, need);
  if (!s) return std::nullopt;
  const auto it = std::find(words.begin(), words.end(), *s);
  if (it != words.end()) return static_cast<std::size_t>(it - words.begin());
  report_word(report_, join(pointer_, key), *s, words);
  return std::nullopt;
}

void Object::schema(std::string_view expected) {
  const auto s = string_node("schema", Need::required);
  if (s && *s != expected)
    fault("schema", shown(*s) + " is not '" + std::string(expected) + "'", "a newer nano may read it");
}

void Object::list(std::string_view key, Need need, std::size_t max, const std::function<void(const Node&, const std::string&)>& each) {
  const auto node = take(key, need);
  if (!node) return;
  if (!node->is_array()) {
    fault(key, "must be a list […]");
    return;
  }
  if (node->size() > max) {
    fault(key, "has " + std::to_string(node->size()) + " items, more than " + std::to_string(max));
    return;
  }
  const std::string at = join(pointer_, key);
  std::size_t i = 0;
  node->elements([&](Node item) {
    each(item, join(at, i++));
    return true;
  });
}

std::vector<std::string> Object::lines(std::string_view key, Need need, std::size_t max, std::size_t max_bytes) {
  std::vector<std::string> out;
  std::map<std::string, bool> seen;
  list(key, need, max, [&](const Node& item, const std::string& at) {
    if (!item.is_text()) {
      report_.add(at, "must be a string");
      return;
    }
    const std::string s(item.text());
    if (const std::string f = line_fault(s, max_bytes); !f.empty()) {
      report_.add(at, f);
    } else if (!seen.emplace(s, true).second) {
      report_.add(at, shown(s) + " stands twice in the list");
    } else {
      out.push_back(s);
    }
  });
  return out;
}

std::vector<std::string> Object::words(std::string_view key, std::span<const std::string> allowed) {
  std::vector<std::string> out = lines(key, Need::optional, allowed.size(), 256);
  const std::string at = join(pointer_, key);
  if (report_.faulty(at)) return out;  // what was wrong is not in the list: its indices are others
  for (std::size_t i = 0; i < out.size(); ++i)
    if (std::find(allowed.begin(), allowed.end(), out[i]) == allowed.end()) report_word(report_, join(at, i), out[i], allowed);
  return out;
}

void Object::finish() {
  if (!object_) return;
  object_->members([&](std::string_view key, Node value) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) return true;
    if (is_extension(key)) {
      if (report_.extensions == nullptr) return true;
      std::string text;
      value.dump(text);
      report_.extensions->emplace(join(pointer_, key).substr(report_.extensions_root), std::move(text));
      return true;
    }
    const std::vector<std::string> known(known_.begin(), known_.end());
    const auto near = suggestion(report_, key, known);
    report_.add(join(pointer_, key), "unknown key " + shown(key),
                near ? "did you mean '" + *near + "'? Keys of your own begin with 'x-'" : "remove it, or begin it with 'x-'");
    if (near) std::erase(missing_, *near);
    return true;
  });
  for (const std::string_view key : missing_) {
    report_.places.insert(join(pointer_, key));
    report_.add(pointer_, "the key '" + std::string(key) + "' is missing");
  }
}

}  // namespace nano::schemas::internal
