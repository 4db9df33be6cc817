// nano.hpp: nano.h for C++17: RAII, values, and nano::error thrown. Header-only; all work is done behind the C ABI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "nano.h"

namespace nano {

/// What every function here throws: the status and its sentence.
class error : public std::runtime_error {
 public:
  error(nano_status status, const char* text) : std::runtime_error(text), status_(status) {}
  [[nodiscard]] nano_status status() const noexcept { return status_; }

 private:
  nano_status status_;
};

/// A label with its probability (of a regression: with the output).
struct label_score {
  std::string label{};
  float score = 0.0f;
};

/// One text's answer.
struct classification {
  std::vector<label_score> scores{};  ///< in the order of the model's labels
  std::size_t best = 0;               ///< index of the highest
  std::size_t tokens = 0;
  bool truncated = false;             ///< the text was longer than the model's context
  double ms = 0.0;

  [[nodiscard]] const std::string& label() const { return scores.at(best).label; }
  [[nodiscard]] float score() const { return scores.at(best).score; }
};

/// A stretch of the text with a label. Bytes and characters are counted from 0; the end is not part of it.
struct entity {
  std::string label{};
  float score = 0.0f;
  std::size_t begin = 0, end = 0;
  std::size_t char_begin = 0, char_end = 0;
};

/// What one head says of a text: by its task, scores, entities or a vector.
struct head_answer {
  std::string head{};
  nano_task task = NANO_CLASSIFY;
  std::vector<label_score> scores{};  ///< in the order of the head's labels
  std::vector<float> logits{};        ///< the outputs before softmax or sigmoid, as many as scores
  std::vector<entity> entities{};     ///< of NANO_FIND: what answers, the best first, in the second text, without labels
  std::vector<float> vector{};
};

/// Options of model's constructor; what is left alone is the default.
struct options {
  std::uint32_t threads = 0;
  std::string kernels{};
  std::string store{};
  std::string project{};
};

/// An opened model. Movable. Any number of threads may call its const members at once.
class model {
 public:
  explicit model(const std::string& name_or_path, const options& with = {}) {
    check(nano_abi_check(NANO_ABI_VERSION));
    nano_options c = NANO_OPTIONS_INIT;
    c.threads = with.threads;
    c.kernels = with.kernels.empty() ? nullptr : with.kernels.c_str();
    c.store = with.store.empty() ? nullptr : with.store.c_str();
    c.project = with.project.empty() ? nullptr : with.project.c_str();
    nano_model* opened = nullptr;
    check(nano_open(name_or_path.c_str(), &c, &opened));
    handle_.reset(opened);
  }

  /// The strings in it live as long as the model.
  [[nodiscard]] nano_info info() const {
    nano_info i = NANO_INFO_INIT;
    check(nano_model_info(handle_.get(), &i));
    return i;
  }

  [[nodiscard]] std::vector<std::string> labels() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; const char* name = nano_label(handle_.get(), i); ++i) all.emplace_back(name);
    return all;
  }

  [[nodiscard]] std::vector<nano_token> tokenize(std::string_view text) const {
    std::size_t count = 0;
    check(nano_tokenize(handle_.get(), text.data(), text.size(), nullptr, 0, &count));
    std::vector<nano_token> tokens(count);
    if (count != 0) check(nano_tokenize(handle_.get(), text.data(), text.size(), tokens.data(), tokens.size(), &count));
    return tokens;
  }

  [[nodiscard]] classification classify(std::string_view text) const {
    return std::move(classify(std::vector<std::string_view>{text}).front());
  }

  [[nodiscard]] std::vector<classification> classify(const std::vector<std::string_view>& texts) const {
    const std::vector<std::string> names = labels();
    std::vector<float> scores(texts.size() * names.size());
    std::vector<nano_result> results(texts.size(), nano_result NANO_RESULT_INIT);
    const std::vector<nano_text> c = c_texts(texts);
    check(nano_classify_batch(handle_.get(), c.data(), c.size(), scores.data(), scores.size(), results.data()));
    std::vector<classification> answers(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      for (std::size_t j = 0; j < names.size(); ++j) answers[i].scores.push_back({names[j], scores[i * names.size() + j]});
      answers[i].best = results[i].best;
      answers[i].tokens = results[i].tokens;
      answers[i].truncated = results[i].truncated != 0;
      answers[i].ms = results[i].ms;
    }
    return answers;
  }

  /// The outputs before softmax or sigmoid, in the order of the labels, for each text.
  [[nodiscard]] std::vector<std::vector<float>> logits(const std::vector<std::string_view>& texts) const {
    const std::size_t width = labels().size();
    std::vector<float> flat(texts.size() * width);
    const std::vector<nano_text> c = c_texts(texts);
    check(nano_classify_logits(handle_.get(), c.data(), c.size(), flat.data(), flat.size(), nullptr));
    std::vector<std::vector<float>> all;
    for (std::size_t i = 0; i < texts.size(); ++i) all.emplace_back(flat.data() + i * width, flat.data() + (i + 1) * width);
    return all;
  }

  /// The stretch of `context` that answers `question`.
  [[nodiscard]] entity find_answer(std::string_view question, std::string_view context) const {
    nano_span s = {};
    const auto bytes = [](std::string_view v) { return v.data() == nullptr ? "" : v.data(); };
    check(nano_find_answer(handle_.get(), bytes(question), question.size(), bytes(context), context.size(), &s, nullptr));
    return {"", s.score, s.begin, s.end, s.char_begin, s.char_end};
  }

  /// A vector of length 1 (L2).
  [[nodiscard]] std::vector<float> embed(std::string_view text) const {
    std::vector<float> vector(info().embedding_length);
    check(nano_embed(handle_.get(), text.data(), text.size(), vector.data(), vector.size(), nullptr));
    return vector;
  }

  [[nodiscard]] std::vector<std::vector<float>> embed(const std::vector<std::string_view>& texts) const {
    const std::size_t width = info().embedding_length;
    std::vector<float> flat(texts.size() * width);
    const std::vector<nano_text> c = c_texts(texts);
    check(nano_embed_batch(handle_.get(), c.data(), c.size(), flat.data(), flat.size(), nullptr));
    std::vector<std::vector<float>> vectors;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const float* at = flat.data() + i * width;
      vectors.emplace_back(at, at + width);
    }
    return vectors;
  }

  /// All heads of the model (its own, or those it was opened with: "base+head1+head2") in one pass of the trunk.
  [[nodiscard]] std::vector<head_answer> run(std::string_view text) const {
    nano_answer* raw = nullptr;
    check(nano_run(handle_.get(), text.data(), text.size(), nullptr, 0, &raw, nullptr));
    return heads_of(raw);
  }
  /// The same for a pair of texts.
  [[nodiscard]] std::vector<head_answer> run(std::string_view text, std::string_view pair) const {
    nano_answer* raw = nullptr;
    const char* second = pair.data() == nullptr ? "" : pair.data();
    check(nano_run(handle_.get(), text.data(), text.size(), second, pair.size(), &raw, nullptr));
    return heads_of(raw);
  }

  /// Load a LoRA adapter beside the model, by name or path. Its number is for use_adapter.
  std::size_t load_adapter(const std::string& name_or_path, float scale = 1.0f) {
    std::size_t index = 0;
    check(nano_load_adapter(handle_.get(), name_or_path.c_str(), scale, &index));
    return index;
  }
  /// NANO_NO_ADAPTER: the base as it is.
  void use_adapter(std::size_t index) { check(nano_use_adapter(handle_.get(), index)); }

  [[nodiscard]] nano_model* handle() const noexcept { return handle_.get(); }

 private:
  struct closer {
    void operator()(nano_model* m) const noexcept { nano_close(m); }
  };
  struct answer_closer {
    void operator()(nano_answer* a) const noexcept { nano_answer_free(a); }
  };
  std::vector<head_answer> heads_of(nano_answer* raw) const {
    const std::unique_ptr<nano_answer, answer_closer> answer(raw);
    std::vector<head_answer> all;
    for (std::size_t h = 0; h < nano_head_count(handle_.get()); ++h) {
      nano_head_info info = NANO_HEAD_INFO_INIT;
      check(nano_head(handle_.get(), h, &info));
      head_answer one;
      one.head = info.name;
      one.task = info.task;
      std::size_t floats = 0, spans = 0;
      const float* from = nano_answer_floats(raw, h, &floats);
      const nano_span* found = nano_answer_spans(raw, h, &spans);
      for (std::size_t i = 0; i < spans; ++i) {
        const nano_span& s = found[i];
        one.entities.push_back({s.label == nullptr ? "" : s.label, s.score, s.begin, s.end, s.char_begin, s.char_end});
      }
      for (std::size_t i = 0; i < floats; ++i) {
        if (info.task == NANO_EMBED) {
          one.vector.push_back(from[i]);
        } else {
          one.scores.push_back({nano_head_label(handle_.get(), h, i), from[i]});
        }
      }
      std::size_t outputs = 0;
      const float* logits = nano_answer_logits(raw, h, &outputs);
      if (logits != nullptr) one.logits.assign(logits, logits + outputs);
      all.push_back(std::move(one));
    }
    return all;
  }
  static void check(nano_status status) {
    if (status != NANO_OK) throw error(status, nano_last_error());
  }
  static std::vector<nano_text> c_texts(const std::vector<std::string_view>& texts) {
    std::vector<nano_text> c;
    c.reserve(texts.size());
    for (const std::string_view text : texts) c.push_back({text.data(), text.size()});
    return c;
  }

  std::unique_ptr<nano_model, closer> handle_{};
};

}  // namespace nano
