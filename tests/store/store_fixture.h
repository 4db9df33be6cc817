// tests/store/store_fixture.h: made-up packages, an install as the client does it, and fault plans.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fs.h"
#include "store/check.h"
#include "store/store.h"
#include "store/transaction.h"
#include "tests/support/support.h"

namespace nano::store::test {

using nano::test::TempDir;

/// As TempDir, in memory where there is /dev/shm: for tests that install hundreds of times. A process that is killed there
/// loses what it would lose on a disk (nothing that the kernel was given).
class FastDir {
 public:
  FastDir();
  ~FastDir();
  FastDir(const FastDir&) = delete;
  FastDir& operator=(const FastDir&) = delete;
  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] Path operator/(std::string_view rel) const { return path_ / rel; }

 private:
  Path path_{};
};

struct Package {
  schemas::Release release{};
  std::string bytes{};                         ///< the release document
  std::map<std::string, std::string> files{};  ///< path -> content
  [[nodiscard]] const schemas::PackageName& name() const { return release.manifest.name; }
};

/// Variants q8 and q4 (`weights-q8.gguf`, `weights-q4.gguf`), a card and a licence shared by both, `eval/data.tsv` in a folder.
/// `seed` changes the weights' bytes; the card is the same for all packages, so its blob is shared.
[[nodiscard]] Package make_package(const std::string& name, const std::string& version, unsigned seed, std::size_t weight_bytes = 3000);

[[nodiscard]] Store open_store(const Path& root);

/// What the client does: reuse or download each blob (in `chunk` byte pieces), stage, commit.
[[nodiscard]] Result<uint64_t> install(const Store& store, const Package& p, const std::string& variant = "q8", std::size_t chunk = 1000);
[[nodiscard]] Status fetch_blobs(const Store& store, const Package& p, const std::string& variant, std::size_t chunk = 1000);
[[nodiscard]] PackageSource source_of(const Package& p, const std::string& variant = "q8");
[[nodiscard]] Result<uint64_t> uninstall(const Store& store, const std::string& name);

/// Every finding on one line each; "" = nothing at all, not even leftovers.
[[nodiscard]] std::string findings(const Store& store, bool all_generations = true);
[[nodiscard]] std::string damage(const Store& store, bool all_generations = true);  ///< without leftovers
[[nodiscard]] schemas::PackageName pkg(const std::string& name);
/// "a@1.0.0:q8 b@…" of the current generation, or its error.
[[nodiscard]] std::string installed_text(const Store& store);
/// Every path below `dir`, relative, sorted.
[[nodiscard]] std::vector<std::string> tree(const Path& dir);

struct FaultGuard {
  explicit FaultGuard(fs::Faults f) { fs::inject_faults(std::move(f)); }
  ~FaultGuard() { fs::inject_faults({}); }
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;
};

/// Run `body` in a child process; returns its exit status as waitpid gives it. `kill_after_us` > 0: SIGKILL it then.
int in_child(const std::function<int()>& body, long kill_after_us = 0);

}  // namespace nano::store::test
