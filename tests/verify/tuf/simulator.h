// tests/verify/tuf/simulator.h: a TUF repository in memory that signs what it is told, records what is asked, and can lie.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/support.h"
#include "tests/verify/tuf/signer.h"
#include "verify/tuf/updater.h"

namespace nano::test {

inline constexpr UnixTime kNow = 1'900'000'000;  ///< 2030-03-17T17:46:40Z
inline constexpr UnixTime kExpires =
    kNow + 30 * 86'400;  ///< of everything the simulator publishes, unless told otherwise

/// Honest until a test changes something: the public members are its state, `files` is what it serves.
class Repo final : public verify::tuf::Fetcher {
 public:
  /// A root with one ed25519 key for each role, and version 1 of everything, published.
  Repo();

  verify::tuf::Root root{};
  verify::tuf::Timestamp timestamp{};
  verify::tuf::Snapshot snapshot{};
  std::map<std::string, verify::tuf::Targets> targets{};  ///< "targets" and the delegated roles
  std::map<std::string, std::vector<Signer>> signers{};   ///< who signs each role
  bool hashes = true;  ///< does each file name the length and sha256 of those it lists?

  /// What is served, by percent-encoded path: "2.root.json", "timestamp.json", and targets by theirs.
  std::map<std::string, std::string> files{};
  std::map<std::string, std::string> target_files{};
  /// What was asked for, in order. Targets as "targets/<path>".
  std::vector<std::string> asked{};

  /// Bump and write these roles in the order given: {"targets", "snapshot", "timestamp"}. A targets role's version (and
  /// hash) goes into `snapshot`, the snapshot's into `timestamp`. The version is not bumped when a role is first written.
  void publish(const std::vector<std::string>& roles);
  /// All targets roles, snapshot and timestamp.
  void publish_all();
  /// Changes a `signed` object before it is signed, or a document after it.
  std::function<void(const std::string& role, Json& body)> before_signing{};
  std::function<void(const std::string& role, verify::tuf::Document& doc)> after_signing{};
  /// Answers in place of `files` when it returns a status.
  std::function<std::optional<Status>(const std::string& path, uint64_t max_bytes, verify::tuf::Sink& into)>
      answer{};

  /// Make `role` a delegated role of `delegator` with one new key. Not published yet.
  verify::tuf::Delegation& delegate(const std::string& delegator, const std::string& role,
                                    std::vector<std::string> paths, bool terminating = false);
  void add_target(const std::string& role, const std::string& path, const std::string& bytes);
  /// Give a top-level role a new key in place of its old ones (root not published yet).
  void rotate(const std::string& role);

  [[nodiscard]] Status fetch(verify::tuf::Area area, std::string_view path, uint64_t max_bytes,
                             verify::tuf::Sink& into) override;
  [[nodiscard]] std::size_t times_asked(const std::string& path) const;

 private:
  void publish_one(const std::string& role);
  std::string sign(const std::string& role, Json body);
  std::map<std::string, bool> written_{};
};

/// A client of a Repo, with its folder and its clock.
class Client {
 public:
  explicit Client(Repo& repo) : repo_(repo), first_root_(repo.files.at("1.root.json")) {}

  UnixTime now = kNow;
  int64_t max_stale_s = 0;
  verify::tuf::Limits limits{};

  /// Open, and refresh. The updater stays in `updater()`.
  [[nodiscard]] Status refresh(bool offline = false);
  [[nodiscard]] verify::tuf::Updater& updater() { return *updater_; }
  /// refresh(), then target_info: the bytes of the error, "none", or the role that lists it.
  [[nodiscard]] std::string find(const std::string& path);
  [[nodiscard]] const std::filesystem::path dir() const { return dir_ / "m"; }
  [[nodiscard]] std::string local(const std::string& file) const { return read(dir() / file); }
  [[nodiscard]] uint64_t version(const std::string& role) const;  ///< of the local file; 0: absent
  [[nodiscard]] const TempDir& outer() const { return dir_; }

 private:
  Repo& repo_;
  std::string first_root_;
  TempDir dir_;
  std::optional<verify::tuf::Updater> updater_{};
};

/// Did it fail, with this code and these words in its message?
[[nodiscard]] bool fails(const Status& s, Errc code, std::string_view words);

}  // namespace nano::test
