#include "tests/store/store_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "base/clock.h"
#include "base/hash.h"
#include "store/blobs.h"
#include "store/partials.h"

namespace nano::store::test {
namespace {

std::string must(Result<std::string> r) {
  if (!r) throw std::runtime_error(r.error().render());
  return std::move(r).value();
}

constexpr const char* kManifest = R"({
  "schema": "nano.manifest/1", "name": "NAME", "version": "VERSION", "kind": "model", "title": "A test package",
  "description": "Made up.", "license": {"spdx": "Apache-2.0", "file": "LICENSE"}, "task": "text-classification",
  "languages": ["en"],
  "model": {"family": "bert", "architecture": "bert", "parameters": 1000, "context_length": 64, "base_models": []},
  "inputs": [{"name": "text", "type": "text", "description": "text"}],
  "outputs": [{"name": "label", "type": "label", "description": "label"}],
  "labels": ["negative", "positive"],
  "variants": [
    {"name": "q8", "default": true, "quantization": "q8_0", "files": ["weights-q8.gguf"]},
    {"name": "q4", "quantization": "q4_0", "files": ["weights-q4.gguf"]}],
  "files": [{"path": "weights-q8.gguf", "role": "weights"}, {"path": "weights-q4.gguf", "role": "weights"},
    {"path": "README.md", "role": "card"}, {"path": "LICENSE", "role": "license"}, {"path": "eval/data.tsv", "role": "eval"}],
  "access": {"type": "open"}, "intended_use": "Tests.", "limits": ["Everything."]})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

}  // namespace

FastDir::FastDir() {
  for (const char* parent : {"/dev/shm", "/tmp"}) {
    std::string name = std::string(parent) + "/nano-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) continue;
    path_ = name;
    return;
  }
  throw std::runtime_error("mkdtemp failed");
}

FastDir::~FastDir() {
  std::error_code ec;
  std::filesystem::remove_all(path_, ec);
}

Package make_package(const std::string& name, const std::string& version, unsigned seed, std::size_t weight_bytes) {
  Package p;
  std::mt19937 rng(seed);
  const auto random_bytes = [&](std::size_t n) {
    std::string s(n, '\0');
    for (char& c : s) c = static_cast<char>(rng() & 0xff);
    return s;
  };
  p.files["weights-q8.gguf"] = random_bytes(weight_bytes);
  p.files["weights-q4.gguf"] = random_bytes(weight_bytes / 2);
  p.files["README.md"] = "# the same card in every package\n";
  p.files["LICENSE"] = "Apache License\n";
  p.files["eval/data.tsv"] = "1\tgood " + std::to_string(seed) + "\n";
  auto manifest = schemas::parse_manifest(replaced(replaced(kManifest, "NAME", name), "VERSION", version));
  if (!manifest) throw std::runtime_error(manifest.error().render());
  p.release.manifest = std::move(manifest).value();
  p.release.created = "2026-01-02T03:04:05Z";
  for (const auto& [path, content] : p.files) {
    schemas::ReleaseFile f;
    f.path = path;
    f.size = content.size();
    f.sha256 = sha256(content);
    const auto* entry = p.release.manifest.find_file(path);
    f.role = entry->role;
    f.variant = entry->variant;
    p.release.files.push_back(f);
  }
  p.bytes = must(schemas::release_bytes(p.release));
  return p;
}

Store open_store(const Path& root) {
  auto s = Store::open(root, Mode::write);
  if (!s) throw std::runtime_error(s.error().render());
  return std::move(s).value();
}

PackageSource source_of(const Package& p, const std::string& variant) {
  return {.release_bytes = p.bytes, .variant = variant};
}

Status fetch_blobs(const Store& store, const Package& p, const std::string& variant, std::size_t chunk) {
  for (const auto* f : p.release.files_of(variant)) {
    NANO_TRY_ASSIGN(const bool there, reuse_blob(store, f->sha256, f->size));
    if (there) continue;
    NANO_TRY_ASSIGN(auto partial, Partial::resume(store, f->sha256, f->size));
    if (partial.already_stored()) continue;
    const std::string& content = p.files.at(f->path);
    while (partial.offset() < content.size()) NANO_TRY(partial.append(std::string_view(content).substr(partial.offset(), chunk)));
    NANO_TRY(partial.commit());
  }
  return Unit{};
}

Result<uint64_t> install(const Store& store, const Package& p, const std::string& variant, std::size_t chunk) {
  NANO_TRY(fetch_blobs(store, p, variant, chunk));
  NANO_TRY_ASSIGN(auto tx, Transaction::begin(store, "test install " + p.name().text()));
  GenerationEntry e;
  e.registry = "starter";
  e.signer = std::string(64, 'a');
  NANO_TRY(tx.add(source_of(p, variant), e));
  return tx.commit("install " + p.name().text(), format_time(now()));
}

Result<uint64_t> uninstall(const Store& store, const std::string& name) {
  NANO_TRY_ASSIGN(auto tx, Transaction::begin(store, "test uninstall"));
  NANO_TRY(tx.remove(pkg(name)));
  return tx.commit("uninstall " + name, format_time(now()));
}

namespace {
std::string report_text(const Store& store, bool all_generations, bool with_leftovers) {
  NullProgress progress;
  const auto report = check(store, {.all_generations = all_generations}, progress);
  if (!report) return report.error().render();
  std::string out;
  for (const auto& f : report->findings) {
    if (!with_leftovers && f.kind == Finding::Kind::leftover) continue;
    out += std::string(kind_word(f.kind)) + " " + f.path + " (" + f.package + ") expected " + f.expected + ", got " + f.got + "\n";
  }
  return out;
}
}  // namespace

std::string findings(const Store& store, bool all_generations) { return report_text(store, all_generations, true); }
std::string damage(const Store& store, bool all_generations) { return report_text(store, all_generations, false); }

schemas::PackageName pkg(const std::string& name) {
  auto n = schemas::PackageName::parse(name);
  if (!n) throw std::runtime_error(n.error().render());
  return std::move(n).value();
}

std::string installed_text(const Store& store) {
  const auto all = installed(store);
  if (!all) return all.error().render();
  std::string out;
  for (const auto& i : *all) out += (out.empty() ? "" : " ") + i.entry.name.text() + "@" + i.entry.version.text() + ":" + i.entry.variant;
  return out;
}

std::vector<std::string> tree(const Path& dir) {
  std::vector<std::string> out;
  for (const auto& e : std::filesystem::recursive_directory_iterator(dir)) out.push_back(e.path().lexically_relative(dir).string());
  std::sort(out.begin(), out.end());
  return out;
}

int in_child(const std::function<int()>& body, long kill_after_us) {
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    int code = 99;
    try {
      code = body();
    } catch (...) {
    }
    _exit(code);
  }
  if (kill_after_us > 0) {
    usleep(static_cast<useconds_t>(kill_after_us));
    kill(pid, SIGKILL);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

}  // namespace nano::store::test
