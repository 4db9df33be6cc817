// tests/verify/tuf/trusted_set_test.cpp: the rules alone: no step is taken before its turn, and limits hold without a fetcher.
#include <catch2/catch.hpp>

#include "tests/verify/tuf/simulator.h"

using namespace nano;
using namespace nano::verify::tuf;
using namespace nano::test;
using Source = TrustedSet::Source;

namespace {

/// A set that has been told everything up to and including `last`.
TrustedSet told(Repo& repo, const std::string& last, const Limits& limits = {}) {
  auto set = TrustedSet::start(repo.files["1.root.json"], {.now = kNow, .max_stale_s = 0}, limits);
  REQUIRE(set);
  if (last == "start") return std::move(*set);
  REQUIRE(set->finish_root());
  if (last == "root") return std::move(*set);
  REQUIRE(set->update_timestamp(repo.files["timestamp.json"], Source::remote));
  if (last == "timestamp") return std::move(*set);
  REQUIRE(set->update_snapshot(repo.files["1.snapshot.json"], Source::remote));
  if (last == "snapshot") return std::move(*set);
  REQUIRE(set->update_targets(repo.files["1.targets.json"]));
  return std::move(*set);
}

bool out_of_order(const Status& s) {
  return fails(s, Errc::internal, "out of order");
}
Status status(const Result<TrustedSet::Taken>& r) {
  return r ? Status(Unit{}) : Status(r.error());
}

}  // namespace

TEST_CASE("no step of the workflow is taken before its turn") {
  Repo repo;
  repo.publish({"root"});
  TrustedSet start = told(repo, "start");
  CHECK(out_of_order(status(start.update_timestamp(repo.files["timestamp.json"], Source::remote))));
  CHECK(out_of_order(status(start.update_timestamp(repo.files["timestamp.json"], Source::local))));
  TrustedSet root = told(repo, "root");
  CHECK(out_of_order(root.update_root(repo.files["2.root.json"])));
  CHECK(out_of_order(root.check_timestamp()));
  CHECK(out_of_order(root.check_snapshot()));
  CHECK(out_of_order(root.update_snapshot(repo.files["1.snapshot.json"], Source::remote)));
  TrustedSet timestamp = told(repo, "timestamp");
  CHECK(out_of_order(timestamp.update_targets(repo.files["1.targets.json"])));
  CHECK(out_of_order(timestamp.update_delegated("A", "targets", repo.files["1.targets.json"])));
  TrustedSet snapshot = told(repo, "snapshot");
  CHECK(out_of_order(status(snapshot.update_timestamp(repo.files["timestamp.json"], Source::remote))));
  CHECK(out_of_order(snapshot.update_delegated("A", "targets", repo.files["1.targets.json"])));
  TrustedSet targets = told(repo, "targets");
  CHECK(out_of_order(targets.update_snapshot(repo.files["1.snapshot.json"], Source::remote)));
}

TEST_CASE("targets are not taken while the snapshot is the local one of another version") {
  Repo repo;
  const std::string old = repo.files["1.snapshot.json"];
  repo.publish_all();
  TrustedSet set = told(repo, "timestamp");
  REQUIRE(set.update_snapshot(old, Source::local));
  CHECK(fails(set.update_targets(repo.files["1.targets.json"]), Errc::untrusted, "is not version 2"));
}

TEST_CASE(
    "the set refuses what a delegator does not delegate, reserved names and roles outside the snapshot") {
  Repo repo;
  TrustedSet set = told(repo, "targets");
  CHECK(fails(set.update_delegated("A", "targets", repo.files["1.targets.json"]), Errc::untrusted,
              "does not delegate to role 'A'"));
  for (const char* name : {"root", "timestamp", "snapshot", "targets", ""})
    CHECK(fails(set.update_delegated(name, "root", repo.files["1.targets.json"]), Errc::untrusted,
                "may be called"));
  CHECK(set.role("nobody", "targets").value() == nullptr);
  CHECK_FALSE(set.role("targets", "targets"));

  Repo other;
  other.delegate("targets", "A", {"*"});
  other.publish_all();
  other.snapshot.meta.erase("A.json");
  other.publish({"snapshot", "timestamp"});
  auto bare = TrustedSet::start(other.files["1.root.json"], {.now = kNow, .max_stale_s = 0});
  REQUIRE(bare);
  REQUIRE(bare->finish_root());
  REQUIRE(bare->update_timestamp(other.files["timestamp.json"], Source::remote));
  REQUIRE(bare->update_snapshot(other.files["3.snapshot.json"], Source::remote));
  REQUIRE(bare->update_targets(other.files["2.targets.json"]));
  CHECK(fails(bare->update_delegated("A", "targets", other.files["1.A.json"]), Errc::untrusted,
              "does not list role 'A'"));
}

TEST_CASE("length caps hold in the set too, whoever brings the bytes") {
  Repo repo;
  Limits small;
  small.timestamp_bytes = 10;
  CHECK(
      fails(status(told(repo, "root", small).update_timestamp(repo.files["timestamp.json"], Source::remote)),
            Errc::invalid, "limit of 10"));
  small = {};
  small.snapshot_bytes = 10;
  CHECK(fails(told(repo, "timestamp", small).update_snapshot(repo.files["1.snapshot.json"], Source::remote),
              Errc::invalid, "limit of 10"));
  small = {};
  small.targets_bytes = 10;
  CHECK(fails(told(repo, "snapshot", small).update_targets(repo.files["1.targets.json"]), Errc::invalid,
              "limit of 10"));
  small = {};
  small.root_bytes = 10;
  CHECK(TrustedSet::start(repo.files["1.root.json"], {}, small).error().code == Errc::invalid);
  repo.root.header.extra = {{"x", std::string(1000, 'x')}};
  repo.publish({"root"});
  small.root_bytes = repo.files["1.root.json"].size();
  CHECK(fails(told(repo, "start", small).update_root(repo.files["2.root.json"]), Errc::invalid, "limit of"));
}

TEST_CASE("the limits are those of the specification and of nano") {
  const Limits limits;
  CHECK(limits.root_bytes == 512'000);
  CHECK(limits.timestamp_bytes == 16'384);
  CHECK(limits.snapshot_bytes == 8'000'000);
  CHECK(limits.targets_bytes == 8'000'000);
  CHECK(limits.root_rotations == 256);
  CHECK(limits.visited_roles == 32);
}
