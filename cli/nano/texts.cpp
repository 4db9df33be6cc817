// cli/nano/texts.cpp: arguments and lines as texts.
#include "cli/nano/texts.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

namespace nano::cli {

std::string sanitize_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  std::size_t at = 0;
  while (at < bytes.size()) append_utf8(out, decode_utf8(bytes, at));
  return out;
}

void say_what_to_type(const Invocation& in) {
  const auto texts = in.arguments("TEXT");
  const bool reads = texts.empty() || std::find(texts.begin(), texts.end(), "-") != texts.end();
  if (!reads || isatty(STDIN_FILENO) == 0) return;
  // Standard error, and not a warning: a program that reads the answers has no terminal here.
  std::fputs(in.has("pair") ? "Type {\"text\": \"…\", \"text_pair\": \"…\"} and Enter for each pair; Ctrl-D ends.\n"
                            : "Type a text and Enter; Ctrl-D ends.\n",
             stderr);
}

Status for_each_line(int fd, const std::function<Result<bool>(std::string_view)>& one) {
  std::string pending;
  std::vector<char> chunk(std::size_t{1} << 16);
  uint64_t line_number = 0;
  const auto give = [&](std::string_view line) -> Result<bool> {
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return one(line);
  };
  while (true) {
    const ssize_t n = read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return make_error(Errc::store, std::string("cannot read standard input: ") + std::strerror(errno));
    if (n == 0) break;
    std::string_view rest(chunk.data(), static_cast<std::size_t>(n));
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      pending += rest.substr(0, end);
      rest.remove_prefix(end + 1);
      NANO_TRY_ASSIGN(const bool go_on, give(pending));
      if (!go_on) return Unit{};
      pending.clear();
    }
    pending += rest;
    if (pending.size() > kMaxLineBytes)
      return make_error(Errc::invalid,
                        "line " + std::to_string(line_number + 1) + " of standard input is longer than " +
                            human_bytes(kMaxLineBytes),
                        "split it into shorter lines");
  }
  if (!pending.empty()) {
    auto last = give(pending);
    if (!last) return std::move(last).error();
  }
  return Unit{};
}

Status for_each_text(Invocation& in, const std::function<Status(std::string_view)>& one) {
  const auto lines = [&]() -> Status {
    return for_each_line(STDIN_FILENO, [&](std::string_view line) -> Result<bool> {
      NANO_TRY(one(line));
      return !in.out().closed();
    });
  };
  const auto texts = in.arguments("TEXT");
  if (texts.empty()) return lines();
  for (const auto& text : texts) {
    NANO_TRY(text == "-" ? lines() : one(text));
    if (in.out().closed()) break;
  }
  return Unit{};
}

Status for_each_input(Invocation& in, const std::function<Status(const TextInput&)>& one) {
  if (!in.has("pair")) return for_each_text(in, [&](std::string_view text) { return one({text, {}}); });
  const auto texts = in.arguments("TEXT");
  if (texts.empty() || (texts.size() == 1 && texts.front() == "-")) {
    uint64_t number = 0;
    return for_each_line(STDIN_FILENO, [&](std::string_view line) -> Result<bool> {
      ++number;
      const auto doc = parse_json(line, {.max_bytes = kMaxLineBytes});
      const auto text = [&](const char* key) {
        return doc && doc->is_object() && doc->contains(key) && doc->at(key).is_string();
      };
      if (!text("text") || !text("text_pair")) {
        return make_error(Errc::invalid, "line " + std::to_string(number) + " of standard input is no pair",
                          R"(with --pair each line is {"text": "…", "text_pair": "…"})");
      }
      const auto first = doc->at("text").get<std::string>(), second = doc->at("text_pair").get<std::string>();
      NANO_TRY(one({first, second}));
      return !in.out().closed();
    });
  }
  if (texts.size() % 2 != 0)
    return make_error(Errc::usage, "--pair takes texts two by two, " + std::to_string(texts.size()) + " are given");
  for (std::size_t i = 0; i < texts.size(); i += 2) {
    NANO_TRY(one({texts[i], texts[i + 1]}));
    if (in.out().closed()) break;
  }
  return Unit{};
}

}  // namespace nano::cli
