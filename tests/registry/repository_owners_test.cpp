// tests/registry/repository_owners_test.cpp: proofs of possession, keys that are replaced, and what several people sign together.
#include "schemas/target_info.h"
#include "tests/registry/roles_fixture.h"

using namespace nano;
using namespace nano::registry;
using test::error_of;
using test::path_of;
using Repo = test::RolesRepo;

namespace {

/// A registry whose namespace acme two people own together: this machine has the first one's key, `other` the second one's.
struct TwoOwners : Repo {
  MemoryKeys other;
  verify::PublicKey mine;
  verify::PublicKey theirs;
  TwoOwners() {
    mine = key();
    theirs = key();
    REQUIRE(open().add_namespace("acme", {mine, theirs}, 2));
    other.add(take(theirs));
  }
  /// The private half leaves this machine.
  verify::PrivateKey take(const verify::PublicKey& k) {
    auto copy = verify::PrivateKey::from_pem(keys.find(k.key_id()).value()->pem()->view());
    keys.forget(k.key_id());
    return std::move(copy.value());
  }
  Draft draft_of(const Packed& packed, UnixTime now = test::kDate) {
    std::optional<Draft> draft;
    const auto added = open(now).add(packed, {.now = now, .draft = &draft});
    if (!added) FAIL(added.error().render());
    REQUIRE(added->drafted);
    REQUIRE(draft);
    return *draft;
  }
};

/// The document with its body changed, signed by everybody in `rings`.
std::string changed(const std::string& document, const std::function<void(verify::tuf::Targets&)>& change,
                    const std::vector<KeyRing*>& rings, const verify::tuf::RoleKeys& by) {
  auto pair = verify::tuf::read_metadata<verify::tuf::Targets>(document, 8'000'000).value();
  change(pair.second);
  auto doc = verify::tuf::make_document(pair.second.to_json()).value();
  for (KeyRing* ring : rings)
    for (const std::string& id : by.key_ids)
      if (ring->has(id)) REQUIRE(verify::tuf::sign_document(doc, *ring->find(id).value()));
  return verify::tuf::write_document(doc);
}

}  // namespace

TEST_CASE(
    "a namespace is registered by proof of possession, and only for who made the proof, where it was made "
    "for") {
  Repo repo;
  const std::string id = repo.open().id();
  MemoryKeys theirs;
  const auto owner = theirs.make("owner").value();
  const auto proof = prove_namespace("acme", id, {owner}, 1, "", theirs, test::kDate);
  REQUIRE(proof);
  CHECK(error_of(repo.open().add_namespace("other", proof->bytes)).code == Errc::untrusted);
  const auto elsewhere = prove_namespace("acme", sha256("x").hex(), {owner}, 1, "", theirs, test::kDate);
  CHECK(error_of(repo.open().add_namespace("acme", elsewhere->bytes)).code == Errc::untrusted);
  CHECK(proof->missing == 0);
  std::string forged = proof->bytes;
  const auto at = forged.find("\"sig\":\"") + 10;
  forged[at] = forged[at] == 'a' ? 'b' : 'a';
  CHECK(error_of(repo.open().add_namespace("acme", forged)).code == Errc::untrusted);

  REQUIRE(repo.open().add_namespace("acme", proof->bytes));
  CHECK(repo.open().namespaces()->front().key_ids == std::vector<std::string>{owner.key_id()});
  CHECK(test::Reader(repo.dir).digest("x") == "");
  const auto denied = repo.open().add(repo.package("acme/tiny", "1.0.0"), {.now = test::kDate});
  REQUIRE_FALSE(denied);
  CHECK(denied.error().code == Errc::denied);  // the registry itself cannot publish there
}

TEST_CASE("a proof by two people: one makes it, the other signs it, and only then it is taken") {
  Repo repo;
  const std::string id = repo.open().id();
  MemoryKeys one;
  MemoryKeys two;
  const auto a = one.make("a").value();
  const auto b = two.make("b").value();
  const auto half = prove_namespace("acme", id, {a, b}, 2, "", one, test::kDate);
  REQUIRE(half);
  CHECK(half->missing == 1);
  CHECK(error_of(repo.open().add_namespace("acme", half->bytes)).code == Errc::untrusted);
  MemoryKeys nobody;
  CHECK(error_of(sign_elsewhere(half->bytes, nobody)).code == Errc::denied);
  CHECK(error_of(prove_namespace("acme", id, {a, b}, 2, "", nobody, test::kDate)).code == Errc::denied);
  const auto whole = sign_elsewhere(half->bytes, two);
  REQUIRE(whole);
  CHECK(whole->missing == 0);
  CHECK(whole->role == "ns.acme");
  REQUIRE(repo.open().add_namespace("acme", whole->bytes));
  CHECK(repo.open().namespaces()->front().threshold == 2);
}

TEST_CASE(
    "rekeyed by proof: what was published stays and is the new key's, a proof that changes it is refused") {
  Repo repo;
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  const std::string id = repo.open().id();
  MemoryKeys theirs;
  const auto owner = theirs.make("owner").value();
  const std::string current = test::read(repo.dir / "metadata/1.ns.acme.json");
  const auto empty = prove_namespace("acme", id, {owner}, 1,
                                     test::read(repo.dir / "metadata/1.advisory.json"), theirs, test::kDate);
  CHECK(error_of(repo.open().rekey_namespace("acme", empty->bytes)).code == Errc::untrusted);
  const auto first = prove_namespace("acme", id, {owner}, 1, "", theirs, test::kDate);
  CHECK(error_of(repo.open().rekey_namespace("acme", first->bytes)).code ==
        Errc::untrusted);  // version 1 again: a rollback
  const auto proof = prove_namespace("acme", id, {owner}, 1, current, theirs, test::kDate);
  REQUIRE(proof);
  // Somebody else's re-key came first: the same releases, but no longer the next version.
  REQUIRE(repo.open().rekey_namespace("acme", {repo.key()}));
  CHECK(error_of(repo.open().rekey_namespace("acme", proof->bytes)).message.find("version") !=
        std::string::npos);
  const auto next = prove_namespace("acme", id, {owner}, 1, test::read(repo.dir / "metadata/2.ns.acme.json"),
                                    theirs, test::kDate);
  const auto rekeyed = repo.open().rekey_namespace("acme", next->bytes);
  REQUIRE(rekeyed);
  REQUIRE_FALSE(rekeyed->done);  // the old key has not signed it
  REQUIRE(repo.open(test::kDate + roles::kRekeyWait).rekey_namespace("acme", next->bytes)->done);
  CHECK(repo.open().namespaces()->front().key_ids == std::vector<std::string>{owner.key_id()});
  CHECK(test::Reader(repo.dir).digest(path_of(packed)) == packed.digest.hex());
}

TEST_CASE(
    "attack: a registrar who says that a key is lost waits, and the real owner's signature ends the wait") {
  Repo repo;
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  REQUIRE(repo.open().add(packed, {.now = test::kDate}));
  const std::string old_id = repo.open().namespaces()->front().key_ids.front();
  MemoryKeys owner;
  owner.add(verify::PrivateKey::from_pem(repo.keys.find(old_id).value()->pem()->view()).value());
  repo.keys.forget(old_id);
  const auto fresh = repo.key();
  const UnixTime after = test::kDate + roles::kRekeyWait;

  const auto first = repo.open().rekey_namespace("acme", {fresh});
  REQUIRE(first);
  CHECK_FALSE(first->done);
  CHECK(first->possible_at == after);
  auto row = repo.open().namespaces()->front();
  CHECK(row.key_ids == std::vector<std::string>{old_id});
  CHECK(row.announced == std::vector<std::string>{fresh.key_id()});
  CHECK(row.announced_at == test::kDate);
  // Everybody can see it: it stands in what the registrar signs.
  CHECK(test::read(repo.dir / ("metadata/2." + roles::reg_of("acme") + ".json")).find(fresh.key_id()) !=
        std::string::npos);
  CHECK(error_of(repo.open(after - 1).rekey_namespace("acme", {fresh})).code == Errc::refused);
  // Other keys than the announced ones begin their own wait.
  const auto other = repo.key();
  CHECK_FALSE(repo.open(after).rekey_namespace("acme", {other})->done);
  CHECK(error_of(repo.open(after).rekey_namespace("acme", {other})).code == Errc::refused);
  CHECK_FALSE(repo.open(after).rekey_namespace("acme", {fresh})->done);

  // The owner publishes meanwhile: the key is not lost, whatever anybody says.
  repo.keys.add(verify::PrivateKey::from_pem(owner.find(old_id).value()->pem()->view()).value());
  REQUIRE(repo.open(after).add(repo.package("acme/tiny", "1.1.0"), {.now = after}));
  repo.keys.forget(old_id);
  const auto refused = error_of(repo.open(after + roles::kRekeyWait).rekey_namespace("acme", {fresh}));
  CHECK(refused.code == Errc::refused);
  CHECK(refused.message.find("not lost") != std::string::npos);
  REQUIRE(repo.open(after).withdraw_rekey("acme"));
  CHECK(repo.open(after).namespaces()->front().announced.empty());
  CHECK(error_of(repo.open(after).withdraw_rekey("acme")).code == Errc::not_found);

  // Nobody objects.
  REQUIRE_FALSE(repo.open(after).rekey_namespace("acme", {fresh})->done);
  REQUIRE(repo.open(after + roles::kRekeyWait).rekey_namespace("acme", {fresh})->done);
  row = repo.open().namespaces()->front();
  CHECK(row.key_ids == std::vector<std::string>{fresh.key_id()});
  CHECK(row.announced.empty());
  CHECK(test::Reader(repo.dir).digest(path_of(packed)) == packed.digest.hex());
}

TEST_CASE("who still has the old key need not wait, here or in a proof") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("acme/tiny", "1.0.0"), {.now = test::kDate}));
  const std::string old_id = repo.open().namespaces()->front().key_ids.front();
  MemoryKeys owner;
  owner.add(verify::PrivateKey::from_pem(repo.keys.find(old_id).value()->pem()->view()).value());
  const auto next = repo.key();
  REQUIRE(repo.open().rekey_namespace("acme", {next})->done);
  repo.keys.forget(old_id);
  // The next change is shown from another machine, which has the key in force and the new one.
  MemoryKeys away;
  away.add(verify::PrivateKey::from_pem(repo.keys.find(next.key_id()).value()->pem()->view()).value());
  repo.keys.forget(next.key_id());
  const auto third = away.make("third").value();
  const auto proof = prove_namespace("acme", repo.open().id(), {third}, 1,
                                     test::read(repo.dir / "metadata/2.ns.acme.json"), away, test::kDate);
  REQUIRE(proof);
  REQUIRE(repo.open().rekey_namespace("acme", proof->bytes)->done);
  CHECK(repo.open().namespaces()->front().key_ids == std::vector<std::string>{third.key_id()});
}

TEST_CASE("two people publish together: a draft, a second signature elsewhere, and only then it is served") {
  TwoOwners repo;
  const Packed packed = repo.package("acme/tiny", "1.0.0");
  const Draft draft = repo.draft_of(packed);
  CHECK(draft.role == "ns.acme");
  CHECK(draft.missing == 1);
  test::Reader reader(repo.dir);
  CHECK(reader.digest(path_of(packed)) == "");
  CHECK(error_of(repo.open().install({draft.bytes})).code == Errc::untrusted);  // one of two
  const auto done = sign_elsewhere(draft.bytes, repo.other);
  REQUIRE(done);
  CHECK(done->missing == 0);
  CHECK(done->threshold == 2);
  // The second person is shown what they sign.
  REQUIRE(done->says.size() == 1);
  CHECK(done->says.front().find(path_of(packed)) != std::string::npos);
  CHECK(done->says.front().find(packed.digest.hex()) != std::string::npos);
  REQUIRE(repo.open().install({done->bytes}));
  CHECK(reader.digest(path_of(packed)) == packed.digest.hex());
  CHECK(repo.open().index().find(packed.release.manifest.name) != nullptr);
  CHECK(error_of(repo.open().install({done->bytes})).message.find("is due") != std::string::npos);

  std::optional<Draft> yank;
  REQUIRE(
      repo.open().yank(packed.release.manifest.name, packed.release.manifest.version, "wrong labels", &yank));
  REQUIRE(yank);
  const auto yanked = sign_elsewhere(yank->bytes, repo.other);
  REQUIRE(yanked);
  CHECK(yanked->says.front().find("wrong labels") != std::string::npos);
  REQUIRE(repo.open().install({yanked->bytes}));
  CHECK(repo.open().index().find(packed.release.manifest.name)->versions.front().yanked == "wrong labels");
  // Without a place for the draft it is an error, and with all keys here no draft is made.
  CHECK(error_of(repo.open().add(repo.package("acme/tiny", "1.1.0"), {.now = test::kDate})).code ==
        Errc::denied);
}

TEST_CASE("attack: a draft that says more than what was added is not served, whoever has signed it") {
  TwoOwners repo;
  const Packed first = repo.package("acme/tiny", "1.0.0");
  const Draft one = repo.draft_of(first);
  REQUIRE(repo.open().install({sign_elsewhere(one.bytes, repo.other)->bytes}));
  const Packed packed = repo.package("acme/tiny", "1.1.0");
  const Draft draft = repo.draft_of(packed);
  const verify::tuf::RoleKeys by{.key_ids = {repo.mine.key_id(), repo.theirs.key_id()}, .threshold = 2};
  const auto served = [&](const std::function<void(verify::tuf::Targets&)>& change) {
    return repo.open().install({changed(draft.bytes, change, {&repo.keys, &repo.other}, by)});
  };
  const std::string path = path_of(packed);
  const std::string old_path = path_of(first);
  using T = verify::tuf::Targets;
  CHECK(error_of(served([&](T& t) { t.targets.at(path).length += 1; })).code != Errc::internal);
  CHECK(error_of(served([&](T& t) {
          t.targets.at(path).hashes["sha256"] = first.digest.hex();
          t.targets.at(path).length = first.release_bytes.size();
        })).code != Errc::internal);
  // The older release's bytes, put where the new one's would lie.
  const auto& m = packed.release.manifest;
  std::filesystem::copy_file(repo.dir / tree::release(m.name, first.release.manifest.version, first.digest),
                             repo.dir / tree::release(m.name, m.version, first.digest));
  CHECK(error_of(served([&](T& t) {
          t.targets.at(path) = t.targets.at(old_path);
        })).message.find("another package's or version's") != std::string::npos);
  CHECK(error_of(served([&](T& t) { t.targets.at(path).hashes["sha256"] = sha256("x").hex(); })).code ==
        Errc::not_found);
  CHECK(error_of(served([&](T& t) {
          Json custom = t.targets.at(path).custom.json();
          custom["license"] = "MIT";
          t.targets.at(path).custom = custom;
        })).code == Errc::untrusted);
  CHECK(error_of(served([&](T& t) { t.targets["elsewhere/x.json"] = t.targets.at(path); })).code ==
        Errc::untrusted);
  CHECK(error_of(served([&](T& t) { t.targets.at(old_path) = t.targets.at(path); })).code == Errc::refused);
  CHECK(error_of(served([&](T& t) { t.targets.erase(old_path); })).code == Errc::refused);
  CHECK(error_of(served([&](T& t) { t.header.version += 1; })).code == Errc::untrusted);
  CHECK(error_of(served([&](T& t) {
          t.delegations.emplace();
          t.delegations->roles.push_back(roles::delegate_namespace("acme", roles::rel("acme")));
          t.add_key(roles::rel("acme"), verify::tuf::Key::of(repo.mine));
        })).code == Errc::untrusted);
  // A file of the release that somebody removed meanwhile.
  const auto blob = repo.dir / tree::blob(packed.blobs.back().blob.digest);
  std::filesystem::rename(blob, repo.temp / "blob");
  CHECK(error_of(served([](T&) {})).code == Errc::untrusted);
  std::filesystem::rename(repo.temp / "blob", blob);
  CHECK(served([](T&) {}));
  CHECK(test::Reader(repo.dir).digest(path) == packed.digest.hex());
}

TEST_CASE("a registry is looked at without its lock, and not changed so") {
  Repo repo;
  REQUIRE(repo.open().add(repo.package("acme/tiny", "1.0.0"), {.now = test::kDate}));
  const Repository writer = repo.open();
  OpenOptions look{.now = test::kDate};
  look.read_only = true;
  auto reader = Repository::open(repo.dir, look, repo.keys);
  REQUIRE(reader);
  CHECK(reader->namespaces()->size() == 1);
  CHECK(reader->status());
  CHECK(error_of(reader->yank(schemas::PackageName::parse("acme/tiny").value(),
                              schemas::Version::parse("1.0.0").value(), "no"))
            .code == Errc::internal);
}
