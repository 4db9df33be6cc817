// runtime_shim/models/architecture.h: how the encoders of the family differ from each other, as data.
#pragma once

#include <string>
#include <string_view>

namespace nano::models {

/// What follows a head's dense layer.
enum class Activation { none, tanh, relu, gelu };

/// One architecture: what llama.cpp calls it (general.architecture, and the prefix of its keys), and how it is built.
///
///   bert         BERT, MiniLM, DistilBERT (no token types), RoBERTa and XLM-R (whose first padding id + 1 positions are
///                cut off when they are converted, as llama.cpp does)
///   modern-bert  ModernBERT: rotary positions, norms before each half of a layer (the first layer has none before its
///                attention) and one at the end, GELU of one half of the feed-forward times the other, every n-th layer
///                attends to all tokens and the others to those nearby, usually no biases
///   static-embedding
///                model2vec and such: a table of token vectors, and no layers: a text's vector is the mean of its tokens'
struct Architecture {
  std::string_view name{};
  bool positions = true;               ///< adds learned positions, and token types where the file has them
  bool rotary = false;                 ///< turns queries and keys by their positions
  bool pre_norm = false;               ///< norms stand before, the stream itself is never normalised
  bool gated = false;                  ///< ffn_up makes twice the width: gelu(first half) * second half
  bool norm_bias = true;               ///< norms must have biases
  bool windows = false;                ///< some layers attend to nearby tokens only
  bool table_only = false;             ///< token vectors are all there is; texts have no special tokens
  Activation head = Activation::tanh;  ///< of a head's dense layer, where the file names none
};

/// nullptr: not one this build runs.
[[nodiscard]] const Architecture* find_architecture(std::string_view name);
/// Their names, for a hint: "'bert', 'modern-bert'".
[[nodiscard]] std::string architecture_names();

}  // namespace nano::models
