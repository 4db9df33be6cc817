// runtime_shim/models/head_load.cpp: a head's keys and tensors, checked.
#include <algorithm>

#include "runtime_shim/models/encoder.h"
#include "runtime_shim/models/head.h"

namespace nano::models {
namespace {

template <class Value>
struct Word {
  std::string_view word;
  Value value;
};

// The value that the key's word stands for; `absent` where there is no such key.
template <class Value, std::size_t N>
Result<Value> read_word(const gguf::File& file, const std::string& key, const Word<Value> (&words)[N],
                        Value absent) {
  if (!file.has(key)) return absent;
  NANO_TRY_ASSIGN(const std::string_view word, file.get_string(key));
  std::string all;
  for (const auto& w : words) {
    if (w.word == word) return w.value;
    all += (all.empty() ? "'" : ", '") + std::string(w.word) + "'";
  }
  return file.unsupported(key + " is '" + gguf::shown(word) + "'", "this build knows " + all);
}

constexpr Word<HeadTask> kTasks[] = {{"text-classification", HeadTask::classify},
                                     {"token-classification", HeadTask::tag},
                                     {"question-answering", HeadTask::find},
                                     {"feature-extraction", HeadTask::embed},
                                     {"sentence-similarity", HeadTask::embed}};
constexpr Word<Pooling> kPoolings[] = {
    {"cls", Pooling::cls}, {"mean", Pooling::mean}, {"max", Pooling::max}, {"last", Pooling::last}};
constexpr Word<Activation> kActivations[] = {{"tanh", Activation::tanh},
                                             {"relu", Activation::relu},
                                             {"gelu", Activation::gelu},
                                             {"none", Activation::none}};
constexpr Word<Problem> kProblems[] = {{"single_label", Problem::single_label},
                                       {"multi_label", Problem::multi_label},
                                       {"regression", Problem::regression}};

}  // namespace

Status Head::read_projections(Tensors& t) {
  const gguf::File& file = t.file();
  const std::string key = "nano.dense.activations";
  if (!file.has(key)) return Unit{};
  NANO_TRY_ASSIGN(const auto words, file.get_string_array(key));
  if (words.empty() || words.size() > kMaxProjections)
    return file.unsupported(key + " has " + std::to_string(words.size()) + " words: this build does 1 to " +
                            std::to_string(kMaxProjections) + " dense layers");
  std::size_t k = output_.n != 0 ? output_.n : hidden_;
  for (std::size_t i = 0; i < words.size(); ++i) {
    Projection& p = projections_.emplace_back();
    const auto* found = std::find_if(std::begin(kActivations), std::end(kActivations), [&](const auto& w) { return w.word == words[i]; });
    if (found == std::end(kActivations))
      return file.unsupported(key + " names '" + gguf::shown(words[i]) + "'", "this build knows tanh, relu, gelu and none");
    p.activation = found->value;
    NANO_TRY(t.read_linear("dense." + std::to_string(i), k, 0, p.linear));
    k = p.linear.n;
    if (k > kMaxHidden)
      return file.unsupported("dense." + std::to_string(i) + ".weight has more than " + std::to_string(kMaxHidden) + " rows");
  }
  return Unit{};
}

Result<Head> Head::load(Tensors& t, const EncoderShape& shape) {
  const gguf::File& file = t.file();
  const std::string prefix = std::string(shape.kind->name) + ".";
  Head head;
  head.hidden_ = shape.hidden;
  head.epsilon_ = shape.epsilon;
  const bool output = t.has("cls.output.weight"), dense = t.has("cls.weight");
  NANO_TRY_ASSIGN(head.task_,
                  read_word(file, "nano.task", kTasks, output ? HeadTask::classify : HeadTask::embed));
  NANO_TRY_ASSIGN(head.problem_, read_word(file, "nano.classifier.problem", kProblems, Problem::single_label));
  NANO_TRY_ASSIGN(head.activation_,
                  read_word(file, "nano.classifier.activation", kActivations, shape.kind->head));
  NANO_TRY_ASSIGN(head.normalize_, file.get_bool_or("nano.normalize", true));
  const std::string key = prefix + "pooling_type";
  NANO_TRY_ASSIGN(const uint32_t pooling, file.get_u32_or(key, 0));
  if (pooling > static_cast<uint32_t>(Pooling::rank))
    return file.unsupported(key + " is " + std::to_string(pooling) + ": this build knows 0 to 4");
  // A classifier reads the first state whatever the model embeds by: nano.pooling alone says otherwise.
  const auto absent = head.task_ == HeadTask::embed ? static_cast<Pooling>(pooling) : Pooling::none;
  NANO_TRY_ASSIGN(head.pooling_, read_word(file, "nano.pooling", kPoolings, absent));

  // A model that only embeds may carry BERT's pooler: it is no part of what it gives.
  if (dense && (output || head.task_ != HeadTask::embed))
    NANO_TRY(t.read_linear("cls", shape.hidden, shape.hidden, head.dense_));
  if (head.dense_.n != 0 && t.has("cls.norm.weight"))
    NANO_TRY(t.read_norm("cls.norm", shape.hidden, false, head.norm_));
  if (output) NANO_TRY(t.read_linear("cls.output", shape.hidden, 0, head.output_));
  if (head.output_.n > kMaxLabels) {
    return file.unsupported("cls.output.weight has " + std::to_string(head.output_.n) +
                            " outputs, more than " + std::to_string(kMaxLabels));
  }
  if (head.task_ == HeadTask::embed) {
    NANO_TRY(head.read_projections(t));
    return head;
  }
  if (!output)
    return file.invalid("tensor 'cls.output.weight' is missing: nano.task asks for scores of labels");

  if (head.task_ == HeadTask::find) {
    if (head.output_.n == 2) return head;
    return file.invalid("cls.output.weight has " + std::to_string(head.output_.n) +
                        " outputs: question-answering has 2, where an answer begins and where it ends");
  }
  const std::string labels_key = prefix + "classifier.output_labels";
  if (!file.has(labels_key)) return head;
  NANO_TRY_ASSIGN(const auto labels, file.get_string_array(labels_key));
  for (const auto label : labels) head.labels_.emplace_back(label);
  if (head.labels_.size() != head.output_.n) {
    return file.invalid(labels_key + " has " + std::to_string(head.labels_.size()) +
                        " labels, cls.output.weight " + std::to_string(head.output_.n) + " outputs");
  }
  return head;
}

}  // namespace nano::models
