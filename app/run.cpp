// app/run.cpp: a model by name, path or folder, and its answers.
#include "app/run.h"

#include <algorithm>

#include "app/install.h"
#include "app/installed.h"
#include "base/text.h"
#include "runtime_shim/session.h"
#include "runtime_shim/tasks/classify.h"
#include "runtime_shim/tasks/embed.h"

namespace nano::app {

struct OpenModel::Impl {
  std::unique_ptr<nano::Model> model;
};

OpenModel::OpenModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OpenModel::OpenModel(OpenModel&&) noexcept = default;
OpenModel& OpenModel::operator=(OpenModel&&) noexcept = default;
OpenModel::~OpenModel() = default;

namespace {

bool looks_like_path(const std::string& s) {
  // A namespace also holds a '/', so "a/b" is a path only where it exists.
  std::error_code ec;
  return s.ends_with(".gguf") || s.starts_with("./") || s.starts_with("../") || s.starts_with("/") ||
         s.ends_with("/") || (s.find('/') != std::string::npos && std::filesystem::exists(s, ec));
}

/// Install what is missing, if the person wants that. false = no.
Result<bool> offer(Context& ctx, const OpenOptions& options) {
  if (looks_like_path(options.model)) return false;
  if (!options.install_missing) {
    if (!ctx.ask || !ctx.ask("'" + sanitize(options.model) + "' is not installed. Install it now?"))
      return false;
  }
  InstallOptions install_options;
  install_options.requests = {options.model};
  NANO_TRY(install(ctx, install_options));
  return true;
}

}  // namespace

Result<OpenModel> OpenModel::open(Context& ctx, const OpenOptions& options) {
  if (options.threads < 0 || options.threads > static_cast<int>(kMaxThreads))
    return make_error(Errc::usage, "--threads must be between 1 and " + std::to_string(kMaxThreads));
  nano::OpenOptions o;
  o.threads = static_cast<unsigned>(options.threads);
  o.store = ctx.places.store.string();
  auto model = nano::Model::open(options.model, o);
  if (!model && model.error().code == Errc::not_found) {
    NANO_TRY_ASSIGN(const bool installed_now, offer(ctx, options));
    if (installed_now) model = nano::Model::open(options.model, o);
  }
  if (!model) return std::move(model.error());
  auto impl = std::make_unique<Impl>();
  impl->model = std::move(*model);
  return OpenModel(std::move(impl));
}

const std::string& OpenModel::name() const {
  return impl_->model->info().name;
}
const std::string& OpenModel::version() const {
  return impl_->model->info().version;
}
const std::string& OpenModel::variant() const {
  return impl_->model->info().variant;
}
const std::vector<std::string>& OpenModel::labels() const {
  return impl_->model->info().labels;
}
const std::string& OpenModel::kernels() const {
  return impl_->model->info().kernels;
}

Result<Answer> OpenModel::classify(std::string_view text) {
  NANO_TRY_ASSIGN(const auto results, tasks::classify(*impl_->model, std::span(&text, 1)));
  NANO_ASSERT(results.size() == 1);
  const auto& r = results.front();
  Answer a;
  a.ms = r.ms;
  a.tokens = r.tokens;
  a.truncated = r.truncated;
  for (std::size_t i = 0; i < r.scores.size(); ++i)
    a.scores.emplace_back(i < labels().size() ? labels()[i] : "label-" + std::to_string(i),
                          static_cast<double>(r.scores[i]));
  a.label = a.scores.at(r.best).first;
  std::stable_sort(a.scores.begin(), a.scores.end(),
                   [](const auto& x, const auto& y) { return x.second > y.second; });
  return a;
}

Result<EmbedAnswer> OpenModel::embed(std::string_view text) {
  NANO_TRY_ASSIGN(auto results, tasks::embed(*impl_->model, std::span(&text, 1)));
  NANO_ASSERT(results.size() == 1);
  auto& r = results.front();
  return EmbedAnswer{.vector = std::move(r.vector), .ms = r.ms, .tokens = r.tokens, .truncated = r.truncated};
}

}  // namespace nano::app
