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
#include "runtime_shim/session_team.h"

namespace nano::models {

// Limits. A model beyond one of them is refused (unsupported).
inline constexpr uint32_t kMaxHidden = 16'384;
inline constexpr uint32_t kMaxFeedForward = 65'536;
inline constexpr uint32_t kMaxLayers = 512;
inline constexpr uint32_t kMaxContext = 65'536;   ///< tokens
inline constexpr uint32_t kMaxLabels = 65'536;

/// How a sequence's hidden states become one vector. The numbers are llama.cpp's (bert.pooling_type).
enum class Pooling : uint32_t { none = 0, mean = 1, cls = 2, last = 3, rank = 4 };

/// The shape of an encoder, as its metadata say and its tensors confirm.
struct EncoderShape {
  uint32_t vocabulary = 0;
  uint32_t context = 0;       ///< longest sequence, tokens
  uint32_t hidden = 0;
  uint32_t layers = 0;
  uint32_t heads = 0;         ///< divides hidden
  uint32_t feed_forward = 0;
  uint32_t token_types = 0;   ///< 0 = the file has none
  uint32_t labels = 0;        ///< outputs of the classifier; 0 = the file has none
  float epsilon = 1e-12f;     ///< of the layer norms
  Pooling pooling = Pooling::none;
  uint64_t parameters = 0;    ///< elements of all tensors
};

/// A matrix of the file with its bias: n outputs of k inputs.
struct Linear {
  kernels::Weights weight{};
  std::vector<float> bias{};  ///< (n)
};
struct Norm {
  std::vector<float> gain{};
  std::vector<float> bias{};
};
struct EncoderLayer {
  Linear q{}, k{}, v{}, out{};  ///< (hidden, hidden)
  Norm after_attention{};
  Linear up{};                  ///< (feed_forward, hidden)
  Linear down{};                ///< (hidden, feed_forward)
  Norm after_feed_forward{};
};

/// The memory of one forward pass: grown to the largest pass so far, then reused. One pass at a time.
class Scratch {
 public:
  /// Make room for `tokens` tokens on a team of `team_size`.
  void plan(const EncoderShape& shape, std::size_t tokens, unsigned team_size);

  std::span<float> x{}, q{}, k{}, v{}, context{}, sum{}, inner{};  ///< (tokens, hidden); inner (tokens, feed_forward)
  std::span<int8_t> q8{};         ///< (tokens, the wider of hidden and feed_forward)
  std::span<float> q8_scale{};    ///< (tokens, that / 32)
  std::span<int32_t> q8_sum{};
  std::size_t worker_floats = 0;  ///< floats of one worker's own part
  std::span<float> workers{};     ///< (workers, worker_floats), each 64-byte aligned

 private:
  std::vector<float> floats_{};
  std::vector<int8_t> bytes_{};
  std::vector<int32_t> ints_{};
  std::size_t tokens_ = 0;
  unsigned team_size_ = 0;
};

/// Weights point into the File, which must outlive the encoder. Read-only after load: any number of threads may use it,
/// each with its own Scratch.
class Encoder {
 public:
  /// Check every tensor's shape, type and finiteness.
  /// errors  unsupported: another architecture, a type this build cannot compute with, a limit;
  ///         invalid: a missing or misshapen tensor or key, a value or scale that is not finite (the tensor is named)
  [[nodiscard]] static Result<Encoder> load(const gguf::File& file);

  [[nodiscard]] const EncoderShape& shape() const { return shape_; }

  /// Run several sequences at once. They lie one after the other without padding; none sees another.
  ///
  ///   ids      all sequences' token ids, end to end
  ///   lengths  of each sequence, 1..context; their sum is ids.size()
  ///   after    scratch.x holds the last hidden states (ids.size(), hidden), until the next pass
  ///   errors   usage: an empty or too long sequence, an id outside the vocabulary;
  ///            invalid: the weights make values that are not finite
  [[nodiscard]] Status forward(const kernels::Table& table, std::span<const int32_t> ids, std::span<const std::size_t> lengths,
                               Scratch& scratch, Team& team) const;

  /// Logits of one sequence from its first hidden state: dense and tanh where the file has the pooler, then the classifier.
  /// first (hidden), logits (labels). errors  unsupported: the file has no classifier; invalid: not finite
  [[nodiscard]] Status classify(const kernels::Table& table, std::span<const float> first, std::span<float> logits,
                                Scratch& scratch) const;

  /// One vector from a sequence's hidden states (length, hidden), of length 1 (L2). cls and last as they say, else the mean.
  void pool(std::span<const float> states, std::size_t length, std::span<float> out) const;

 private:
  friend class EncoderLoader;
  void embed(const kernels::Table& table, std::span<const int32_t> ids, std::span<const std::size_t> lengths, Scratch& scratch,
             Team& team) const;
  void run_layer(const kernels::Table& table, const EncoderLayer& layer, std::span<const std::size_t> lengths,
                 std::size_t tokens, Scratch& scratch, Team& team) const;

  EncoderShape shape_{};
  kernels::Weights token_rows_{};      ///< (vocabulary, hidden)
  kernels::Weights position_rows_{};   ///< (context or more, hidden)
  std::vector<float> type_zero_{};     ///< the row of token type 0; zeros without token types
  Norm embedding_norm_{};
  std::vector<EncoderLayer> layers_{};
  Linear pooler_{};                    ///< n = 0: none
  Linear classifier_{};                ///< n = 0: none
};

/// Turn `n` values of a row of weights into floats.
void read_row(const kernels::Weights& weights, std::size_t row, std::span<float> out);

}  // namespace nano::models
