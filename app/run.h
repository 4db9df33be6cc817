// app/run.h: open a model by name, path or folder, with heads and adapters behind it, and answer texts one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct GoldenRecord;
struct GoldenText;

struct OpenOptions {
  /// `[ns/]name[@version][:variant]`, a path of a .gguf, or a package folder `DIR/`; `base+head1+head2+adapter`
  std::string model{};
  bool merge = false;            ///< the adapter becomes part of the weights
  bool install_missing = false;  ///< install without asking; else asks on a terminal
  int threads = 0;               ///< 0 = choose
};

/// A label with what the model says of it.
struct LabelScore {
  std::string label{};
  double score = 0;  ///< its probability; of a regression the logit
  double logit = 0;  ///< the output before softmax or sigmoid
};

/// A stretch of the text with a label; of a question's answers without one.
struct Entity {
  std::string label{};
  double score = 0;
  std::string text{};                        ///< the bytes themselves: foreign
  std::size_t begin = 0, end = 0;            ///< bytes of the text
  std::size_t char_begin = 0, char_end = 0;  ///< characters (code points) of it
};

/// One head's answer: scores, entities, a vector, or what answers a question.
struct HeadAnswer {
  enum class Kind { classify, tag, embed, find };
  std::string head{};  ///< its name
  Kind kind = Kind::classify;
  std::string label{};
  std::vector<LabelScore> scores{};  ///< highest first
  bool apart = false;                ///< each score stands for itself: they do not add up to 1
  std::vector<Entity> entities{};    ///< find: stretches of the second text, the best first
  double no_answer = 0;              ///< find: the probability that the text does not answer
  std::vector<float> vector{};
};

struct Answer {
  std::vector<HeadAnswer> heads{};  ///< at least one
  double ms = 0;
  std::size_t tokens = 0;
  bool truncated = false;  ///< the text was longer than the model's context; the rest was not read
};

struct EmbedAnswer {
  std::vector<float> vector{};
  double ms = 0;
  std::size_t tokens = 0;
  bool truncated = false;
};

/// An open model. Not thread-safe.
class OpenModel {
 public:
  ~OpenModel();
  OpenModel(OpenModel&&) noexcept;
  OpenModel& operator=(OpenModel&&) noexcept;

  /// errors  not_found (nearest name; hint to install), invalid (13: a broken file, with the place),
  /// unsupported, usage
  [[nodiscard]] static Result<OpenModel> open(Context& ctx, const OpenOptions& options);

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& version() const;  ///< "" for a bare file
  [[nodiscard]] const std::string& variant() const;  ///< "" for a bare file
  [[nodiscard]] const std::vector<std::string>& labels() const;
  [[nodiscard]] const std::string& kernels() const;

  /// Its package says that it takes one text: a pair's answer then means little.
  [[nodiscard]] bool made_for_one_text() const;

  /// All heads in one pass. Any bytes are answered: invalid UTF-8 is read as U+FFFD. errors  unsupported: the model only
  /// embeds (`nano embed`); usage: a pair for a tagger, a single text where a question is asked
  [[nodiscard]] Result<Answer> answer(std::string_view text, std::optional<std::string_view> pair = {});
  [[nodiscard]] Result<EmbedAnswer> embed(std::string_view text);
  /// The answers of the one head, as a golden file writes them (app/golden.h).
  /// errors  usage: too many texts, one too long or not UTF-8, pairs for a model that embeds, several heads
  [[nodiscard]] Result<GoldenRecord> record_golden(const std::vector<GoldenText>& texts);

 private:
  struct Impl;
  explicit OpenModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::app
