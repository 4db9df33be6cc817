// app/pack.cpp: a package folder, checked to the weights, into a bundle.
#include "app/pack.h"

#include <algorithm>

#include "app/golden.h"
#include "app/installed.h"
#include "app/unfilled.h"
#include "base/fs_output.h"
#include "base/json_place.h"
#include "base/text.h"
#include "registry/pack.h"
#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/gguf/reader.h"
#include "runtime_shim/session.h"

namespace nano::app {
namespace {

std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& w : words) out += (out.empty() ? "" : ", ") + sanitize(w);
  return out.empty() ? "none" : out;
}

/// What a file says of itself against what the manifest says: `why` becomes a problem of that place, if the place could be read.
class Contradictions {
 public:
  explicit Contradictions(const schemas::Problems& known) : known_(known) {}
  void add(const std::string& pointer, std::string why, std::string hint = {}) {
    if (pointer.empty() || !schemas::any_about(known_, pointer)) found_.push_back({pointer, std::move(why), std::move(hint)});
  }
  void add(Error error) { found_.push_back({"", std::move(error.message), std::move(error.hint)}); }
  [[nodiscard]] bool readable(const std::string& pointer) const { return !schemas::any_about(known_, pointer); }
  [[nodiscard]] schemas::Problems take() { return std::move(found_); }

 private:
  const schemas::Problems& known_;
  schemas::Problems found_{};
};

/// What goes with a base says so, and for which base: only there can the rest of it be checked.
Status check_part(const gguf::File& file, const schemas::Manifest& m, Contradictions& out) {
  const std::string kind = m.kind == schemas::Kind::head ? "head" : "adapter";
  NANO_TRY_ASSIGN(const auto type, file.get_string_or("general.type", "model"));
  if (type != kind) {
    out.add("/kind", "the file's general.type is '" + sanitize(type) + "', the package is of kind '" + kind + "'");
    return Unit{};
  }
  if (m.kind == schemas::Kind::adapter) return Unit{};
  NANO_TRY_ASSIGN(const auto abi, file.get_string("nano.head.abi"));
  for (std::size_t i = 0; i < m.dependencies.size(); ++i) {
    const schemas::Dependency& d = m.dependencies[i];
    if (d.use == schemas::DependencyUse::base && !d.abi.empty() && d.abi != abi)
      out.add("/dependencies/" + std::to_string(i) + "/abi",
              "the file's nano.head.abi is '" + sanitize(abi) + "'; nano.json asks its base for '" + sanitize(d.abi) + "'");
  }
  return Unit{};
}

/// What `nano new` left for the author and nobody filled in. A package may be so, its readers will miss it.
void warn_of_unfilled(Context& ctx, const fs::Path& dir, const schemas::Manifest& m) {
  if (m.description == kUnfilledDescription) ctx.log->warn("nano.json: the description is still that of `nano new`");
  if (m.license.spdx == kUnfilledLicense)
    ctx.log->warn("nano.json: the licence is not stated: license.spdx takes an SPDX id, as MIT or CC-BY-4.0; whoever asks for a licence will not "
                  "get this package");
  for (const auto& d : m.dependencies)
    if (d.name.text() == kUnfilledBase)
      ctx.log->warn("nano.json: the base is still '" + d.name.text() + "', which `nano new` put there: name the package it runs on");
  for (const auto& f : m.files) {
    if (f.role != schemas::Role::card) continue;
    const auto text = fs::read_file(dir / f.path, registry::kMaxCardBytes);
    if (text && text->find(kUnfilledCard) != std::string::npos)
      ctx.log->warn(sanitize(f.path) + ": the model card is still that of `nano new`");
  }
}

/// The weights against what the manifest says of them: a card that lies about its model is a fault of the
/// package.
Status check_weights(Context& ctx, const fs::Path& path, const schemas::Manifest& m, Contradictions& out) {
  NANO_TRY_ASSIGN(const gguf::File file, gguf::File::open(path));
  if (m.model) {
    NANO_TRY_ASSIGN(const auto architecture, file.get_string("general.architecture"));
    if (architecture != m.model->architecture)
      out.add("/model/architecture",
              "the file's architecture is '" + sanitize(architecture) + "', nano.json says '" + sanitize(m.model->architecture) + "'");
    const uint64_t parameters = gguf::describe(file).parameters;
    if (parameters != m.model->parameters)
      out.add("/model/parameters",
              "the file has " + std::to_string(parameters) + " parameters, nano.json says " + std::to_string(m.model->parameters));
  }
  if (!out.readable("/kind")) return Unit{};
  if (m.kind == schemas::Kind::head || m.kind == schemas::Kind::adapter) return check_part(file, m, out);
  nano::OpenOptions o;
  o.threads = 1;
  auto model = nano::Model::open(std::filesystem::absolute(path).string(), o);
  if (!model) {
    if (model.error().code != Errc::unsupported) return std::move(model.error());
    // Weights for another runtime are a fair package; whoever packs them should know that nano itself can't
    // run them.
    ctx.log->warn(path.filename().string() + ": " + model.error().message +
                  "; it can be packed, but `nano run` will refuse it");
    return Unit{};
  }
  const auto& info = (*model)->info();
  if (m.model && m.model->context_length != 0 && info.context_length != m.model->context_length)
    out.add("/model/context_length", "the file's context length is " + std::to_string(info.context_length) + ", nano.json says " +
                                         std::to_string(m.model->context_length));
  if (!m.labels.empty() && !info.labels.empty() && m.labels != info.labels)
    out.add("/labels", "the file's labels are " + list(info.labels) + "; nano.json says " + list(m.labels));
  return Unit{};
}

/// Every variant's golden file against its own weights: what fails at its publisher fails at everybody. A head's or adapter's
/// is replayed on the base that is installed.
void replay_all(Context& ctx, const fs::Path& dir, const schemas::Manifest& m, schemas::Problems& problems) {
  std::vector<std::string> variants;
  for (const auto& v : m.variants) variants.push_back(v.name);
  if (variants.empty()) variants.emplace_back();
  const BaseOf base_of = [&](const schemas::PackageName& name) -> Result<std::optional<GoldenPlace>> {
    const auto store = open_store(ctx, store::Mode::read);
    if (!store) return std::optional<GoldenPlace>();
    const auto found = find_entry(ctx, *store, name.text());
    if (!found) return std::optional<GoldenPlace>();
    return std::optional(GoldenPlace{found->store / found->entry.dir, found->entry.variant});
  };
  for (const std::string& variant : variants) {
    const auto* golden = m.file_of(schemas::Role::golden, variant);
    if (golden == nullptr) continue;
    std::size_t at = 0;
    while (&m.files[at] != golden) ++at;
    const std::string pointer = "/files/" + std::to_string(at) + "/path";
    const std::string where = "'" + golden->path + "'" + (variant.empty() ? "" : ", variant " + variant) + ": ";
    const auto report = replay_golden({dir, variant}, m, base_of);
    if (!report) {
      problems.push_back({pointer, where + report.error().message, report.error().hint});
      continue;
    }
    if (!(*report)->skipped.empty()) ctx.log->note(where + "not replayed: " + (*report)->skipped);
    for (const std::string& f : (*report)->failures)
      problems.push_back({pointer, where + f, "`nano golden` writes down what these weights answer; each variant may have a file of its own"});
  }
}

/// Problems of a manifest's prose leave its models as they are.
bool can_replay(const schemas::Problems& problems) {
  const auto bad = [&](std::string_view pointer) { return schemas::any_about(problems, pointer); };
  for (const char* pointer : {"/kind", "/task", "/model", "/labels", "/variants", "/files", "/dependencies"})
    if (bad(pointer)) return false;
  return true;
}

}  // namespace

Result<PackReport> pack(Context& ctx, const PackOptions& options) {
  registry::PackOptions o;
  o.check_weights = [&ctx](const fs::Path& path, const schemas::Manifest& m, const schemas::FileEntry&, const schemas::Problems& known) {
    Contradictions found(known);
    if (auto done = check_weights(ctx, path, m, found); !done) found.add(std::move(done.error()));
    return found.take();
  };
  NANO_TRY_ASSIGN(auto packed, registry::pack_folder(options.dir, o));
  for (const auto& n : packed.notes) ctx.log->note(n);
  PackReport r;
  r.problems = std::move(packed.problems);
  // The answers are looked at whatever else is wrong, unless that is what they would stumble over.
  if (packed.manifest && can_replay(r.problems)) replay_all(ctx, options.dir, *packed.manifest, r.problems);
  if (const auto text = fs::read_file(options.dir / "nano.json", schemas::kMaxManifestBytes))
    for (auto& p : r.problems)
      if (!p.pointer.empty()) p.line = json_line(*text, p.pointer);
  std::stable_sort(r.problems.begin(), r.problems.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  if (!r.problems.empty()) return r;
  NANO_ASSERT(packed.packed);
  const auto& p = *packed.packed;
  const auto& m = p.release.manifest;
  r.bundle = options.out.empty() ? fs::Path(m.name.name + "-" + m.version.text() + ".nano") : options.out;
  NANO_TRY(fs::check_output(r.bundle, options.force));  // what is wrong in the package was said first
  warn_of_unfilled(ctx, options.dir, m);
  r.name = m.name.text();
  r.version = m.version.text();
  r.release_digest = p.digest.text();
  r.files = p.release.files.size();
  for (const auto& f : p.release.files) r.content_bytes += f.size;
  NANO_TRY_ASSIGN(r.bundle_bytes, registry::write_bundle(r.bundle, p.release_bytes, p.blobs, {.replace = options.force}));
  return r;
}

}  // namespace nano::app
