// runtime_shim/models/head.h: what turns a trunk's hidden states into an answer: scores of labels, tags, or a vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime_shim/kernels/table.h"
#include "runtime_shim/models/architecture.h"
#include "runtime_shim/models/tensors.h"

namespace nano::models {

class Scratch;
struct EncoderShape;

inline constexpr uint32_t kMaxLabels = 65'536;
inline constexpr std::size_t kMaxProjections = 8;  ///< dense layers after pooling

/// How a sequence's hidden states become one vector. 0 to 4 are llama.cpp's numbers (<architecture>.pooling_type).
enum class Pooling : uint32_t { none = 0, mean = 1, cls = 2, last = 3, rank = 4, max = 5 };

/// What a head answers. Their names in nano.task are Hugging Face's.
enum class HeadTask {
  classify,  ///< text-classification: scores of labels for a text (or pair)
  tag,       ///< token-classification: scores of labels for every token
  embed,     ///< feature-extraction: a vector
  find,      ///< question-answering: for every token, whether an answer begins and ends there
};

/// What a classifier's outputs mean. Their names in nano.classifier.problem are the enumerators'.
enum class Problem {
  single_label,  ///< one label is right: probabilities by softmax
  multi_label,   ///< each label by itself: a sigmoid each
  regression,    ///< no probabilities: the outputs are the answer
};

/// Dense layer, activation, norm and output layer, each where the file has it (cls, cls.norm, cls.output), over one hidden
/// state or a pooled one. docs/FORMATS.md lists the keys. Read-only.
class Head {
 public:
  Head() = default;

  /// The head in a model's own file, or in a file of its own, of which `tensors` reads.
  /// errors  invalid: a key or tensor is missing, misshapen or not finite, named; a tagger or classifier without outputs;
  ///         labels that do not match the outputs; unsupported: more than kMaxLabels outputs, unknown words in keys
  [[nodiscard]] static Result<Head> load(Tensors& tensors, const EncoderShape& shape);

  [[nodiscard]] HeadTask task() const { return task_; }
  [[nodiscard]] Problem problem() const { return problem_; }
  [[nodiscard]] bool multi_label() const { return problem_ == Problem::multi_label; }
  [[nodiscard]] Pooling pooling() const {
    return pooling_;
  }  ///< classify and embed; none: cls and mean in turn
  /// 2 of a head that finds.
  [[nodiscard]] std::size_t outputs() const { return output_.n; }  ///< 0: an embedding of the hidden size
  [[nodiscard]] const std::vector<std::string>& labels() const {
    return labels_;
  }  ///< of the file; may be empty
  /// Floats of its answer for one text (embed), or one token (tag, find).
  [[nodiscard]] std::size_t width() const {
    if (!projections_.empty()) return projections_.back().linear.n;
    return output_.n != 0 ? output_.n : hidden_;
  }
  /// Are the states of all tokens looked at, or the first only?
  [[nodiscard]] bool needs_all() const;

  /// dense, activation, norm, output of `rows` states (rows, hidden) that lie `ldx` floats apart: out (rows, width).
  /// errors  invalid: the weights make values that are not finite
  [[nodiscard]] Status apply(const kernels::Table& table, const float* x, std::size_t ldx, std::size_t rows,
                             float* out, Scratch& scratch) const;
  /// Logits of one text from its states (length, hidden): pooled, then applied. logits (outputs)
  [[nodiscard]] Status score(const kernels::Table& table, std::span<const float> states, std::size_t length,
                             std::span<float> logits, Scratch& scratch) const;
  /// Logits to probabilities in place, by softmax or by a sigmoid each; a regression's stay.
  void probabilities(const kernels::Table& table, std::span<float> logits) const;
  /// One vector of length 1 (L2) of one text. out (width)
  [[nodiscard]] Status embed(const kernels::Table& table, std::span<const float> states, std::size_t length,
                             std::span<float> out, Scratch& scratch) const;

 private:
  struct Projection {
    Linear linear{};
    Activation activation = Activation::none;
  };
  [[nodiscard]] Status read_projections(Tensors& tensors);
  [[nodiscard]] Status embed_plainly(const kernels::Table& table, std::span<const float> states, std::size_t length,
                                     std::span<float> out, Scratch& scratch) const;
  [[nodiscard]] Status project(const kernels::Table& table, std::span<float> x, std::span<float> out, Scratch& scratch) const;

  HeadTask task_ = HeadTask::embed;
  Problem problem_ = Problem::single_label;
  bool normalize_ = true;
  Pooling pooling_ = Pooling::none;
  Activation activation_ = Activation::tanh;
  float epsilon_ = 1e-12f;
  std::size_t hidden_ = 0;
  std::vector<std::string> labels_{};
  Linear dense_{};   ///< n = 0: none
  Norm norm_{};      ///< of the dense layer's output
  Linear output_{};  ///< n = 0: none
  std::vector<Projection> projections_{};  ///< embed: after pooling and what stands above
};

/// One vector from a sequence's hidden states (length, hidden). none and rank: the mean.
void pool(Pooling pooling, std::span<const float> states, std::size_t length, std::span<float> out);
/// To length 1 (L2); zeros stay zeros.
void normalize(std::span<float> v);
[[nodiscard]] bool all_finite(std::span<const float> values);
[[nodiscard]] Error not_finite();

}  // namespace nano::models
