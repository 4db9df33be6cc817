// runtime_shim/models/encoder.h: encoders of the BERT family: from GGUF metadata and tensors to hidden states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/kernels/table.h"
#include "runtime_shim/models/architecture.h"
#include "runtime_shim/models/head.h"
#include "runtime_shim/models/scratch.h"
#include "runtime_shim/models/tensors.h"
#include "runtime_shim/packed/image.h"
#include "runtime_shim/session_team.h"

namespace nano::models {

// Limits. A model beyond one of them is refused (unsupported).
inline constexpr uint32_t kMaxHidden = 16'384;
inline constexpr uint32_t kMaxFeedForward = 65'536;
inline constexpr uint32_t kMaxLayers = 512;
inline constexpr uint32_t kMaxContext = 65'536;  ///< tokens
inline constexpr uint32_t kMaxTokenTypes = 64;

/// The shape of an encoder, as its metadata say and its tensors confirm.
struct EncoderShape {
  const Architecture* kind = nullptr;
  uint32_t vocabulary = 0;
  uint32_t context = 0;  ///< longest sequence, tokens
  uint32_t hidden = 0;
  uint32_t embedding = 0;  ///< width of the tables: hidden, or less, and a matrix leads from one to the other (ELECTRA)
  uint32_t layers = 0;     ///< 0 of architectures that are a table only
  uint32_t heads = 0;  ///< divides hidden
  uint32_t feed_forward = 0;
  uint32_t token_types = 0;  ///< 0 = the file has none
  uint32_t labels = 0;       ///< outputs of the classifier or tagger; 0 = the file has none
  float epsilon = 1e-12f;    ///< of the layer norms
  // Where the architecture has them:
  uint32_t window = 0;              ///< local layers see so many tokens on each side
  uint32_t global_period = 1;       ///< layers 0, n, 2 n, … see all tokens
  float rope_global = 0.0f;         ///< base of the rotation in global layers
  float rope_local = 0.0f;          ///< and in local ones
  Pooling pooling = Pooling::none;  ///< of embeddings
  uint64_t parameters = 0;          ///< elements of all tensors
};

struct EncoderLayer {
  /// Packed: one matrix, for each head its rows of q, k and v, each padded to whole panels; then q, k and v are empty.
  /// In floats: one matrix (3 hidden, hidden) where the file has one, else three.
  Linear qkv{};
  Linear q{}, k{}, v{};
  Linear out{};  ///< (hidden, hidden)
  Linear
      up{};  ///< (feed_forward, hidden); gated: twice as many rows, each half padded to whole panels if packed
  Linear down{};  ///< (hidden, feed_forward)
  Norm attention{},
      feed_forward{};  ///< before each where the architecture says so, else after the sum with its input
  bool local = false;  ///< attends within the window
};

/// Which hidden states a caller wants: all, or of each sequence the first only ([CLS]): the last layer is then computed
/// for those alone.
enum class Want { all, first };

/// What a pass may be told beside its tokens.
struct PassOptions {
  std::span<const int32_t> types{};  ///< as many as ids; empty: all 0
  const Adapter* adapter = nullptr;  ///< what it adds to the matrices, at run time
};

/// Weights point into the File, which must outlive the encoder, and into an image of packed weights. Read-only after
/// load: any number of threads may use it, each with its own Scratch.
class Encoder {
 public:
  /// Check every tensor's shape, type and finiteness.
  /// errors  unsupported: another architecture, a type this build cannot compute with, a limit;
  ///         invalid: a missing or misshapen tensor or key, a value or scale that is not finite (the tensor is named)
  [[nodiscard]] static Result<Encoder> load(const gguf::File& file, const Adapter* merge = nullptr);
  /// The same with what is packed in an image, which outlives the encoder: measured, filled, or read back: then nothing is
  /// converted, and values are not checked again (while measuring, the encoder that is returned must not be used).
  /// `bits` keeps choices from the measuring for the filling. An adapter to `merge` becomes part of the matrices (never
  /// while reading back).   errors  and store: the image is not of this model's shape
  [[nodiscard]] static Result<Encoder> load(const gguf::File& file, packed::Image& image,
                                            std::vector<int>& bits, const Adapter* merge = nullptr);

  [[nodiscard]] const EncoderShape& shape() const { return shape_; }

  /// Run several sequences at once. They lie one after the other without padding; none sees another.
  ///
  ///   ids      all sequences' token ids, end to end
  ///   lengths  of each sequence, 1..context (of a table only: 0 too); their sum is ids.size()
  ///   after    scratch.x holds the last hidden states, until the next pass: (ids.size(), hidden); where only the first are
  ///            wanted, (lengths.size(), hidden)
  ///   errors   usage: an empty or too long sequence, an id outside the vocabulary, a type the model does not have;
  ///            invalid: the weights make values that are not finite
  [[nodiscard]] Status forward(const kernels::Table& table, std::span<const int32_t> ids,
                               std::span<const std::size_t> lengths, Scratch& scratch, Team& team,
                               Want want = Want::all, const PassOptions& options = {}) const;

  /// The head in the model's own file: a classifier, a tagger, or how it embeds.
  [[nodiscard]] const Head& head() const { return head_; }

 private:
  friend class EncoderLoader;
  friend class EncoderPass;

  EncoderShape shape_{};
  kernels::Weights token_rows_{};       ///< (vocabulary, embedding), of any type
  kernels::Weights position_rows_{};    ///< (context or more, embedding), of any type
  std::span<const float> type_rows_{};  ///< (token types, embedding); without token types one row of zeros
  Norm embedding_norm_{};
  Linear project_{};  ///< (hidden, embedding), where they differ
  std::vector<EncoderLayer> layers_{};
  Norm last_norm_{};  ///< of pre-norm architectures
  Head head_{};
  packed::Image own_{};  ///< where nobody gave one
};

}  // namespace nano::models
