// registry/ustar.cpp: name 0+100, size 124+12, checksum 148+8, type 156, link 157+100, magic 257+8, prefix 345+155.
#include "registry/ustar.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace nano::registry::ustar {
namespace {

Error refuse(std::string what) { return make_error(Errc::invalid, "the bundle's tar is refused: " + std::move(what)); }

std::string_view field(const Block& b, std::size_t at, std::size_t n) { return {b.data() + at, n}; }

bool all_zero(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return c == '\0'; });
}

/// Text up to the first NUL; what follows must be NULs too, or two readers could see two names.
std::optional<std::string> text(std::string_view f) {
  const std::size_t end = std::min(f.find('\0'), f.size());
  if (!all_zero(f.substr(end))) return std::nullopt;
  return std::string(f.substr(0, end));
}

std::optional<uint64_t> octal(std::string_view f) {
  uint64_t v = 0;
  std::size_t i = 0;
  for (; i < f.size() && f[i] >= '0' && f[i] <= '7'; ++i) v = v * 8 + static_cast<uint64_t>(f[i] - '0');
  if (i == 0) return std::nullopt;
  for (; i < f.size(); ++i)
    if (f[i] != '\0' && f[i] != ' ') return std::nullopt;
  return v;
}

std::string type_name(char type) {
  switch (type) {
    case '1': return "a hard link";
    case '2': return "a symbolic link";
    case '3': return "a character device";
    case '4': return "a block device";
    case '5': return "a folder";
    case '6': return "a FIFO";
    case 'x':
    case 'g': return "a PAX extension, which can contradict the plain header";
    case 'L':
    case 'K':
    case 'S': return "a GNU extension, which can contradict the plain header";
    default: return "an entry of an unknown type";
  }
}

}  // namespace

Result<std::optional<Header>> parse(const Block& b) {
  if (all_zero({b.data(), b.size()})) return std::optional<Header>();
  const auto stated = octal(field(b, 148, 8));
  uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? uint64_t{' '} : uint64_t{static_cast<unsigned char>(b[i])};
  if (!stated || *stated != sum) return refuse("a header's checksum is wrong");
  const auto name = text(field(b, 0, 100));
  const std::string shown = name ? "'" + sanitize(*name) + "'" : "an entry";
  if (b[156] != '0') return refuse(shown + " is " + type_name(b[156]) + "; only regular files are allowed");
  if (field(b, 257, 8) != std::string_view("ustar\00000", 8)) return refuse(shown + " has no plain ustar header");
  if (!name || name->empty()) return refuse("an entry's name is empty or has bytes behind its end");
  if (!all_zero(field(b, 157, 100))) return refuse(shown + " has a link target");
  if (!all_zero(field(b, 345, 155))) return refuse(shown + " has a name prefix");
  const auto size = octal(field(b, 124, 12));
  if (!size) return refuse(shown + " has a size that is not plain octal");
  return std::optional<Header>(Header{.name = *name, .size = *size});
}

}  // namespace nano::registry::ustar
