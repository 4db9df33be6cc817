// cli/output.cpp: writing results, prose and errors.
#include "cli/output.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "base/text.h"

namespace nano::cli {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16;

/// All bytes, or the errno.
int write_fd(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

/// A JSON string; what a terminal would obey is escaped.
std::string json_string(const std::string& text) {
  const std::string raw = OrderedJson(text).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  std::string out;
  out.reserve(raw.size());
  std::size_t at = 0;
  while (at < raw.size()) {
    const auto byte = static_cast<unsigned char>(raw[at]);
    if (byte < 0x7F) {
      out.push_back(raw[at++]);
      continue;
    }
    const std::size_t from = at;
    const uint32_t c = decode_utf8(raw, at);
    const std::string_view seen = std::string_view(raw).substr(from, at - from);
    if (sanitize(seen, true) == seen) {
      out += seen;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c & 0xFFFF);
      out += escape;
    }
  }
  return out;
}

/// The shortest decimal that reads back as the same double (nlohmann's Grisu2 is not always the shortest: 0.325877 becomes
/// 0.32587699999999997). JSON has no NaN or infinity: null, as nlohmann writes them.
std::string json_float(double v) {
  if (!std::isfinite(v)) return "null";
  char text[40];
  const auto [end, ec] = std::to_chars(text, text + sizeof text, v);
  std::string out(text, ec == std::errc() ? end : text);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

/// `indent` < 0: one line.
void write_json(const OrderedJson& j, int indent, std::string& out) {
  const auto new_line = [&](int by) {
    if (indent >= 0) out += "\n" + std::string(static_cast<std::size_t>(by), ' ');
  };
  const int inner = indent < 0 ? -1 : indent + 2;
  if (j.is_object() && !j.empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, value] : j.items()) {
      if (!first) out += ',';
      first = false;
      new_line(inner);
      out += json_string(key) + (indent >= 0 ? ": " : ":");
      write_json(value, inner, out);
    }
    new_line(indent);
    out += '}';
  } else if (j.is_array() && !j.empty()) {
    const bool flat = j[0].is_number();  // vectors and shapes stay on one line
    out += '[';
    for (std::size_t i = 0; i < j.size(); ++i) {
      if (i > 0) out += flat && indent >= 0 ? ", " : ",";
      if (!flat) new_line(inner);
      write_json(j[i], inner, out);
    }
    if (!flat) new_line(indent);
    out += ']';
  } else if (j.is_string()) {
    out += json_string(j.get_ref<const std::string&>());
  } else if (j.is_number_float()) {
    out += json_float(j.get<double>());
  } else {
    out += j.dump();
  }
}

}  // namespace

std::string dump_safe(const OrderedJson& doc, bool pretty) {
  std::string out;
  write_json(doc, pretty ? 0 : -1, out);
  return out;
}

double rounded(double v, int digits) {
  if (!std::isfinite(v)) return v;
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, v);
  return std::strtod(text, nullptr);
}

void Output::put(std::string_view text) {
  if (closed_ || failed_ != 0) return;
  buffer_ += text;
  if (buffer_.size() >= kBuffer) (void)flush();
}

Status Output::flush() {
  if (!closed_ && failed_ == 0 && !buffer_.empty()) {
    const int e = write_fd(fd_, buffer_);
    if (e == EPIPE) {
      closed_ = true;
    } else {
      failed_ = e;
    }
  }
  buffer_.clear();
  if (failed_ != 0)
    return make_error(Errc::store, std::string("cannot write to standard output: ") + std::strerror(failed_),
                      failed_ == ENOSPC ? "free some space where the output goes" : "");
  return Unit{};
}

std::string json_document(std::string_view program, std::string_view command, const OrderedJson& data,
                          const std::vector<std::string>& warnings) {
  std::string name(command);
  for (auto& c : name)
    if (c == ' ') c = '-';
  OrderedJson doc;
  doc["schema"] = std::string(program) + "." + name + "/1";
  doc["data"] = data;
  doc["warnings"] = warnings;
  return dump_safe(doc, true) + "\n";
}

std::string render_error(const Error& error, bool json, const Terminal& err) {
  if (json) {
    OrderedJson e;
    e["code"] = static_cast<int>(error.code);
    e["kind"] = std::string(kind(error.code));
    e["message"] = error.message;
    e["hint"] = error.hint;
    e["context"] = error.context;
    OrderedJson doc;
    doc["error"] = std::move(e);
    return dump_safe(doc) + "\n";
  }
  std::string out = styled(err, Style::red, "error:") + " " + sanitize(error.message, true) + "\n";
  for (const auto& c : error.context) out += "  while " + sanitize(c) + "\n";
  if (!error.hint.empty())
    out += "  " + styled(err, Style::cyan, "hint:") + " " + sanitize(error.hint, true) + "\n";
  return out;
}

void StatusLine::write_all(std::string_view text) {
  (void)write_fd(fd_, text);
}

void StatusLine::print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_all((drawn_ ? "\r\x1b[K" : "") + std::string(text) + "\n");
  drawn_ = false;
}

void StatusLine::draw(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_all("\r" + fit(text, terminal_.width > 1 ? terminal_.width - 1 : 1) + "\x1b[K");
  drawn_ = true;
}

void StatusLine::clear() {
  const std::lock_guard lock(mutex_);
  if (drawn_) write_all("\r\x1b[K");
  drawn_ = false;
}

void ConsoleLog::note(std::string_view text) {
  if (verbosity_ == Verbosity::quiet || (json_ && verbosity_ != Verbosity::verbose)) return;
  line_.print(sanitize(text, true));
}

void ConsoleLog::warn(std::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    std::string said = sanitize(text, true);
    // What plans look at twice is said once.
    if (std::find(warnings_.begin(), warnings_.end(), said) != warnings_.end()) return;
    warnings_.push_back(std::move(said));
  }
  if (verbosity_ == Verbosity::quiet || json_) return;
  line_.print(styled(line_.terminal(), Style::yellow, "warning:") + " " + sanitize(text, true));
}

void ConsoleLog::detail(std::string_view text) {
  if (verbosity_ == Verbosity::verbose)
    line_.print(styled(line_.terminal(), Style::dim, sanitize(text, true)));
}

std::vector<std::string> ConsoleLog::warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

}  // namespace nano::cli
