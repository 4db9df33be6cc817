// runtime_shim/models/encoder.h: encoders of the BERT family: from GGUF metadata and tensors to hidden states and logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/kernels/table.h"
#include "runtime_shim/packed/image.h"
#include "runtime_shim/session_team.h"

namespace nano::models {

// Limits. A model beyond one of them is refused (unsupported).
inline constexpr uint32_t kMaxHidden = 16'384;
inline constexpr uint32_t kMaxFeedForward = 65'536;
inline constexpr uint32_t kMaxLayers = 512;
inline constexpr uint32_t kMaxContext = 65'536;  ///< tokens
inline constexpr uint32_t kMaxLabels = 65'536;

/// How a sequence's hidden states become one vector. The numbers are llama.cpp's (bert.pooling_type).
enum class Pooling : uint32_t { none = 0, mean = 1, cls = 2, last = 3, rank = 4 };

/// The shape of an encoder, as its metadata say and its tensors confirm.
struct EncoderShape {
  uint32_t vocabulary = 0;
  uint32_t context = 0;  ///< longest sequence, tokens
  uint32_t hidden = 0;
  uint32_t layers = 0;
  uint32_t heads = 0;  ///< divides hidden
  uint32_t feed_forward = 0;
  uint32_t token_types = 0;  ///< 0 = the file has none
  uint32_t labels = 0;       ///< outputs of the classifier; 0 = the file has none
  float epsilon = 1e-12f;    ///< of the layer norms
  Pooling pooling = Pooling::none;
  uint64_t parameters = 0;  ///< elements of all tensors
};

/// A matrix with its bias, n outputs of k inputs: packed where its type is one of blocks, else as the file has it.
struct Linear {
  kernels::Packed packed{};   ///< panels == nullptr: not packed
  kernels::Weights weight{};  ///< float weights
  std::span<const float> bias{};
  std::size_t n = 0;
  std::size_t k = 0;

  [[nodiscard]] bool is_packed() const { return packed.panels != nullptr; }
};
struct Norm {
  std::span<const float> gain{};
  std::span<const float> bias{};
};
struct EncoderLayer {
  /// Packed: one matrix, for each head its rows of q, k and v, each padded to whole panels; then q, k and v are empty.
  Linear qkv{};
  Linear q{}, k{}, v{};
  Linear out{};  ///< (hidden, hidden)
  Norm after_attention{};
  Linear up{};    ///< (feed_forward, hidden)
  Linear down{};  ///< (hidden, feed_forward)
  Norm after_feed_forward{};
};

/// Which hidden states a caller wants: all, or of each sequence the first only ([CLS]): the last layer is then computed
/// for those alone.
enum class Want { all, first };

/// The memory of one forward pass: grown to the largest pass so far, then reused. One pass at a time.
class Scratch {
 public:
  /// Make room for `tokens` tokens on a team of `team_size`.
  void plan(const EncoderShape& shape, std::size_t tokens, unsigned team_size);

  std::span<float> x{};           ///< (tokens, hidden)
  std::span<float> qkv{};         ///< (tokens, heads, 3, padded width) or three times (tokens, hidden)
  std::span<float> first_q{};     ///< the queries of the wanted rows, where those are few
  std::span<float> context{};     ///< (tokens, hidden)
  std::span<float> sum{};         ///< (tokens, hidden rounded up to whole panels)
  std::span<float> inner{};       ///< (tokens, feed_forward rounded up to whole panels)
  std::span<uint8_t> u8{};        ///< (tokens, the wider of hidden and feed_forward)
  std::span<uint8_t> first_u8{};  ///< rows of u8 that are wanted
  std::span<float> u8_scale{}, first_scale{};  ///< (tokens)
  std::size_t worker_floats = 0;               ///< floats of one worker's own part
  std::span<float> workers{};                  ///< (workers, worker_floats), each 64-byte aligned
  std::vector<float> head{};  ///< outputs of a classifier or pooler, rounded up to whole panels

 private:
  std::vector<float> floats_{};
  std::vector<uint8_t> bytes_{};
  std::size_t tokens_ = 0;
  unsigned team_size_ = 0;
};

/// Weights point into the File, which must outlive the encoder, and into an image of packed weights. Read-only after
/// load: any number of threads may use it, each with its own Scratch.
class Encoder {
 public:
  /// Check every tensor's shape, type and finiteness.
  /// errors  unsupported: another architecture, a type this build cannot compute with, a limit;
  ///         invalid: a missing or misshapen tensor or key, a value or scale that is not finite (the tensor is named)
  [[nodiscard]] static Result<Encoder> load(const gguf::File& file);
  /// The same with what is packed in an image, which outlives the encoder: measured, filled, or read back: then nothing is
  /// converted, and values are not checked again (while measuring, the encoder that is returned must not be used).
  /// `bits` keeps choices from the measuring for the filling.   errors  and store: the image is not of this model's shape
  [[nodiscard]] static Result<Encoder> load(const gguf::File& file, packed::Image& image,
                                            std::vector<int>& bits);

  [[nodiscard]] const EncoderShape& shape() const { return shape_; }

  /// Run several sequences at once. They lie one after the other without padding; none sees another.
  ///
  ///   ids      all sequences' token ids, end to end
  ///   lengths  of each sequence, 1..context; their sum is ids.size()
  ///   after    scratch.x holds the last hidden states, until the next pass: (ids.size(), hidden); where only the first are
  ///            wanted, (lengths.size(), hidden)
  ///   errors   usage: an empty or too long sequence, an id outside the vocabulary;
  ///            invalid: the weights make values that are not finite
  [[nodiscard]] Status forward(const kernels::Table& table, std::span<const int32_t> ids,
                               std::span<const std::size_t> lengths, Scratch& scratch, Team& team,
                               Want want = Want::all) const;

  /// Logits of one sequence from its first hidden state: dense and tanh where the file has the pooler, then the classifier.
  /// first (hidden), logits (labels). errors  unsupported: the file has no classifier; invalid: not finite
  [[nodiscard]] Status classify(const kernels::Table& table, std::span<const float> first,
                                std::span<float> logits, Scratch& scratch) const;

  /// One vector from a sequence's hidden states (length, hidden), of length 1 (L2). cls and last as they say, else the mean.
  void pool(std::span<const float> states, std::size_t length, std::span<float> out) const;

 private:
  friend class EncoderLoader;
  friend class EncoderPass;

  EncoderShape shape_{};
  kernels::Weights token_rows_{};       ///< (vocabulary, hidden), of any type
  kernels::Weights position_rows_{};    ///< (context or more, hidden), of any type
  std::span<const float> type_zero_{};  ///< the row of token type 0; zeros without token types
  Norm embedding_norm_{};
  std::vector<EncoderLayer> layers_{};
  Linear pooler_{};      ///< n = 0: none
  Linear classifier_{};  ///< n = 0: none
  packed::Image own_{};  ///< where nobody gave one
};

/// Turn `n` values of a row of weights into floats.
void read_row(const kernels::Weights& weights, std::size_t row, std::span<float> out);

}  // namespace nano::models
