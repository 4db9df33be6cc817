// runtime_shim/session.cpp: opening a model; packing sequences into passes.
#include "runtime_shim/session.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <sched.h>

#include "base/text.h"
#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/session_parts.h"

namespace nano {
namespace {

constexpr std::size_t kMaxParts = 65;  // a base with heads and adapters

std::string value_of(const schemas::GetEnv& getenv, const char* name) {
  const char* v = getenv(name);
  return v == nullptr ? std::string() : std::string(v);
}

unsigned usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  return std::max(1u, std::thread::hardware_concurrency());
}

// Counts itself among the passes that run.
class Running {
 public:
  explicit Running(std::atomic<unsigned>& count)
      : count_(count), alone_(count.fetch_add(1, std::memory_order_relaxed) == 0) {}
  ~Running() { count_.fetch_sub(1, std::memory_order_relaxed); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  [[nodiscard]] bool alone() const { return alone_; }

 private:
  std::atomic<unsigned>& count_;
  bool alone_;
};

schemas::GetEnv environment(const OpenOptions& options) {
  return options.getenv ? options.getenv : [](const char* name) { return secure_getenv(name); };
}

Result<unsigned> choose_threads(unsigned wanted, const std::string& from_environment) {
  if (wanted > kMaxThreads) {
    return make_error(Errc::usage,
                      std::to_string(wanted) + " threads: at most " + std::to_string(kMaxThreads));
  }
  if (wanted != 0) return wanted;
  if (from_environment.empty()) return std::min(kDefaultThreads, usable_cpus());
  unsigned n = 0;
  const char* end = from_environment.data() + from_environment.size();
  const auto [at, ec] = std::from_chars(from_environment.data(), end, n);
  if (ec != std::errc() || at != end || n == 0 || n > kMaxThreads) {
    return make_error(Errc::usage, "NANO_THREADS is '" + sanitize(from_environment) + "'",
                      "a whole number from 1 to " + std::to_string(kMaxThreads));
  }
  return n;
}

}  // namespace

Result<std::unique_ptr<Model>> Model::open(std::string_view name_or_path, const OpenOptions& options) {
  const schemas::GetEnv getenv = environment(options);
  std::vector<std::string> names = split_parts(name_or_path);
  if (names.size() > kMaxParts)
    return make_error(Errc::usage, "more than " + std::to_string(kMaxParts - 1) + " heads and adapters");
  std::vector<Located> parts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    NANO_TRY_ASSIGN(parts.emplace_back(), locate(names[i], options.store, getenv, options.project));
    if (i != 0 || parts.front().base.empty()) continue;
    // A head or adapter by itself: its base is installed with it.
    NANO_TRY_ASSIGN(Located base, locate(parts.front().base, options.store, getenv, options.project));
    parts.insert(parts.begin(), std::move(base));
  }
  return open_located(std::move(parts), options);
}

Result<std::unique_ptr<Model>> Model::open_located(std::vector<Located> parts, const OpenOptions& options) {
  NANO_ASSERT(!parts.empty());
  const schemas::GetEnv getenv = environment(options);
  std::unique_ptr<Model> model(new Model());
  ModelInfo& info = model->info_;
  NANO_TRY_ASSIGN(info.threads, choose_threads(options.threads, value_of(getenv, "NANO_THREADS")));
  NANO_TRY_ASSIGN(model->table_, kernels::choose(options.kernels.empty() ? value_of(getenv, "NANO_KERNELS")
                                                                         : options.kernels));
  model->store_ = options.store;
  model->project_ = options.project;
  model->getenv_ = getenv;
  const Located& located = parts.front();
  NANO_TRY_ASSIGN(model->file_, gguf::File::open(located.weights));
  const gguf::File& file = model->file_;
  NANO_TRY(model->open_parts(std::span(parts).subspan(1)));
  if (options.merge) NANO_TRY(model->merge_parts());
  NANO_TRY(model->load(located, options.derived && !model->merged_));
  const models::EncoderShape& shape = model->shape();
  if (model->words_->size() > shape.vocabulary) {
    return file.invalid("the tokenizer has " + std::to_string(model->words_->size()) +
                        " pieces, the embedding table " + std::to_string(shape.vocabulary) + " rows");
  }
  if (shape.kind->table_only) {
    NANO_TRY_ASSIGN(model->table_text_.drop_unknown, file.get_bool_or("nano.static.drop_unknown", true));
    NANO_TRY_ASSIGN(model->table_text_.characters, file.get_u32_or("nano.static.max_characters", 0));
  }
  if (shape.context < 2) return file.invalid("a context of one token leaves no room for text");

  NANO_TRY_ASSIGN(const auto own_name, file.get_string_or("general.name", ""));
  info.name = !located.name.empty() ? located.name
              : !own_name.empty()   ? sanitize(own_name)
                                    : located.weights.stem().string();
  NANO_TRY(model->load_heads(located));
  info.labels = model->heads_.front().labels;
  info.version = located.version;
  info.variant = located.variant;
  info.inputs = parts.size() == 1 ? located.inputs : parts[1].inputs;
  info.path = located.weights.string();
  info.architecture = shape.kind->name;
  info.kernels = model->table_->name;
  info.parameters = shape.parameters;
  info.file_bytes = file.bytes().size();
  info.context_length = shape.context;
  const models::Head& first = model->heads_.front().head;
  info.embedding_length =
      first.task() == models::HeadTask::embed ? static_cast<uint32_t>(first.width()) : shape.hidden;
  info.vocabulary = shape.vocabulary;
  model->team_ = std::make_unique<Team>(info.threads);
  info.threads = model->team_->size();
  return model;
}

Status Model::load_image(packed::Image& image, std::vector<int>& bits) {
  NANO_TRY_ASSIGN(encoder_, models::Encoder::load(file_, image, bits, merged_.get()));
  NANO_TRY_ASSIGN(words_, tokenizer::Tokenizer::load_any(file_, image));
  return Unit{};
}

// From the derived file where there is a good one; else pack, and leave one for the next start where that is possible.
Status Model::load(const Located& located, bool derived) {
  std::vector<int> bits;
  const bool kept = derived && located.blob.has_value();
  const packed::Origin origin{located.blob.value_or(Digest()), file_.bytes().size()};
  if (kept) {
    if (auto found = packed::Derived::open(located.derived, origin)) {
      derived_ = std::move(*found);
      packed::Image image(derived_.image());
      if (load_image(image, bits) && image.used() == image.bytes().size()) {
        info_.mapped = true;
        return Unit{};
      }
      derived_ = packed::Derived();  // of this packer by its header, and yet not of this model: made again
    }
  }
  packed::Image measured;
  NANO_TRY(load_image(measured, bits));
  file_.release(file_.bytes());
  image_ = packed::Image::to_fill(measured);
  NANO_TRY(load_image(image_, bits));
  file_.release(file_.bytes());
  if (kept && located.keep)
    (void)packed::write_derived(located.derived, origin, image_.bytes());  // no space: the next start packs
  return Unit{};
}

// Of a table of token vectors: no special tokens, nothing for what it does not know.
tokenizer::Encoding Model::encode_for_table(std::string_view text) const {
  std::size_t end = text.size();
  if (table_text_.characters != 0) {
    end = 0;
    for (uint64_t n = 0; n < table_text_.characters && end < text.size(); ++n) (void)decode_utf8(text, end);
  }
  tokenizer::Encoding all = words_->encode(text.substr(0, end), {.max_tokens = 0, .add_special = false}), out;
  out.truncated = end < text.size();
  for (std::size_t i = 0; i < all.ids.size(); ++i) {
    if (table_text_.drop_unknown && all.ids[i] == words_->special().unknown) continue;
    if (out.ids.size() == shape().context) {
      out.truncated = true;
      break;
    }
    out.ids.push_back(all.ids[i]);
    out.offsets.push_back(all.offsets[i]);
    out.words.push_back(all.words[i]);
  }
  return out;
}

tokenizer::Encoding Model::encode(std::string_view text) const {
  if (shape().kind->table_only) return encode_for_table(text);
  auto out = words_->encode(text, {.max_tokens = shape().context, .add_special = true});
  if (shape().token_types < 2) out.types.clear();
  return out;
}

tokenizer::Encoding Model::encode_pair(std::string_view a, std::string_view b) const {
  auto out = words_->encode_pair(a, b, {.max_tokens = shape().context, .add_special = !shape().kind->table_only});
  if (shape().token_types < 2) out.types.clear();  // RoBERTa, DistilBERT, ModernBERT: the separator says it
  return out;
}

// In a child a lock that another thread held at the fork stays locked: what is behind it is then done without.
std::unique_lock<std::mutex> Model::lock_here(std::mutex& mutex) const {
  return mark_.forked() ? std::unique_lock(mutex, std::try_to_lock) : std::unique_lock(mutex);
}

std::unique_ptr<Model::Context> Model::take_context() const {
  const auto lock = lock_here(contexts_mutex_);
  if (!lock.owns_lock() || contexts_.empty()) return std::make_unique<Context>();
  auto context = std::move(contexts_.back());
  contexts_.pop_back();
  return context;
}

void Model::give_back(std::unique_ptr<Context> context) const {
  const auto lock = lock_here(contexts_mutex_);
  if (lock.owns_lock() && contexts_.size() < kKeptContexts) contexts_.push_back(std::move(context));
}

Status Model::run(std::span<const std::vector<int32_t>> sequences, models::Want want,
                  const std::function<Status(const Out&)>& each,
                  std::span<const std::vector<int32_t>> types) const {
  auto context = take_context();
  const std::size_t room = std::max<std::size_t>(kPassTokens, shape().context);
  Status status = Unit{};
  for (std::size_t first = 0; first < sequences.size() && status;) {
    std::size_t count = 0, tokens = 0;
    do {
      tokens += sequences[first + count].size();
      ++count;
    } while (first + count < sequences.size() && tokens + sequences[first + count].size() <= room);
    status = run_pass(sequences.subspan(first, count), types.empty() ? types : types.subspan(first, count),
                      first, want, *context, each);
    first += count;
  }
  give_back(std::move(context));
  return status;
}

Status Model::run_pass(std::span<const std::vector<int32_t>> sequences,
                       std::span<const std::vector<int32_t>> types, std::size_t first, models::Want want,
                       Context& context, const std::function<Status(const Out&)>& each) const {
  context.ids.clear();
  context.types.clear();
  context.lengths.clear();
  for (const auto& s : sequences) {
    context.ids.insert(context.ids.end(), s.begin(), s.end());
    context.lengths.push_back(s.size());
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    context.types.insert(context.types.end(), types[i].begin(), types[i].end());
    if (types[i].empty()) context.types.insert(context.types.end(), sequences[i].size(), 0);
  }
  const models::PassOptions options{context.types, adapter_.load(std::memory_order_acquire)};
  if (info_.mapped && passes_.fetch_add(1, std::memory_order_relaxed) + 1 == kSettlePasses) derived_.settle();
  {
    const Running running(running_);
    std::unique_lock lock(team_mutex_, std::defer_lock);
    if (!team_->lost() && running.alone() && lock.try_lock()) {
      NANO_TRY(encoder_.forward(*table_, context.ids, context.lengths, context.pass, *team_, want, options));
    } else {  // other calls keep the cores busy, or this is a child and the helpers stayed behind
      Team alone(1);
      NANO_TRY(encoder_.forward(*table_, context.ids, context.lengths, context.pass, alone, want, options));
    }
  }
  std::size_t row = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::size_t h = shape().hidden, rows = want == models::Want::first ? 1 : context.lengths[i];
    NANO_TRY(each({first + i, context.pass.x.subspan(row * h, rows * h), rows, context.head}));
    row += rows;
  }
  return Unit{};
}

}  // namespace nano
