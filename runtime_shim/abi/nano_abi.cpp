// runtime_shim/abi/nano_abi.cpp: the C functions of nano.h: arguments checked, errors kept a thread, nothing thrown out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "base/text.h"
#include "nano.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/answer.h"
#include "runtime_shim/tasks/classify.h"
#include "runtime_shim/tasks/embed.h"

// The C handle is the C++ model and the texts whose lifetime nano.h promises.
struct nano_model {
  std::unique_ptr<nano::Model> model{};
};

struct nano_answer {
  nano::tasks::Answered answered{};
  std::vector<std::vector<nano_span>> spans{};  // one list a head; labels point into `answered`
};

namespace {

using nano::Errc;
using nano::Error;
using nano::make_error;
using nano::Status;
using nano::Unit;

// The last error's text: a fixed buffer, so that keeping it cannot fail.
thread_local char last_error[1024] = "no error";

nano_status fail(const Error& error) noexcept {
  std::size_t used = 0;
  const auto put = [&used](std::string_view s) {
    const std::size_t n = std::min(s.size(), sizeof(last_error) - 1 - used);
    std::memcpy(last_error + used, s.data(), n);
    used += n;
  };
  put(error.message);
  if (!error.hint.empty()) {
    put("; ");
    put(error.hint);
  }
  // Cut, it ends with a whole character.
  if (used == sizeof(last_error) - 1) {
    while (used > 0 && (static_cast<unsigned char>(last_error[used - 1]) & 0xC0) == 0x80) --used;
    if (used > 0 && static_cast<unsigned char>(last_error[used - 1]) >= 0xC0) --used;
  }
  last_error[used] = '\0';
  return static_cast<nano_status>(error.code);
}

// Runs `body` (which returns a Status) and turns whatever comes out into a status.
template <class Body>
nano_status guarded(Body&& body) noexcept {
  try {
    const Status status = body();
    return status ? NANO_OK : fail(status.error());
  } catch (const std::bad_alloc&) {
    std::memcpy(last_error, "out of memory", sizeof("out of memory"));
  } catch (const std::exception& e) {
    const std::size_t n = std::min(std::strlen(e.what()), sizeof(last_error) - 1);
    std::memcpy(last_error, e.what(), n);
    last_error[n] = '\0';
  } catch (...) {
    std::memcpy(last_error, "unknown failure", sizeof("unknown failure"));
  }
  return NANO_INTERNAL;
}

Error usage(std::string message) {
  return make_error(Errc::usage, std::move(message));
}

nano::Result<std::string_view> text_view(const char* bytes, std::size_t length) {
  if (bytes == nullptr) {
    if (length == 0) return std::string_view();
    return usage("the text is NULL");
  }
  if (length == NANO_NUL_TERMINATED) return std::string_view(bytes);
  if (length > PTRDIFF_MAX) return usage("the text's length is " + std::to_string(length) + ": no text is so long");
  return std::string_view(bytes, length);
}

nano::Result<std::vector<std::string_view>> text_views(const nano_text* texts, std::size_t count) {
  if (texts == nullptr && count != 0) return usage("texts is NULL");
  if (count > PTRDIFF_MAX / sizeof(nano_text)) return usage(std::to_string(count) + " texts: no array holds so many");
  std::vector<std::string_view> views;
  views.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    NANO_TRY_ASSIGN(const std::string_view view, text_view(texts[i].bytes, texts[i].length));
    views.push_back(view);
  }
  return views;
}

// A caller's struct may be of another version of the header: what both know is copied, and its `size` stays.
template <class Struct>
Status store_struct(const Struct& value, Struct* to) {
  const std::size_t size = to->size;
  if (size < sizeof(std::size_t)) return usage("a struct's size field is not set: use its _INIT macro");
  std::memcpy(to, &value, std::min(size, sizeof(Struct)));
  to->size = size;
  return Unit{};
}

nano::Result<nano::OpenOptions> read_options(const nano_options* given) {
  nano::OpenOptions options;
  if (given == nullptr) return options;
  constexpr std::size_t kFirst = offsetof(nano_options, project);  // the struct of the first header
  if (given->size < kFirst) return usage("nano_options.size is not set: use NANO_OPTIONS_INIT");
  if (given->size > sizeof(nano_options)) {  // a later header's struct: what this library does not know must be zero
    if (given->size > 4096) return usage("nano_options.size is not that of a nano_options");
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    for (std::size_t i = sizeof(nano_options); i < given->size; ++i) {
      if (bytes[i] != 0) return make_error(Errc::unsupported, "an option is newer than this libnano");
    }
  }
  options.threads = given->threads;
  if (given->kernels != nullptr) options.kernels = given->kernels;
  if (given->store != nullptr) options.store = given->store;
  if (given->size >= kFirst + sizeof(given->project) && given->project != nullptr) options.project = given->project;
  return options;
}

// Room for `count` rows of `width` floats?
Status check_room(const float* out, std::size_t capacity, std::size_t count, std::size_t width, const char* what) {
  if (out == nullptr && count != 0) return usage(std::string(what) + " is NULL");
  if (width != 0 && capacity / width < count) {
    return usage(std::string(what) + " holds " + std::to_string(capacity) + " floats: " + std::to_string(count) + " x " +
                 std::to_string(width) + " are needed");
  }
  return Unit{};
}

// Several callers' result structs lie behind each other at the caller's own size.
Status store_results(nano_result* results, std::size_t index, const nano_result& value) {
  if (results == nullptr) return Unit{};
  const std::size_t stride = results->size;
  if (stride < sizeof(nano_result) || stride > 4096) return usage("nano_result.size is not set: use NANO_RESULT_INIT");
  auto* at = reinterpret_cast<unsigned char*>(results) + index * stride;
  nano_result copy = value;
  copy.size = stride;
  std::memcpy(at, &copy, sizeof(copy));
  return Unit{};
}

template <class Answer>
nano_result to_result(const Answer& answer) {
  nano_result r = NANO_RESULT_INIT;
  r.tokens = static_cast<uint32_t>(answer.tokens);
  r.truncated = answer.truncated ? 1 : 0;
  r.ms = answer.ms;
  return r;
}

nano_task task_of(nano::models::HeadTask task) {
  switch (task) {
    case nano::models::HeadTask::tag: return NANO_TAG;
    case nano::models::HeadTask::embed: return NANO_EMBED;
    case nano::models::HeadTask::find: return NANO_FIND;
    case nano::models::HeadTask::classify: break;
  }
  return NANO_CLASSIFY;
}

enum class Give { scores, logits };

Status classify(const nano_model* model, const nano_text* texts, std::size_t count, Give give, float* out, std::size_t capacity,
                nano_result* results) {
  const std::size_t labels = model->model->info().labels.size();
  if (labels != 0) NANO_TRY(check_room(out, capacity, count, labels, give == Give::scores ? "scores" : "logits"));
  NANO_TRY_ASSIGN(const auto views, text_views(texts, count));
  NANO_TRY_ASSIGN(const auto answers, nano::tasks::classify(*model->model, views));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::vector<float>& from = give == Give::scores ? answers[i].scores : answers[i].logits;
    std::copy(from.begin(), from.end(), out + i * labels);
    nano_result r = to_result(answers[i]);
    r.best = static_cast<uint32_t>(answers[i].best);
    NANO_TRY(store_results(results, i, r));
  }
  return Unit{};
}

Status embed(const nano_model* model, const nano_text* texts, std::size_t count, float* vectors, std::size_t capacity,
             nano_result* results) {
  const std::size_t width = model->model->info().embedding_length;
  NANO_TRY(check_room(vectors, capacity, count, width, "vectors"));
  NANO_TRY_ASSIGN(const auto views, text_views(texts, count));
  NANO_TRY_ASSIGN(const auto answers, nano::tasks::embed(*model->model, views));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    std::copy(answers[i].vector.begin(), answers[i].vector.end(), vectors + i * width);
    NANO_TRY(store_results(results, i, to_result(answers[i])));
  }
  return Unit{};
}

}  // namespace

uint32_t nano_abi_version(void) {
  return NANO_ABI_VERSION;
}

uint32_t nano_abi_minor(void) {
  return NANO_ABI_MINOR;
}

nano_status nano_abi_check(uint32_t built_for) {
  return guarded([&]() -> Status {
    if (built_for == NANO_ABI_VERSION) return Unit{};
    return make_error(Errc::unsupported, "the program was built for ABI " + std::to_string(built_for) + " of libnano; this is " +
                                             std::to_string(NANO_ABI_VERSION));
  });
}

const char* nano_version(void) {
  return NANO_VERSION_TEXT;
}

const char* nano_status_string(nano_status status) {
  switch (status) {
    case NANO_OK: return "ok";
    case NANO_INTERNAL: return "internal";
    case NANO_USAGE: return "usage";
    case NANO_NOT_FOUND: return "not found";
    case NANO_STORE: return "store";
    case NANO_INVALID: return "invalid";
    case NANO_UNSUPPORTED: return "unsupported";
    case NANO_STATUS_INT: break;
  }
  return "unknown status";
}

const char* nano_last_error(void) {
  return last_error;
}

nano_status nano_open(const char* name_or_path, const nano_options* options, nano_model** model) {
  if (model != nullptr) *model = nullptr;
  return guarded([&]() -> Status {
    if (model == nullptr) return usage("the place for the model is NULL");
    if (name_or_path == nullptr) return usage("the name of the model is NULL");
    NANO_TRY_ASSIGN(const nano::OpenOptions open_options, read_options(options));
    auto handle = std::make_unique<nano_model>();
    NANO_TRY_ASSIGN(handle->model, nano::Model::open(name_or_path, open_options));
    *model = handle.release();
    return Unit{};
  });
}

void nano_close(nano_model* model) {
  delete model;
}

nano_status nano_model_info(const nano_model* model, nano_info* info) {
  return guarded([&]() -> Status {
    if (model == nullptr || info == nullptr) return usage("a NULL argument");
    const nano::ModelInfo& from = model->model->info();
    nano_info to = NANO_INFO_INIT;
    to.name = from.name.c_str();
    to.version = from.version.c_str();
    to.variant = from.variant.c_str();
    to.architecture = from.architecture.c_str();
    to.kernels = from.kernels.c_str();
    to.path = from.path.c_str();
    to.parameters = from.parameters;
    to.file_bytes = from.file_bytes;
    to.context_length = from.context_length;
    to.embedding_length = from.embedding_length;
    to.label_count = static_cast<uint32_t>(from.labels.size());
    to.vocabulary = from.vocabulary;
    to.threads = from.threads;
    return store_struct(to, info);
  });
}

const char* nano_label(const nano_model* model, size_t index) {
  if (model == nullptr) return nullptr;
  const auto& labels = model->model->info().labels;
  return index < labels.size() ? labels[index].c_str() : nullptr;
}

nano_status nano_tokenize(const nano_model* model, const char* text, size_t length, nano_token* tokens, size_t capacity,
                          size_t* count) {
  return guarded([&]() -> Status {
    if (model == nullptr || count == nullptr) return usage("a NULL argument");
    *count = 0;
    if (tokens == nullptr && capacity != 0) return usage("tokens is NULL");
    NANO_TRY_ASSIGN(const std::string_view view, text_view(text, length));
    const auto encoding = model->model->encode(view);
    *count = encoding.ids.size();
    for (std::size_t i = 0; i < std::min(capacity, encoding.ids.size()); ++i) {
      tokens[i] = {encoding.ids[i], 0, encoding.offsets[i].begin, encoding.offsets[i].end};
    }
    if (capacity == 0 || capacity >= encoding.ids.size()) return Unit{};
    return usage("the text has " + std::to_string(encoding.ids.size()) + " tokens, more than " + std::to_string(capacity));
  });
}

nano_status nano_classify(const nano_model* model, const char* text, size_t length, float* scores, size_t capacity,
                          nano_result* result) {
  const nano_text one{text, length};
  return nano_classify_batch(model, &one, 1, scores, capacity, result);
}

nano_status nano_classify_batch(const nano_model* model, const nano_text* texts, size_t count, float* scores, size_t capacity,
                                nano_result* results) {
  return guarded([&]() -> Status {
    if (model == nullptr) return usage("the model is NULL");
    return classify(model, texts, count, Give::scores, scores, capacity, results);
  });
}

nano_status nano_classify_logits(const nano_model* model, const nano_text* texts, size_t count, float* logits, size_t capacity,
                                 nano_result* results) {
  return guarded([&]() -> Status {
    if (model == nullptr) return usage("the model is NULL");
    return classify(model, texts, count, Give::logits, logits, capacity, results);
  });
}

nano_status nano_embed(const nano_model* model, const char* text, size_t length, float* vector, size_t capacity,
                       nano_result* result) {
  const nano_text one{text, length};
  return nano_embed_batch(model, &one, 1, vector, capacity, result);
}

nano_status nano_embed_batch(const nano_model* model, const nano_text* texts, size_t count, float* vectors, size_t capacity,
                             nano_result* results) {
  return guarded([&]() -> Status {
    if (model == nullptr) return usage("the model is NULL");
    return embed(model, texts, count, vectors, capacity, results);
  });
}

size_t nano_head_count(const nano_model* model) {
  return model == nullptr ? 0 : model->model->heads().size();
}

nano_status nano_head(const nano_model* model, size_t head, nano_head_info* info) {
  return guarded([&]() -> Status {
    if (model == nullptr || info == nullptr) return usage("a NULL argument");
    const auto& heads = model->model->heads();
    if (head >= heads.size()) return usage("the model has " + std::to_string(heads.size()) + " heads");
    const nano::AnsweringHead& from = heads[head];
    nano_head_info to = NANO_HEAD_INFO_INIT;
    to.name = from.name.c_str();
    to.task = task_of(from.head.task());
    to.label_count = static_cast<uint32_t>(from.labels.size());
    to.width = to.task == NANO_TAG || to.task == NANO_FIND ? 0 : static_cast<uint32_t>(from.head.width());
    to.multi_label = from.head.multi_label() ? 1 : 0;
    to.regression = from.head.problem() == nano::models::Problem::regression ? 1 : 0;
    return store_struct(to, info);
  });
}

const char* nano_head_label(const nano_model* model, size_t head, size_t index) {
  if (model == nullptr || head >= model->model->heads().size()) return nullptr;
  const auto& labels = model->model->heads()[head].labels;
  return index < labels.size() ? labels[index].c_str() : nullptr;
}

nano_status nano_run(const nano_model* model, const char* text, size_t length, const char* pair, size_t pair_length,
                     nano_answer** answer, nano_result* result) {
  if (answer != nullptr) *answer = nullptr;
  return guarded([&]() -> Status {
    if (model == nullptr) return usage("the model is NULL");
    if (answer == nullptr) return usage("the place for the answer is NULL");
    nano::tasks::Input input;
    NANO_TRY_ASSIGN(input.text, text_view(text, length));
    if (pair != nullptr) {
      NANO_TRY_ASSIGN(input.pair, text_view(pair, pair_length));
    }
    NANO_TRY_ASSIGN(auto answers, nano::tasks::answer(*model->model, {&input, 1}));
    auto out = std::make_unique<nano_answer>();
    out->answered = std::move(answers.front());
    for (const auto& head : out->answered.heads) {
      auto& spans = out->spans.emplace_back();
      for (const auto& s : head.spans)
        spans.push_back({s.begin, s.end, s.char_begin, s.char_end, s.label.empty() ? nullptr : s.label.c_str(), s.score, 0});
    }
    nano_result r = to_result(out->answered);
    r.best = static_cast<uint32_t>(out->answered.heads.front().best);
    NANO_TRY(store_results(result, 0, r));
    *answer = out.release();
    return Unit{};
  });
}

const float* nano_answer_floats(const nano_answer* answer, size_t head, size_t* count) {
  if (count != nullptr) *count = 0;
  if (answer == nullptr || head >= answer->answered.heads.size()) return nullptr;
  const auto& from = answer->answered.heads[head];
  const std::vector<float>& floats = from.scores.empty() ? from.vector : from.scores;
  if (count != nullptr) *count = floats.size();
  return floats.empty() ? nullptr : floats.data();
}

const float* nano_answer_logits(const nano_answer* answer, size_t head, size_t* count) {
  if (count != nullptr) *count = 0;
  if (answer == nullptr || head >= answer->answered.heads.size()) return nullptr;
  const std::vector<float>& logits = answer->answered.heads[head].logits;
  if (count != nullptr) *count = logits.size();
  return logits.empty() ? nullptr : logits.data();
}

const nano_span* nano_answer_spans(const nano_answer* answer, size_t head, size_t* count) {
  if (count != nullptr) *count = 0;
  if (answer == nullptr || head >= answer->spans.size()) return nullptr;
  const auto& spans = answer->spans[head];
  if (count != nullptr) *count = spans.size();
  return spans.empty() ? nullptr : spans.data();
}

nano_status nano_find_answer(const nano_model* model, const char* question, size_t question_length, const char* context,
                             size_t context_length, nano_span* best, nano_result* result) {
  return guarded([&]() -> Status {
    if (model == nullptr || best == nullptr) return usage("a NULL argument");
    *best = {};
    nano::tasks::Input input;
    NANO_TRY_ASSIGN(input.text, text_view(question, question_length));
    NANO_TRY_ASSIGN(input.pair, text_view(context, context_length));
    if (model->model->heads().front().head.task() != nano::models::HeadTask::find)
      return make_error(Errc::unsupported, "'" + model->model->heads().front().name + "' answers no questions");
    NANO_TRY_ASSIGN(const auto answers, nano::tasks::answer(*model->model, {&input, 1}));
    const auto& spans = answers.front().heads.front().spans;
    NANO_TRY(store_results(result, 0, to_result(answers.front())));
    if (spans.empty()) return make_error(Errc::not_found, "there is no context to find an answer in");
    const auto& s = spans.front();
    *best = {s.begin, s.end, s.char_begin, s.char_end, nullptr, s.score, 0};
    return Unit{};
  });
}

void nano_answer_free(nano_answer* answer) {
  delete answer;
}

nano_status nano_load_adapter(nano_model* model, const char* name_or_path, float scale, size_t* index) {
  return guarded([&]() -> Status {
    if (model == nullptr || name_or_path == nullptr || index == nullptr) return usage("a NULL argument");
    NANO_TRY_ASSIGN(*index, model->model->load_adapter(name_or_path, scale));
    return Unit{};
  });
}

nano_status nano_use_adapter(nano_model* model, size_t index) {
  return guarded([&]() -> Status {
    if (model == nullptr) return usage("the model is NULL");
    return model->model->use_adapter(index == NANO_NO_ADAPTER ? std::nullopt : std::optional<std::size_t>(index));
  });
}
