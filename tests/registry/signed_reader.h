// tests/registry/signed_reader.h: a client of nothing but verify/tuf over a tree's folder, for tests of the repository side.
#pragma once

#include <catch2/catch.hpp>

#include "base/fs.h"
#include "tests/registry/fixture.h"
#include "verify/tuf/updater.h"

namespace nano::test {

/// Serves the files of a tree and counts what is asked for.
class FolderFetcher final : public verify::tuf::Fetcher {
 public:
  explicit FolderFetcher(std::filesystem::path dir) : dir_(std::move(dir)) {}
  [[nodiscard]] Status fetch(verify::tuf::Area area, std::string_view path, uint64_t max_bytes,
                             verify::tuf::Sink& into) override {
    if (area == verify::tuf::Area::metadata) ++metadata_requests;
    const auto file =
        dir_ / (area == verify::tuf::Area::metadata ? "metadata" : "targets") / std::string(path);
    if (!std::filesystem::exists(file)) return make_error(Errc::not_found, std::string(path));
    NANO_TRY_ASSIGN(const std::string bytes, fs::read_file(file, max_bytes));
    return into.write(bytes);
  }
  int metadata_requests = 0;

 private:
  std::filesystem::path dir_;
};

/// A client that began with the tree's first root. `ok()` = what is served now is accepted.
struct Reader {
  TempDir home;
  std::filesystem::path tree;
  std::string first_root;
  explicit Reader(std::filesystem::path dir)
      : tree(std::move(dir)), first_root(read(tree / "metadata/1.root.json")) {}

  /// Refreshes and hands the updater over; a failure is the test's.
  template <class F>
  auto with(F&& f, UnixTime now = kDate) {
    FolderFetcher fetcher(tree);
    auto updater = verify::tuf::Updater::open(
        {.dir = home.path() / "tuf", .time = {.now = now}, .limits = {}, .trusted_root = first_root},
        &fetcher);
    if (!updater) FAIL(updater.error().render());
    const auto fresh = updater->refresh();
    if (!fresh) FAIL(fresh.error().render());
    auto out = f(*updater);
    requests = fetcher.metadata_requests;
    return out;
  }
  /// The digest somebody vouches for at this path, "" = nobody.
  std::string digest(const std::string& path, UnixTime now = kDate) {
    return with(
        [&](verify::tuf::Updater& u) {
          const auto info = u.target_info(path);
          if (!info) FAIL(info.error().render());
          return *info ? (*info)->file.hashes.at("sha256") : std::string();
        },
        now);
  }
  /// Why a refresh fails, "" = it does not.
  std::string fault(UnixTime now = kDate) {
    FolderFetcher fetcher(tree);
    auto updater = verify::tuf::Updater::open(
        {.dir = home.path() / "tuf", .time = {.now = now}, .limits = {}, .trusted_root = first_root},
        &fetcher);
    if (!updater) return updater.error().message;
    const auto fresh = updater->refresh();
    return fresh ? std::string() : fresh.error().message;
  }
  int requests = 0;  ///< for metadata, of the last with()
};

}  // namespace nano::test
