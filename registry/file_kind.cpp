// registry/file_kind.cpp: files that can run, or that unpack into something that can, known by how they begin.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "registry/pack.h"

namespace nano::registry {
namespace {

struct Magic {
  std::size_t at = 0;
  std::string_view bytes{};
  const char* kind = "";
};

using namespace std::string_view_literals;

constexpr std::array kMagics = {
    Magic{0, "PK\x03\x04"sv, "a zip archive (PyTorch and NumPy files are zip archives of pickles)"},
    Magic{0, "PK\x05\x06"sv, "a zip archive"},
    Magic{0, "PK\x07\x08"sv, "a zip archive"},
    Magic{0, "\x7f" "ELF"sv, "an ELF program or library"},
    Magic{0, "\xFE\xED\xFA\xCE"sv, "a Mach-O program"},
    Magic{0, "\xFE\xED\xFA\xCF"sv, "a Mach-O program"},
    Magic{0, "\xCE\xFA\xED\xFE"sv, "a Mach-O program"},
    Magic{0, "\xCF\xFA\xED\xFE"sv, "a Mach-O program"},
    Magic{0, "\xCA\xFE\xBA\xBE"sv, "a Java class or Mach-O program"},
    Magic{0, "#!"sv, "a script"},
    Magic{0, "\0asm"sv, "a WebAssembly program"},
    Magic{0, "dex\n"sv, "an Android program"},
    Magic{0, "!<arch>\n"sv, "an object archive"},
    Magic{0, "\xD0\xCF\x11\xE0"sv, "an OLE document"},
    Magic{0, "\x93NUMPY"sv, "a NumPy array, which may hold pickles"},
    Magic{0, "\x89HDF\r\n"sv, "an HDF5 file, which may hold code"},
    Magic{0, "\x1F\x8B"sv, "gzip-compressed"},
    Magic{0, "BZh"sv, "bzip2-compressed"},
    Magic{0, "\xFD" "7zXZ\0"sv, "xz-compressed"},
    Magic{0, "\x28\xB5\x2F\xFD"sv, "zstd-compressed"},
    Magic{0, "\x04\x22\x4D\x18"sv, "lz4-compressed"},
    Magic{0, "7z\xBC\xAF\x27\x1C"sv, "a 7z archive"},
    Magic{0, "Rar!\x1A\x07"sv, "a rar archive"},
    Magic{257, "ustar"sv, "a tar archive"},
};

constexpr std::array<std::string_view, 9> kPickleEndings = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".npz", ".npy", ".dill"};

/// Protocol 0 pickles are text. `GLOBAL` ("c" module newline name newline) followed by MARK is what runs code.
bool is_text_pickle(std::string_view head) {
  if (head.substr(0, 3) == "(dp" || head.substr(0, 3) == "(lp") return true;
  if (head.empty() || head[0] != 'c') return false;
  const std::size_t first = head.find('\n');
  if (first == std::string_view::npos) return false;
  const std::size_t second = head.find('\n', first + 1);
  return second != std::string_view::npos && second + 1 < head.size() && head[second + 1] == '(';
}

}  // namespace

std::string forbidden_kind(std::string_view head, std::string_view path) {
  for (const Magic& m : kMagics)
    if (head.size() >= m.at + m.bytes.size() && head.substr(m.at, m.bytes.size()) == m.bytes) return m.kind;
  // Text may begin with these two letters; a Windows program has zero bytes in its header.
  if (head.substr(0, 2) == "MZ" && head.find('\0') != std::string_view::npos) return "a Windows program";
  if (head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5) return "a Python pickle";
  if (is_text_pickle(head)) return "a Python pickle";
  std::string lower(path);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view ending : kPickleEndings)
    if (lower.size() > ending.size() && lower.compare(lower.size() - ending.size(), ending.size(), ending) == 0)
      return "by its name a Python pickle";
  return {};
}

std::optional<schemas::Problem> content_problem(std::string_view head, std::string_view path, bool is_weights) {
  const std::string shown = "'" + sanitize(path) + "'";
  const std::string kind = forbidden_kind(head, path);
  if (!kind.empty())
    return schemas::Problem{.message = shown + " is " + kind + "; packages hold plain data only",
                            .hint = is_weights ? "convert the weights to GGUF" : "leave it out"};
  if (is_weights && head.substr(0, 4) != "GGUF")
    return schemas::Problem{.message = shown + " is not a GGUF file", .hint = "convert the weights to GGUF"};
  return std::nullopt;
}

}  // namespace nano::registry
