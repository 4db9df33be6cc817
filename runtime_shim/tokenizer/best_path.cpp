// runtime_shim/tokenizer/best_path.cpp: see the header.
#include "runtime_shim/tokenizer/best_path.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "runtime_shim/tokenizer/sentencepiece.h"

namespace nano::tokenizer {
namespace {

struct Step {
  double score = -std::numeric_limits<double>::infinity();
  std::size_t from = 0;
  int32_t id = -1;
};

}  // namespace

std::vector<PathPiece> best_path(const Vocabulary& words, std::string_view line, int32_t unknown, double unknown_score,
                                 bool users_free) {
  if (line.empty()) return {};
  const PieceTable& table = words.table();
  std::vector<Step> best(line.size() + 1);
  best[0].score = 0.0;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t character = at;
    (void)decode_utf8(line, character);
    const double here = best[at].score;
    const auto reach = [&](std::size_t end, double score, int32_t id) {
      if (here + score > best[end].score) best[end] = {here + score, at, id};
    };
    bool covered = false;
    uint64_t hash = kHashStart;
    const std::size_t most = std::min(line.size(), at + std::min(table.longest(), kMaxSentencePiece));
    for (std::size_t end = at; end < most;) {
      hash = hash_byte(hash, line[end++]);
      // A piece ends where a character does: the next byte is no continuation.
      if (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) continue;
      const int32_t id = table.find(line.substr(at, end - at), hash);
      if (id < 0) continue;
      covered = covered || end == character;
      const bool free = users_free && words.kind(id) == PieceKind::user;
      reach(end, free ? 0.0 : static_cast<double>(words.score(id)), id);
    }
    if (!covered) reach(character, unknown_score, unknown);
    at = character;
  }
  std::vector<PathPiece> path;
  for (std::size_t end = line.size(); end > 0; end = best[end].from) path.push_back({best[end].id, best[end].from, end});
  std::reverse(path.begin(), path.end());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (kept > 0 && path[i].id == unknown && path[kept - 1].id == unknown) {
      path[kept - 1].end = path[i].end;
    } else {
      path[kept++] = path[i];
    }
  }
  path.resize(kept);
  return path;
}

}  // namespace nano::tokenizer
