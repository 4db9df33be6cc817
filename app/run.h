// app/run.h: open a model by name, path or folder and answer texts one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/context.h"

namespace nano::app {

struct OpenOptions {
  std::string model{};  ///< `[ns/]name[@version][:variant]`, a path of a .gguf, or a package folder `DIR/`
  bool install_missing = false;  ///< install without asking; else asks on a terminal
  int threads = 0;               ///< 0 = choose
};

struct Answer {
  std::string label{};
  std::vector<std::pair<std::string, double>> scores{};  ///< label, probability; highest first
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

  /// Any bytes are answered: invalid UTF-8 is read as U+FFFD. errors  unsupported: the model has no
  /// classification head
  [[nodiscard]] Result<Answer> classify(std::string_view text);
  [[nodiscard]] Result<EmbedAnswer> embed(std::string_view text);

 private:
  struct Impl;
  explicit OpenModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nano::app
