// runtime_shim/session.h: a model opened for use: its file, tokenizer, weights, kernels and threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime_shim/fork_mark.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/locate.h"
#include "runtime_shim/models/adapter.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/packed/derived.h"
#include "runtime_shim/session_team.h"
#include "runtime_shim/tokenizer/tokenizer.h"

namespace nano {

inline constexpr unsigned kMaxThreads = 64;
inline constexpr unsigned kDefaultThreads = 4;   ///< at most, where nobody says; fewer on fewer CPUs
inline constexpr std::size_t kPassTokens = 512;  ///< tokens in one forward pass, unless one sequence has more
inline constexpr std::size_t kKeptContexts = 32;  ///< scratch memories kept for later calls
inline constexpr uint32_t kSettlePasses = 32;    ///< after so many passes a mapped model moves to huge pages

struct OpenOptions {
  unsigned threads =
      0;  ///< 1..kMaxThreads; 0 = NANO_THREADS, else the CPUs this process may use, at most kDefaultThreads
  std::string kernels{};     ///< "" = NANO_KERNELS, else the best usable
  std::string store{};       ///< "" = as the environment says
  std::string project{};     ///< a project's folder; "" = NANO_PROJECT, else none
  bool merge = false;        ///< adapters named with the base become part of its weights, for good
  bool derived = true;       ///< use and keep the packed form of installed models under the store's derived/
  schemas::GetEnv getenv{};  ///< empty = secure_getenv
};

/// What is known about an opened model.
struct ModelInfo {
  std::string name{};     ///< of the package; of a bare file: its general.name, else its file name
  std::string version{};  ///< "" for a bare file
  std::string variant{};  ///< "" for a bare file
  std::string path{};     ///< the weights
  std::string architecture{};
  std::string kernels{};  ///< the table in use
  uint64_t parameters = 0;
  uint64_t file_bytes = 0;
  uint32_t context_length = 0;  ///< tokens, with the special ones
  uint32_t embedding_length = 0;  ///< of what it embeds to: a head that projects has a width of its own
  uint32_t vocabulary = 0;
  std::size_t inputs = 0;  ///< that its package says it takes: 1, or 2 of a model for pairs; 0: nobody says
  unsigned threads = 1;  ///< that there are: fewer than asked for where the system gave fewer
  bool mapped = false;  ///< its packed form was found and mapped, not made
  std::vector<std::string>
      labels{};  ///< of the first head, in the order of the scores; empty: it does not classify
};

/// A head that answers: the model's own, or those of packages opened with it (base+head1+head2).
struct AnsweringHead {
  std::string name{};
  std::vector<std::string> labels{};  ///< in the order of the scores; empty: it embeds
  models::Head head{};
};

/// An opened model. Every const member may be called from any number of threads at once: weights are shared, each call
/// takes a scratch memory from a small pool, and a call that finds no other running gets the helper threads (the others
/// compute alone: so many callers keep the cores busy without helpers that get in their way). In a child after fork every
/// member works, with one thread.
class Model {
 public:
  /// Open by installed name (`[ns/]name[@version][:variant]`), package folder, or path of a .gguf; with heads and adapters
  /// behind it, `base+head1+head2+adapter` (a path that exists and holds a '+' is one path). Heads stand in for the base's
  /// own head; an installed head or adapter named alone brings its base; adapters are in use from the start (OpenOptions::merge: part of the weights).
  /// errors  not_found, usage, store: see locate; invalid, unsupported: see Encoder::load, Head::load, Adapter::load and
  ///         kernels::choose; unsupported: a head made for another base (ABI)
  [[nodiscard]] static Result<std::unique_ptr<Model>> open(std::string_view name_or_path,
                                                           const OpenOptions& options = {});
  /// The same of what was located already: first a model or a base, then heads and adapters. At least one.
  [[nodiscard]] static Result<std::unique_ptr<Model>> open_located(std::vector<Located> parts,
                                                                   const OpenOptions& options = {});

  [[nodiscard]] const ModelInfo& info() const { return info_; }
  [[nodiscard]] const models::EncoderShape& shape() const { return encoder_.shape(); }
  /// At least one. A model without a head of its own embeds.
  [[nodiscard]] const std::deque<AnsweringHead>& heads() const { return heads_; }

  /// Load an adapter for the model as it is opened, by name or path; scale 1 is as it was trained. Its index is for
  /// use_adapter. It lives as long as the model.   errors  as open. threads  safe
  [[nodiscard]] Result<std::size_t> load_adapter(std::string_view name_or_path, float scale = 1.0f);
  /// From the next call on, this adapter alone is in use; none: the base as it is.
  /// errors  usage: no such adapter. threads  safe: calls under way end as they began
  [[nodiscard]] Status use_adapter(std::optional<std::size_t> index);

  [[nodiscard]] const tokenizer::Tokenizer& words() const { return *words_; }
  [[nodiscard]] const gguf::File& file() const { return file_; }
  /// The text with special tokens, cut to the context length.
  [[nodiscard]] tokenizer::Encoding encode(std::string_view text) const;
  [[nodiscard]] tokenizer::Encoding encode_pair(std::string_view a, std::string_view b) const;

  /// What a pass gives out for one sequence: its hidden states (length, hidden) and a scratch to go on with.
  struct Out {
    std::size_t index = 0;  ///< which sequence
    std::span<const float> states{};
    std::size_t length = 0;  ///< rows of states: 1 where only the first is wanted
    models::Scratch& scratch;
  };
  /// Run the sequences, packed into passes; `each` is called for all of them in order, on the calling thread. `types`:
  /// the tokens' types, each as long as its sequence or empty (all 0); none at all: all 0.
  /// errors  as Encoder::forward; those of `each`
  [[nodiscard]] Status run(std::span<const std::vector<int32_t>> sequences, models::Want want,
                           const std::function<Status(const Out&)>& each,
                           std::span<const std::vector<int32_t>> types = {}) const;

  [[nodiscard]] const models::Encoder& encoder() const { return encoder_; }
  [[nodiscard]] const kernels::Table& kernels() const { return *table_; }
  /// The packed form that this very opening made; empty where it was mapped from a derived file.
  [[nodiscard]] std::span<const std::byte> packed_image() const { return image_.bytes(); }

 private:
  struct Context {
    models::Scratch pass{};  ///< holds the hidden states
    models::Scratch head{};  ///< for what follows them
    std::vector<int32_t> ids{};
    std::vector<int32_t> types{};
    std::vector<std::size_t> lengths{};
  };
  /// What stands behind a `+`.
  struct Part {
    Located located{};
    std::string name{};
    gguf::File file{};
    packed::Image image{};  ///< of a head
  };
  struct LoadedAdapter {
    std::string name{};
    models::Adapter adapter{};
  };
  /// How texts for a table of token vectors are read.
  struct TableText {
    bool drop_unknown = true;  ///< tokens the tokenizer does not know count for nothing
    uint32_t characters = 0;   ///< of a text that are read; 0: all
  };
  Model() = default;
  [[nodiscard]] tokenizer::Encoding encode_for_table(std::string_view text) const;
  [[nodiscard]] std::unique_lock<std::mutex> lock_here(std::mutex& mutex) const;
  [[nodiscard]] std::unique_ptr<Context> take_context() const;
  void give_back(std::unique_ptr<Context> context) const;
  [[nodiscard]] Status run_pass(std::span<const std::vector<int32_t>> sequences,
                                std::span<const std::vector<int32_t>> types, std::size_t first,
                                models::Want want, Context& context,
                                const std::function<Status(const Out&)>& each) const;

  [[nodiscard]] Status load(const Located& located, bool derived);
  [[nodiscard]] Status open_parts(std::span<Located> located);
  [[nodiscard]] Status merge_parts();
  [[nodiscard]] Status load_heads(const Located& base);
  [[nodiscard]] Status load_head(Part& part, const std::string& base_abi);
  [[nodiscard]] Status load_image(packed::Image& image, std::vector<int>& bits);

  gguf::File file_{};
  packed::Image image_{};
  mutable packed::Derived derived_{};  ///< mapped, or empty
  mutable std::atomic<uint32_t> passes_{0};
  models::Encoder encoder_{};
  std::deque<Part> parts_{};  ///< files of heads and adapters
  std::deque<AnsweringHead> heads_{};
  std::unique_ptr<models::Adapter> merged_{};
  mutable std::mutex adapters_mutex_{};
  std::deque<LoadedAdapter> adapters_{};
  std::atomic<const models::Adapter*> adapter_{nullptr};  ///< in use
  std::string store_{}, project_{};                       ///< as given to open: where adapters are looked for
  schemas::GetEnv getenv_{};
  std::unique_ptr<tokenizer::Tokenizer> words_{};
  const kernels::Table* table_ = nullptr;
  ModelInfo info_{};

  TableText table_text_{};
  ForkMark mark_{};
  mutable std::mutex contexts_mutex_{};
  mutable std::vector<std::unique_ptr<Context>> contexts_{};
  mutable std::atomic<unsigned> running_{0};  ///< passes
  mutable std::mutex team_mutex_{};
  mutable std::unique_ptr<Team> team_{};
};

}  // namespace nano
