// registry/client/http_reply.cpp: header lines; libcurl is asked for dates only.
#include "registry/client/http_reply.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/text.h"

namespace nano::registry::http {
namespace {

constexpr uint32_t kLongestRetryAfter = 3600;  ///< seconds

std::string lower(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<uint64_t> number(std::string_view s) {
  if (!all_digits(s) || s.size() > 18) return std::nullopt;
  uint64_t v = 0;
  for (const char c : s) v = v * 10 + static_cast<uint64_t>(c - '0');
  return v;
}

std::optional<int64_t> date_of(std::string_view value) {
  const time_t t = curl_getdate(std::string(value).c_str(), nullptr);
  return t > 0 ? std::optional<int64_t>(int64_t{t}) : std::nullopt;
}

/// `bytes A-B/T` or `bytes A-B/*`; whatever else is no range at all.
void read_range(Reply& r, std::string_view value) {
  r.range_start = r.range_end = r.range_total = std::nullopt;
  if (lower(value.substr(0, 6)) != "bytes ") return;
  const std::string_view range = trim(value.substr(6));
  const std::size_t dash = range.find('-');
  const std::size_t slash = range.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return;
  const auto start = number(trim(range.substr(0, dash)));
  const auto end = number(trim(range.substr(dash + 1, slash - dash - 1)));
  const std::string_view total_text = trim(range.substr(slash + 1));
  const auto total = number(total_text);
  if (!start || !end || *end < *start || (!total && total_text != "*") || (total && *total <= *end)) return;
  r.range_start = start;
  r.range_end = end;
  r.range_total = total;
}

bool names_a_compression(std::string_view word) {
  constexpr std::string_view kWords[] = {"gzip", "x-gzip", "deflate",  "x-deflate", "br",  "zstd", "x-zstd", "compress", "x-compress", "bzip2",
                                         "x-bzip2", "lzma", "x-lzma", "xz", "x-xz", "exi", "dcb", "dcz", "pack200-gzip", "snappy", "lz4"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

}  // namespace

Coding Reply::coding() const {
  Coding out = Coding::none;
  for (const std::string& part : split(content_encoding, ',')) {
    const std::string word = lower(trim(std::string_view(part).substr(0, part.find(';'))));
    if (!names_a_compression(word)) continue;
    if ((word != "gzip" && word != "x-gzip") || out == Coding::gzip) return Coding::other;
    out = Coding::gzip;
  }
  return out;
}

uint32_t retry_after_seconds(std::string_view value, std::optional<int64_t> date, int64_t now) {
  const std::string_view text = trim(value);
  if (all_digits(text)) return static_cast<uint32_t>(std::min<uint64_t>(number(text).value_or(kLongestRetryAfter), kLongestRetryAfter));
  const auto at = date_of(text);
  const int64_t from = date.value_or(now);
  if (!at || *at <= from) return 0;
  return static_cast<uint32_t>(std::min<int64_t>(*at - from, kLongestRetryAfter));
}

void read_head_line(Reply& r, std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {  // also after a 100 Continue
    r = Reply{};
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) r.status = static_cast<long>(number(line.substr(space + 1, 3)).value_or(0));
    r.ends_by_itself = line.substr(5, 2) != "1." && line.substr(5, 2) != "0.";
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == "etag") r.etag = value;
  if (name == "content-type") r.content_type = lower(trim(value.substr(0, value.find(';'))));
  if (name == "content-encoding") r.content_encoding += (r.content_encoding.empty() ? "" : ",") + std::string(value);
  if (name == "content-length") r.content_length = number(value);
  if (name == "transfer-encoding") r.ends_by_itself = r.ends_by_itself || lower(value).find("chunked") != std::string::npos;
  if (name == "date") r.date = date_of(value);
  if (name == "age") r.age = static_cast<int64_t>(std::min<uint64_t>(number(value).value_or(0), uint64_t{1} << 40));
  if (name == "retry-after") r.retry_after = retry_after_seconds(value, r.date, now());
  if (name == "content-range") read_range(r, value);
}

}  // namespace nano::registry::http
