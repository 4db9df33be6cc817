// bench/random_bert.h: BERT models of real shapes with random weights, for measuring and for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fs.h"
#include "base/result.h"
#include "runtime_shim/quant/types.h"

namespace nano::bench {

struct RandomBert {
  uint32_t vocabulary = 1000;
  uint32_t context = 512;
  uint32_t hidden = 64;
  uint32_t layers = 2;
  uint32_t heads = 4;
  uint32_t feed_forward = 128;
  uint32_t labels = 2;        ///< 0 = no pooler and no classifier
  uint32_t pooling = 4;
  quant::Type type = quant::Type::q8_0;  ///< of the matrices; rows not of whole blocks become f32
  uint32_t seed = 1;
};

/// "bert-50m", "minilm-23m", "sentiment-50m". errors  usage: no such shape (they are named)
[[nodiscard]] Result<RandomBert> shape_named(std::string_view name);
/// Write the model. Equal input gives equal bytes. errors  store
[[nodiscard]] Status write_random_bert(const RandomBert& shape, const fs::Path& path);

}  // namespace nano::bench
