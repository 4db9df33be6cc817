// tests/tuf_client/main.cpp: verify/tuf's updater behind the command line that the public TUF conformance suite speaks.
//
//   tuf_client --metadata-dir D init ROOT
//   tuf_client --metadata-dir D --metadata-url U refresh
//   tuf_client --metadata-dir D --metadata-url U --target-name P [--target-name P ...] --target-dir T
//              --target-base-url B download
//
// Exit 0: done. Exit 1: not done, with the reason on stderr.
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/fs.h"
#include "verify/tuf/hashes.h"
#include "verify/tuf/names.h"
#include "verify/tuf/updater.h"

namespace {

using namespace nano;
using namespace nano::verify;

constexpr uint64_t kMaxTargetBytes = 64'000'000;
constexpr uint64_t kMaxRootFileBytes = 512'000;

/// The suite's two base URLs by libcurl: no redirects, no proxies, no retries.
class CurlFetcher final : public tuf::Fetcher {
 public:
  CurlFetcher(std::string metadata_url, std::string targets_url)
      : metadata_(std::move(metadata_url)), targets_(std::move(targets_url)) {}

  [[nodiscard]] Status fetch(tuf::Area area, std::string_view path, uint64_t max_bytes,
                             tuf::Sink& into) override {
    std::string url = area == tuf::Area::metadata ? metadata_ : targets_;
    if (url.empty() || url.back() != '/') url += '/';
    url += path;
    Transfer t{.into = &into, .error = {}, .failed = false};
    CURL* easy = curl_easy_init();
    if (easy == nullptr) return make_error(Errc::internal, "curl_easy_init failed");
    t.easy = easy;
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(max_bytes));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlFetcher::write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
    const CURLcode rc = curl_easy_perform(easy);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    std::fprintf(stderr, "GET %s: %ld\n", url.c_str(), status);
    if (t.failed) return t.error;
    if (rc == CURLE_FILESIZE_EXCEEDED) return make_error(Errc::integrity, "the file is longer than allowed");
    if (rc != CURLE_OK) return make_error(Errc::network, curl_easy_strerror(rc));
    if (status == 404 || status == 403) return make_error(Errc::not_found, "HTTP " + std::to_string(status));
    if (status != 200) return make_error(Errc::network, "HTTP " + std::to_string(status));
    return Unit{};
  }

 private:
  struct Transfer {
    tuf::Sink* into = nullptr;
    CURL* easy = nullptr;
    Error error{};
    bool failed = false;
  };
  static std::size_t write(char* data, std::size_t size, std::size_t n, void* user) {
    auto* t = static_cast<Transfer*>(user);
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) return size * n;  // an error page
    const Status s = t->into->write(std::string_view(data, size * n));
    if (s) return size * n;
    t->failed = true;
    t->error = s.error();
    return 0;
  }
  std::string metadata_;
  std::string targets_;
};

struct Args {
  std::string metadata_dir{}, metadata_url{}, target_dir{}, target_base_url{}, command{}, root{};
  std::vector<std::string> targets{};
};

Result<Args> parse_args(int argc, char** argv) {
  Args out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    std::string* to = arg == "--metadata-dir"      ? &out.metadata_dir
                      : arg == "--metadata-url"    ? &out.metadata_url
                      : arg == "--target-dir"      ? &out.target_dir
                      : arg == "--target-base-url" ? &out.target_base_url
                                                   : nullptr;
    if (arg == "--target-name") to = &out.targets.emplace_back();
    if (to != nullptr) {
      if (++i >= argc) return make_error(Errc::usage, std::string(arg) + " needs a value");
      *to = argv[i];
    } else if (out.command.empty() && (arg == "init" || arg == "refresh" || arg == "download")) {
      out.command = arg;
    } else if (out.command == "init" && out.root.empty()) {
      out.root = arg;
    } else {
      return make_error(Errc::usage, "unknown argument '" + std::string(arg) + "'");
    }
  }
  const bool complete = !out.metadata_dir.empty() &&
                        ((out.command == "init" && !out.root.empty()) ||
                         (out.command == "refresh" && !out.metadata_url.empty()) ||
                         (out.command == "download" && !out.metadata_url.empty() && !out.target_dir.empty() &&
                          !out.target_base_url.empty() && !out.targets.empty()));
  if (!complete) return make_error(Errc::usage, "see the first lines of tests/tuf_client/main.cpp");
  return out;
}

Status download(tuf::Updater& updater, const std::string& path, const fs::Path& dir) {
  NANO_TRY_ASSIGN(const auto info, updater.target_info(path));
  if (!info) return make_error(Errc::not_found, "no role lists the target '" + path + "'");
  const fs::Path file = dir / tuf::percent_encode(path);
  if (const auto there = fs::read_file(file, kMaxTargetBytes);
      there && tuf::check_hashes(*there, info->file.length, info->file.hashes, path))
    return Unit{};
  NANO_TRY_ASSIGN(const std::string bytes, updater.fetch_target(*info, kMaxTargetBytes));
  NANO_TRY(fs::make_dirs(dir));
  return fs::write_atomic(file, bytes);
}

Status run(int argc, char** argv) {
  NANO_TRY_ASSIGN(const Args args, parse_args(argc, argv));
  if (args.command == "init") {
    NANO_TRY_ASSIGN(const std::string root, fs::read_file(args.root, kMaxRootFileBytes));
    return tuf::Updater::init(args.metadata_dir, root);
  }
  CurlFetcher fetcher(args.metadata_url, args.target_base_url);
  NANO_TRY_ASSIGN(auto updater, tuf::Updater::open({.dir = args.metadata_dir,
                                                    .time = {.now = now(), .max_stale_s = 0},
                                                    .limits = {},
                                                    .trusted_root = {}},
                                                   &fetcher));
  const Status refreshed = updater.refresh();
  for (const std::string& note : updater.notes()) std::fprintf(stderr, "note: %s\n", note.c_str());
  NANO_TRY(refreshed);
  for (const std::string& path : args.targets) NANO_TRY(download(updater, path, args.target_dir));
  return Unit{};
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const nano::Status done = run(argc, argv);
  if (!done)
    std::fprintf(stderr, "%s: %s\n", std::string(nano::kind(done.error().code)).c_str(),
                 done.error().render().c_str());
  curl_global_cleanup();
  return done ? 0 : 1;
}
