// schemas/version_set.cpp: the algebra over half-open intervals, and its text form.
#include "schemas/version_set.h"

#include <algorithm>
#include <iterator>

namespace nano::schemas {
namespace {

const Version kLeast{.pre = {"0"}};

/// Is `a` an upper bound not above `b`? An absent bound is infinity.
bool high_le(const std::optional<Version>& a, const std::optional<Version>& b) { return !b || (a && *a <= *b); }

bool is_first_prerelease(const Version& v) { return v.pre.size() == 1 && v.pre[0] == "0"; }

Version release(uint64_t major, uint64_t minor, uint64_t patch) { return Version{.major = major, .minor = minor, .patch = patch}; }

/// `high`, a pre-release, as a comparison.
std::string high_text(const Version& high) {
  if (is_first_prerelease(high)) {
    if (high.patch > 0) return "<=" + release(high.major, high.minor, high.patch - 1).text();
    return "<" + release(high.major, high.minor, high.patch).text();
  }
  if (high.pre.size() > 1 && high.pre.back() == "0") {
    Version last = high;
    last.pre.pop_back();
    return "<=" + last.text();
  }
  return "<" + high.text();
}

std::string low_text(const Version& low) {
  if (is_first_prerelease(low) && low.patch > 0) return ">" + release(low.major, low.minor, low.patch - 1).text();
  if (low.pre.size() > 1 && low.pre.back() == "0") {
    Version before = low;
    before.pre.pop_back();
    return ">" + before.text();
  }
  return ">=" + low.text();
}

/// The end of `^low`; absent at the top of the number range.
std::optional<Version> caret_end(const Version& low) {
  Version end{.pre = {"0"}};
  if (low.major > 0) {
    end.major = low.major + 1;
    return end.major == 0 ? std::nullopt : std::optional(end);
  }
  if (low.minor > 0) {
    end.minor = low.minor + 1;
    return end.minor == 0 ? std::nullopt : std::optional(end);
  }
  end.patch = low.patch + 1;
  return end.patch == 0 ? std::nullopt : std::optional(end);
}

std::string interval_text(const Interval& i) {
  const bool from_least = i.low == kLeast;
  if (!i.high) return from_least ? "*" : low_text(i.low);
  const Version& high = *i.high;
  if (i.low.successor() == i.high) return i.low.text();
  if (!high.is_prerelease() && !(i.low.is_prerelease() && i.low.same_core(high))) {
    // `<2.0.0` alone would leave out the pre-releases of 2.0.0: they are added as a second piece.
    Version first = high;
    first.pre = {"0"};
    const std::string rest = ">=" + first.text() + " <" + high.text();
    return interval_text({i.low, first}) + " || " + rest;
  }
  // Here a release as bound has a pre-release of its own below it, which must be written out for `<` to be exact.
  if (!high.is_prerelease()) return ">=" + i.low.text() + " <" + high.text();
  if (from_least) return high_text(high);
  if (!is_first_prerelease(i.low) && i.low.successor() != i.high) {
    if (caret_end(i.low) == i.high) return "^" + i.low.text();
    if (high == Version{.major = i.low.major, .minor = i.low.minor + 1, .patch = 0, .pre = {"0"}}) return "~" + i.low.text();
  }
  return low_text(i.low) + " " + high_text(high);
}

}  // namespace

VersionSet VersionSet::all() { return between(kLeast, std::nullopt); }
VersionSet VersionSet::exactly(const Version& v) { return between(v, v.successor()); }

VersionSet VersionSet::between(Version low, std::optional<Version> high) {
  VersionSet s;
  if (!high || low < *high) s.intervals_.push_back({std::move(low), std::move(high)});
  return s;
}

bool VersionSet::contains(const Version& v) const {
  // The last interval that begins at or below v is the only one that can hold it.
  auto it = std::upper_bound(intervals_.begin(), intervals_.end(), v, [](const Version& x, const Interval& i) { return x < i.low; });
  if (it == intervals_.begin()) return false;
  --it;
  return !it->high || v < *it->high;
}

bool VersionSet::contains_all(const VersionSet& other) const { return intersect(other) == other; }

VersionSet VersionSet::complement() const {
  VersionSet out;
  Version from = kLeast;
  for (const Interval& i : intervals_) {
    if (from < i.low) out.intervals_.push_back({from, i.low});
    if (!i.high) return out;
    from = *i.high;
  }
  out.intervals_.push_back({from, std::nullopt});
  return out;
}

VersionSet VersionSet::unite(const VersionSet& other) const {
  std::vector<Interval> sorted;
  sorted.reserve(intervals_.size() + other.intervals_.size());
  std::merge(intervals_.begin(), intervals_.end(), other.intervals_.begin(), other.intervals_.end(), std::back_inserter(sorted),
             [](const Interval& a, const Interval& b) { return a.low < b.low; });
  VersionSet out;
  for (Interval& i : sorted) {
    if (!out.intervals_.empty()) {
      Interval& last = out.intervals_.back();
      if (!last.high) break;        // already open to the top
      if (i.low <= *last.high) {    // overlaps, or follows without a gap
        if (high_le(last.high, i.high)) last.high = i.high;
        continue;
      }
    }
    out.intervals_.push_back(std::move(i));
  }
  return out;
}

VersionSet VersionSet::intersect(const VersionSet& other) const {
  VersionSet out;
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    const Version& low = std::max(a->low, b->low);
    const bool a_ends_first = high_le(a->high, b->high);
    const auto& high = a_ends_first ? a->high : b->high;
    if (!high || low < *high) out.intervals_.push_back({low, high});
    if (a_ends_first)
      ++a;
    else
      ++b;
  }
  return out;
}

std::optional<Version> VersionSet::single() const {
  if (intervals_.size() != 1) return std::nullopt;
  const Interval& i = intervals_[0];
  if (i.low.successor() != i.high) return std::nullopt;  // the greatest version of all: its interval has no end either
  return i.low;
}

std::string VersionSet::to_text() const {
  if (is_empty()) return "none";
  std::string out;
  for (const Interval& i : intervals_) {
    if (!out.empty()) out += " || ";
    out += interval_text(i);
  }
  return out;
}

}  // namespace nano::schemas
