// runtime_shim/tasks/embed.h: text to one vector.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "runtime_shim/session.h"

namespace nano::tasks {

struct Embedded {
  std::vector<float>
      vector{};  ///< (embedding_length; of a head that projects: its outputs), of length 1 (L2)
  std::size_t tokens = 0;
  bool truncated = false;
  double ms = 0.0;  ///< its share of the time, by tokens
};

/// Embed texts: by the first head where it embeds; else the model's pooling, or the mean of all tokens where it names none.
/// errors  as Model::run. threads  safe
[[nodiscard]] Result<std::vector<Embedded>> embed(const Model& model,
                                                  std::span<const std::string_view> texts);

}  // namespace nano::tasks
