// app/run.cpp: a model by name, path or folder, and its heads' answers.
#include "app/run.h"

#include <algorithm>
#include <cmath>

#include "app/golden_tasks.h"
#include "app/install.h"
#include "app/installed.h"
#include "app/known_advisories.h"
#include "app/project.h"
#include "app/remote.h"
#include "base/text.h"
#include "runtime_shim/session.h"
#include "runtime_shim/session_parts.h"
#include "runtime_shim/tasks/answer.h"
#include "runtime_shim/tasks/embed.h"
#include "schemas/word.h"

namespace nano::app {

struct OpenModel::Impl {
  std::unique_ptr<nano::Model> model;
};

OpenModel::OpenModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OpenModel::OpenModel(OpenModel&&) noexcept = default;
OpenModel& OpenModel::operator=(OpenModel&&) noexcept = default;
OpenModel::~OpenModel() = default;

namespace {

/// The names that the registries had when they were last seen. The network is not asked for a hint.
std::vector<std::string> known_names(const Context& ctx, const std::string& ns) {
  NullLog quiet;
  Context offline = ctx;
  offline.log = &quiet;
  offline.settings.offline = true;
  Remotes remotes(offline);
  std::vector<std::string> out;
  const auto remote = remotes.for_namespace(ns);
  const auto index = remote ? (*remote)->index() : Result<const schemas::Index*>(remote.error());
  if (!index) return out;
  for (const auto& p : (*index)->packages) out.push_back(p.name.text());
  return out;
}

/// For who mistyped a name: the nearest one that there is, here or in a registry. The name as it was typed is named as something
/// to install only where it may exist: a slip of the pen is how one comes by a stranger's package.
void name_the_nearest(const Context& ctx, const std::string& model, Error& e) {
  const auto store = open_store(ctx, store::Mode::read);
  for (const std::string& part : split_parts(model)) {
    if (schemas::is_path(part)) continue;
    const auto want = schemas::Requirement::parse(part);
    if (!want) continue;
    std::vector<std::string> here;
    if (const auto all = store ? store::installed(*store) : Result<std::vector<store::InstalledEntry>>(store.error())) {
      for (const auto& i : *all) here.push_back(i.entry.name.text());
    }
    const std::string name = want->name.text();
    if (std::find(here.begin(), here.end(), name) != here.end()) continue;
    // What came with nano is called so beside a registry that has the bare names; locate() has said so.
    if (want->name.in_root() && std::find(here.begin(), here.end(), std::string(kStarterName) + "/" + name) != here.end()) return;
    const auto known = known_names(ctx, want->name.ns);
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (const std::string beside = Remotes(ctx).hint_of_starter(want->name); !beside.empty()) {
      e.hint = beside;
      return;
    }
    const auto near_here = nearest(name, here), near = nearest(name, known);
    // What the error says of a file of that name stays in front.
    const std::string file = e.hint.starts_with("for what lies") ? e.hint.substr(0, e.hint.find("; ") + 2) : "";
    if (near_here) {
      e.hint = file + "did you mean '" + *near_here + "'?";
    } else if (near) {
      e.hint = file + "did you mean '" + *near + "'? `nano install " + *near + "`";
    } else if (!known.empty()) {
      e.hint = file + "the registry does not have it either, as last seen: `nano search` finds names";
    }
    return;
  }
}

/// Install what is missing, if the person wants that. false = no.
Result<bool> offer(Context& ctx, const OpenOptions& options) {
  std::vector<std::string> names;
  for (const std::string& part : split_parts(options.model)) {
    if (!schemas::is_path(part)) names.push_back(part);
  }
  if (names.empty()) return false;
  if (!options.install_missing) {
    if (!ctx.ask || !ctx.ask("'" + sanitize(options.model) + "' is not installed. Install it now?"))
      return false;
  }
  InstallOptions install_options;
  install_options.requests = names;
  NANO_TRY(install(ctx, install_options));
  return true;
}

/// What is installed and cannot be opened is damaged, as a rule: the error names what mends it.
Error with_remedy(const Context& ctx, const std::string& model, Error e) {
  if (!e.hint.empty() || (e.code != Errc::invalid && e.code != Errc::integrity)) return e;
  const auto store = open_store(ctx, store::Mode::read);
  for (const std::string& part : split_parts(model)) {
    if (!store || schemas::is_path(part)) continue;
    if (const auto found = find_entry(ctx, *store, part)) {
      e.hint = "`nano verify " + found->entry.name.text() + "` tells whether its files are damaged, and with --repair mends them";
      break;
    }
  }
  return e;
}

}  // namespace

Result<OpenModel> OpenModel::open(Context& ctx, const OpenOptions& options) {
  if (options.threads < 0 || options.threads > static_cast<int>(kMaxThreads))
    return make_error(Errc::usage, "--threads must be between 1 and " + std::to_string(kMaxThreads));
  nano::OpenOptions o;
  o.threads = static_cast<unsigned>(options.threads);
  o.store = ctx.places.store.string();
  o.merge = options.merge;
  NANO_TRY_ASSIGN(o.project, project_for_model(ctx, options.model));
  auto model = nano::Model::open(options.model, o);
  if (!model && model.error().code == Errc::not_found) {
    NANO_TRY_ASSIGN(const bool installed_now, offer(ctx, options));
    if (installed_now) model = nano::Model::open(options.model, o);
  }
  if (!model && model.error().code == Errc::not_found && model.error().hint.find("nano install") != std::string::npos &&
      !model.error().hint.starts_with("installed is"))
    name_the_nearest(ctx, options.model, model.error());
  if (!model) return with_remedy(ctx, options.model, std::move(model.error()));
  warn_of_known_advisories(ctx, options.model);
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
bool OpenModel::made_for_one_text() const {
  return impl_->model->info().inputs == 1;
}
const std::string& OpenModel::kernels() const {
  return impl_->model->info().kernels;
}

namespace {

HeadAnswer named(const AnsweringHead& head, tasks::HeadAnswer&& from, std::string_view text, std::string_view pair) {
  HeadAnswer to;
  to.head = head.name;
  switch (head.head.task()) {
    case models::HeadTask::embed:
      to.kind = HeadAnswer::Kind::embed;
      to.vector = std::move(from.vector);
      break;
    case models::HeadTask::find:
    case models::HeadTask::tag: {
      const bool finds = head.head.task() == models::HeadTask::find;
      to.kind = finds ? HeadAnswer::Kind::find : HeadAnswer::Kind::tag;
      to.no_answer = static_cast<double>(from.no_answer);
      const std::string_view in = finds ? pair : text;
      for (tasks::Span& s : from.spans) {
        to.entities.push_back({std::move(s.label), static_cast<double>(s.score), std::string(in.substr(s.begin, s.end - s.begin)),
                               s.begin, s.end, s.char_begin, s.char_end});
      }
      break;
    }
    case models::HeadTask::classify:
      to.apart = head.head.problem() != models::Problem::single_label;
      for (std::size_t i = 0; i < from.scores.size(); ++i) {
        const double logit = static_cast<double>(from.logits[i]);
        // A sigmoid in double: in float all beyond 17 is 1.
        const double score = head.head.multi_label() ? 1.0 / (1.0 + std::exp(-logit)) : static_cast<double>(from.scores[i]);
        to.scores.push_back({head.labels[i], score, logit});
      }
      to.label = head.labels.at(from.best);
      std::stable_sort(to.scores.begin(), to.scores.end(), [](const auto& x, const auto& y) { return x.logit > y.logit; });
  }
  return to;
}

}  // namespace

Result<Answer> OpenModel::answer(std::string_view text, std::optional<std::string_view> pair) {
  const nano::Model& model = *impl_->model;
  const auto& heads = model.heads();
  if (heads.size() == 1 && heads.front().head.task() == models::HeadTask::embed) {
    return make_error(Errc::unsupported, "'" + heads.front().name + "' has no classifier",
                      "it makes embeddings: `nano embed`");
  }
  const tasks::Input input{text, pair};
  NANO_TRY_ASSIGN(auto results, tasks::answer(model, {&input, 1}));
  NANO_ASSERT(results.size() == 1 && results.front().heads.size() == heads.size());
  tasks::Answered& r = results.front();
  Answer a;
  a.ms = r.ms;
  a.tokens = r.tokens;
  a.truncated = r.truncated;
  for (std::size_t i = 0; i < heads.size(); ++i)
    a.heads.push_back(named(heads[i], std::move(r.heads[i]), text, pair.value_or("")));
  return a;
}

Result<EmbedAnswer> OpenModel::embed(std::string_view text) {
  NANO_TRY_ASSIGN(auto results, tasks::embed(*impl_->model, std::span(&text, 1)));
  NANO_ASSERT(results.size() == 1);
  auto& r = results.front();
  return EmbedAnswer{.vector = std::move(r.vector), .ms = r.ms, .tokens = r.tokens, .truncated = r.truncated};
}

Result<GoldenRecord> OpenModel::record_golden(const std::vector<GoldenText>& texts) {
  return record_golden_inputs(*impl_->model, texts);
}

}  // namespace nano::app
