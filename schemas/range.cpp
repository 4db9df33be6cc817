// schemas/range.cpp: the range grammar, read into a VersionSet.
#include "schemas/range.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/text.h"
#include "schemas/first_choice.h"

namespace nano::schemas {
namespace {

enum class Cmp { equal, caret, tilde, less, less_equal, greater, greater_equal };

/// A version with trailing parts left out or `x`: `count` numbers are given; `pre` only with three.
struct Partial {
  Version v{};
  int count = 0;
};

/// One comparison, and what its neighbours in a conjunction must know of it.
struct Bound {
  VersionSet set{};
  std::optional<Version> below{};  ///< the X.Y.Z of `<X.Y.Z`
  std::optional<Version> named{};  ///< a pre-release written in it
  bool gives_low = false;          ///< it bounds from below
};

Error fault(std::string_view text, const std::string& what, std::string hint = "examples: ^1.2, ~1.2.3, >=1.2 <2, 1.x, 1.2 - 1.4, 1.2.3 || ^2") {
  return make_error(Errc::usage, "the version range '" + sanitize(text.substr(0, 80)) + "' " + what, std::move(hint));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == ','; }
bool is_wild(std::string_view s) { return s == "x" || s == "X" || s == "*"; }

/// The least version above everything with the first `level` (1..3) numbers of v; nullopt above the greatest.
std::optional<Version> after(const Version& v, int level) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  Version end{.pre = {"0"}};
  if (level == 3 && v.patch < kMax) {
    end.major = v.major;
    end.minor = v.minor;
    end.patch = v.patch + 1;
  } else if (level >= 2 && v.minor < kMax) {
    end.major = v.major;
    end.minor = v.minor + 1;
  } else if (v.major < kMax) {
    end.major = v.major + 1;
  } else {
    return std::nullopt;
  }
  return end;
}

std::optional<Version> end_of(const Partial& p) {
  if (p.count == 0) return std::nullopt;
  return p.count == 3 ? p.v.successor() : after(p.v, p.count);
}

Result<Partial> parse_partial(std::string_view token, std::string_view range) {
  Partial p;
  const std::string_view core = token.substr(0, token.find_first_of("-+"));
  const auto parts = split(core, '.');
  if (parts.size() > 3) return fault(range, "has a version with more than three numbers: '" + sanitize(token) + "'");
  bool wild = false;
  std::string filled;
  for (const std::string& part : parts) {
    if (is_wild(part)) {
      wild = true;
    } else if (wild) {
      return fault(range, "has a number after a wildcard: '" + sanitize(token) + "'");
    } else {
      filled += (p.count == 0 ? "" : ".") + part;
      ++p.count;
    }
  }
  if (p.count < 3 && core.size() != token.size())
    return fault(range, "has a pre-release without three numbers before it: '" + sanitize(token) + "'");
  for (int i = p.count; i < 3; ++i) filled += i == 0 ? "0" : ".0";
  filled += token.substr(core.size());
  auto v = Version::parse(filled);
  if (!v) {
    Error e = std::move(v).error();
    // As it was written, not as it was filled up.
    const std::string made = "'" + filled + "'";
    if (const auto at = e.message.find(made); at != std::string::npos) e.message.replace(at, made.size(), "'" + sanitize(token) + "'");
    return std::move(e).while_("reading the version range '" + sanitize(range.substr(0, 80)) + "'");
  }
  p.v = std::move(v).value();
  return p;
}

Bound bound(Cmp cmp, const Partial& p) {
  Bound b;
  if (p.v.is_prerelease()) b.named = p.v;
  b.gives_low = cmp != Cmp::less && cmp != Cmp::less_equal;
  const Version& low = p.v;  // missing numbers are 0
  const Version least = Interval{}.low;
  const Version from = p.count == 0 ? least : low;
  switch (cmp) {
    case Cmp::equal: b.set = VersionSet::between(from, end_of(p)); break;
    case Cmp::caret: {
      const int level = low.major > 0 || p.count == 1 ? 1 : low.minor > 0 || p.count == 2 ? 2 : 3;
      b.set = VersionSet::between(from, p.count == 0 ? std::nullopt : after(low, level));
      break;
    }
    case Cmp::tilde:
      b.set = VersionSet::between(from, p.count == 0 ? std::nullopt : after(low, std::min(p.count, 2)));
      break;
    case Cmp::greater: {
      auto start = end_of(p);  // `>*` and above the greatest version: nothing
      if (start && p.count < 3) start->pre.clear();
      if (start) b.set = VersionSet::between(*start, std::nullopt);
      break;
    }
    case Cmp::greater_equal: b.set = VersionSet::between(from, std::nullopt); break;
    case Cmp::less:
      if (p.count == 0) break;  // `<*`: nothing
      b.set = VersionSet::between(least, low);
      if (!low.is_prerelease()) b.below = low;
      break;
    case Cmp::less_equal: b.set = VersionSet::between(least, end_of(p)); break;
  }
  return b;
}

/// Reads one conjunction: `>=1.2 <2`, `1.2 - 1.4`, `^1.2`.
class Conjunction {
 public:
  Conjunction(std::string_view text, std::string_view range) : text_(text), range_(range) {}

  Result<std::vector<Bound>> parse() {
    std::vector<Bound> out;
    for (skip(); at_ < text_.size(); skip()) {
      const Cmp cmp = comparison();
      const bool bare = !had_operator_;
      NANO_TRY_ASSIGN(Partial p, version());
      if (!bare || !hyphen_follows()) {
        out.push_back(bound(cmp, p));
        continue;
      }
      NANO_TRY_ASSIGN(Partial to, version());
      out.push_back(bound(Cmp::greater_equal, p));
      out.push_back(bound(Cmp::less_equal, to));
    }
    if (out.empty()) return fault(range_, "has an empty alternative", "write * for any version");
    return out;
  }

 private:
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  Cmp comparison() {
    struct Op {
      std::string_view text;
      Cmp cmp;
    };
    static constexpr Op kOps[] = {{"<=", Cmp::less_equal}, {">=", Cmp::greater_equal}, {"<", Cmp::less}, {">", Cmp::greater},
                                  {"=", Cmp::equal},       {"^", Cmp::caret},          {"~", Cmp::tilde}};
    had_operator_ = false;
    for (const Op& op : kOps) {
      if (text_.substr(at_, op.text.size()) != op.text) continue;
      at_ += op.text.size();
      while (at_ < text_.size() && text_[at_] == ' ') ++at_;
      had_operator_ = true;
      return op.cmp;
    }
    return Cmp::equal;
  }
  Result<Partial> version() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && std::string_view("<>=^~").find(text_[at_]) == std::string_view::npos) ++at_;
    if (at_ == begin) return fault(range_, "lacks a version after '" + sanitize(trim(text_.substr(0, at_))) + "'");
    return parse_partial(text_.substr(begin, at_ - begin), range_);
  }
  /// ` - ` with white space on both sides (a '-' without it belongs to a pre-release).
  bool hyphen_follows() {
    std::size_t i = at_;
    while (i < text_.size() && text_[i] == ' ') ++i;
    if (i == at_ || i + 1 >= text_.size() || text_[i] != '-' || text_[i + 1] != ' ') return false;
    at_ = i + 2;
    skip();
    return true;
  }

  std::string_view text_;
  std::string_view range_;
  std::size_t at_ = 0;
  bool had_operator_ = false;
};

/// All bounds together; `<X.Y.Z` leaves out X.Y.Z's pre-releases unless a lower bound names one of them.
VersionSet meet(const std::vector<Bound>& bounds) {
  VersionSet set = VersionSet::all();
  for (const Bound& b : bounds) {
    if (!b.below) {
      set = set.intersect(b.set);
      continue;
    }
    Version high = *b.below;
    const bool named_below = std::any_of(bounds.begin(), bounds.end(), [&](const Bound& o) { return o.gives_low && o.named && o.named->same_core(high); });
    if (!named_below) high.pre = {"0"};
    set = set.intersect(VersionSet::between(Interval{}.low, high));
  }
  return set;
}

}  // namespace

Range::Range() : text_("*"), set_(VersionSet::all()) {}

Result<Range> Range::parse(std::string_view text) {
  if (text.size() > kMaxRangeBytes) return fault(text, "has more than 1,024 bytes");
  Range r;
  r.text_ = std::string(trim(text));
  r.set_ = VersionSet();
  if (r.text_.empty()) return make_error(Errc::usage, "the version range is empty", "write * for any version");
  std::string_view rest = r.text_;
  for (bool more = true; more;) {
    const auto bar = rest.find("||");
    more = bar != std::string_view::npos;
    NANO_TRY_ASSIGN(const std::vector<Bound> bounds, Conjunction(rest.substr(0, bar), r.text_).parse());
    r.set_ = r.set_.unite(meet(bounds));
    for (const Bound& b : bounds)
      if (b.named && b.gives_low) r.named_.push_back(*b.named);
    if (more) rest.remove_prefix(bar + 2);
  }
  if (r.set_.is_empty()) return fault(text, "matches no version", "check the bounds: the lower one must be below the upper one");
  return r;
}

Range Range::exactly(const Version& v) {
  Range r;
  r.text_ = v.text();
  r.set_ = VersionSet::exactly(v);
  if (v.is_prerelease()) r.named_.push_back(v);
  return r;
}

bool Range::prefers(const Version& v) const {
  return set_.contains(v) && is_first_choice(v, named_);
}

std::vector<std::size_t> Range::candidates(std::span<const Version> versions) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < versions.size(); ++i)
    if (set_.contains(versions[i])) out.push_back(i);
  std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    if (versions[a] == versions[b]) return a < b;
    return is_taken_before(versions[a], versions[b], named_);
  });
  return out;
}

std::optional<std::size_t> Range::select(std::span<const Version> versions) const {
  const auto order = candidates(versions);
  if (order.empty()) return std::nullopt;
  return order.front();
}

}  // namespace nano::schemas
