// base/json.cpp: a SAX handler that builds the DOM itself, so that nothing over a limit is ever held.
#include "base/json.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/text.h"

namespace nano {
namespace {

/// Refuses duplicates, depth and floats as the events arrive; builds the document in `root`.
class StrictSax {
 public:
  explicit StrictSax(const JsonLimits& limits) : limits_(limits) {}

  Json root{};
  Error error{};

  bool null() { return put(Json(nullptr)); }
  bool boolean(bool v) { return put(Json(v)); }
  bool number_integer(Json::number_integer_t v) { return put(Json(v)); }
  bool number_unsigned(Json::number_unsigned_t v) { return put(Json(v)); }
  bool number_float(Json::number_float_t v, const std::string& text) {
    if (!limits_.allow_floats)
      return fail("the number " + text + " is not a 64-bit integer",
                  "write decimals as strings, as in \"0.8612\"");
    return put(Json(v));
  }
  bool string(std::string& v) { return put(Json(std::move(v))); }
  bool binary(Json::binary_t&) { return fail("binary values are not JSON", ""); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool key(std::string& k) {
    Level& top = stack_.back();
    auto& members = top.node->get_ref<Json::object_t&>();
    const std::size_t before = members.size();
    // Most documents come with their keys sorted: then the end is the place. A key that is there is left as it is, `k` too.
    const auto at = members.try_emplace(members.end(), std::move(k), nullptr);
    if (members.size() == before)
      return fail("the key '" + sanitize(at->first) + "' stands twice in one object", "keep one of the two");
    top.slot = &at->second;
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& e) {
    std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
    const auto cut = what.find("] ");
    if (cut != std::string::npos) what.erase(0, cut + 2);
    error =
        make_error(Errc::invalid, "not valid JSON: " + sanitize(what) + " (byte " + std::to_string(at) + ")");
    return false;
  }

 private:
  struct Level {
    Json* node = nullptr;
    Json* slot = nullptr;  ///< of the key last read, when `node` is an object
  };

  bool fail(std::string message, std::string hint) {
    error = make_error(Errc::invalid, std::move(message), std::move(hint));
    return false;
  }
  Json* place(Json v) {
    if (stack_.empty()) {
      root = std::move(v);
      return &root;
    }
    Level& top = stack_.back();
    if (top.node->is_array()) return &top.node->emplace_back(std::move(v));
    *top.slot = std::move(v);
    return top.slot;
  }
  bool put(Json v) {
    place(std::move(v));
    return true;
  }
  bool open(Json v) {
    if (stack_.size() >= limits_.max_depth)
      return fail("nested deeper than " + std::to_string(limits_.max_depth) + " levels",
                  "flatten the document");
    // A pointer into an array element stays valid while that element is filled: siblings come after it is
    // closed.
    Json* node = place(std::move(v));
    stack_.push_back({node, nullptr});
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  std::vector<Level> stack_{};
};

/// Reads bytes and remembers how far: for the line of a fault, when one is known to be there.
class Reading {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Reading& operator++() {
    ++at_;
    *furthest_ = std::max(*furthest_, at_);
    return *this;
  }
  Reading operator++(int) {
    Reading before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Reading& a, const Reading& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// The parser names the line of what is no JSON; of what only our rules refuse it is found by reading again.
Error with_line(Error error, std::string_view bytes, const JsonLimits& limits) {
  if (error.message.rfind("not valid JSON", 0) == 0) return error;
  const char* furthest = bytes.data();
  StrictSax again(limits);
  (void)Json::sax_parse(Reading(bytes.data(), &furthest), Reading(bytes.data() + bytes.size(), &furthest), &again);
  // The byte behind the value may have been looked at: a line break there is not before the fault.
  const char* end = furthest > bytes.data() ? furthest - 1 : furthest;
  error.message += " (line " + std::to_string(1 + std::count(bytes.data(), end, '\n')) + ")";
  return error;
}

}  // namespace

Result<Json> parse_json(std::string_view bytes, const JsonLimits& limits) {
  if (bytes.size() > limits.max_bytes)
    return make_error(Errc::invalid, "the document has " + std::to_string(bytes.size()) +
                                         " bytes, more than the limit of " +
                                         std::to_string(limits.max_bytes));
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF")
    return make_error(Errc::invalid, "the document begins with a byte order mark",
                      "save it as UTF-8 without BOM");
  if (!is_utf8(bytes)) return make_error(Errc::invalid, "the document is not valid UTF-8");
  try {
    StrictSax sax(limits);
    if (!Json::sax_parse(bytes.begin(), bytes.end(), &sax)) return with_line(std::move(sax.error), bytes, limits);
    // The library takes a NUL for the end, whatever follows.
    if (const auto nul = bytes.find('\0'); nul != std::string_view::npos)
      return make_error(Errc::invalid, "not valid JSON: a NUL after the document (byte " + std::to_string(nul + 1) + ")");
    return std::move(sax.root);
  } catch (const std::exception& e) {  // bad_alloc, or a fault in the library
    return make_error(Errc::internal, std::string("the JSON library failed: ") + e.what());
  }
}

std::string dump_pretty(const Json& doc) {
  return doc.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}
std::string dump_line(const Json& doc) {
  return doc.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nano
