// tests/verify/oms/model_signature_test.cpp: attacks on a signed model, one test each.
#include "verify/oms/model_signature.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/json.h"
#include "tests/support/support.h"
#include "verify/dsse.h"
#include "verify/oms/folder.h"

using namespace nano;
using namespace nano::verify;
using namespace nano::verify::oms;

namespace {

/// A model of three files and its signature, and what checking it says.
struct Model {
  test::TempDir dir;
  EcPrivateKey key = std::move(*EcPrivateKey::generate(Curve::p256));
  fs::Path root = dir / "model";
  fs::Path sig = root / "model.sig";
  CompareOptions options{.model = root, .bundle = sig};

  Model() {
    test::write(root / "weights.bin", "weights");
    test::write(root / "config.json", "{}");
    test::write(root / "sub" / "adapter.bin", "adapter");
  }
  void sign(std::vector<std::string> ignore = {}) {
    const auto done =
        sign_model({.model = root, .bundle = sig, .ignore = std::move(ignore), .certificates = {}}, key);
    REQUIRE(done);
    test::write(sig, done->bundle);
  }
  Result<VerifiedStatement> statement(std::optional<EcPublicKey> with = std::nullopt) const {
    auto bundle = parse_bundle(test::read(sig));
    if (!bundle) return bundle.error();
    Trust trust;
    trust.key = with ? with : key.public_key();
    trust.at = now();
    return verify_statement(*bundle, trust);
  }
  /// "changed a, missing b", or "" when all is as signed, or the word of the error.
  std::string verdict() const {
    const auto s = statement();
    if (!s) return std::string(kind(s.error().code));
    const auto found = compare_model(s->statement, options);
    if (!found) return std::string(kind(found.error().code));
    std::string out;
    for (const auto& d : found->differences) {
      const char* word = d.kind == Difference::Kind::changed   ? "changed "
                         : d.kind == Difference::Kind::missing ? "missing "
                         : d.left_out_by_signer                ? "left out "
                                                               : "uncovered ";
      out += (out.empty() ? "" : ", ") + std::string(word) + d.path;
    }
    return out;
  }
};

std::string wrapped(const EcPrivateKey& key, std::string payload, std::string_view type = kPayloadType) {
  Bundle b;
  b.key_hint = key.public_key().hint();
  b.payload_type = std::string(type);
  b.payload = std::move(payload);
  b.signature = *key.sign(pae(type, b.payload));
  return write_bundle(b);
}

}  // namespace

TEST_CASE("a signed model verifies, and says how many files and bytes") {
  Model m;
  m.sign();
  CHECK(m.verdict().empty());
  const auto s = m.statement();
  REQUIRE(s);
  CHECK(s->signer == m.key.public_key().hint());
  CHECK(s->statement.model_name == "model");
  const auto found = compare_model(s->statement, m.options);
  REQUIRE(found);
  CHECK(found->files == 3);
  CHECK(found->bytes == 16);
  CHECK(s->statement.resources.at(0).digest == sha256("{}"));
}

TEST_CASE("a changed byte is found") {
  Model m;
  m.sign();
  test::write(m.root / "weights.bin", "weightS");
  CHECK(m.verdict() == "changed weights.bin");
}

TEST_CASE("a missing file is found") {
  Model m;
  m.sign();
  std::filesystem::remove(m.root / "config.json");
  CHECK(m.verdict() == "missing config.json");
}

TEST_CASE("an extra file is found, unless unsigned files are ignored") {
  Model m;
  m.sign();
  test::write(m.root / "modeling_evil.py", "import os");
  CHECK(m.verdict() == "uncovered modeling_evil.py");
  m.options.ignore_unsigned_files = true;
  CHECK(m.verdict().empty());
}

TEST_CASE("an empty extra file is found too") {
  Model m;
  m.sign();
  test::write(m.root / "__init__.py", "");
  CHECK(m.verdict() == "uncovered __init__.py");
}

TEST_CASE("a renamed file is found twice") {
  Model m;
  m.sign();
  std::filesystem::rename(m.root / "weights.bin", m.root / "Weights.bin");
  CHECK(m.verdict() == "uncovered Weights.bin, missing weights.bin");
}

TEST_CASE("a symbolic link to the very same bytes is refused, in signing and in checking") {
  Model m;
  m.sign();
  std::filesystem::rename(m.root / "weights.bin", m.dir / "elsewhere");
  std::filesystem::create_symlink(m.dir / "elsewhere", m.root / "weights.bin");
  CHECK(m.verdict() == "integrity");
  m.options.ignore_unsigned_files = true;
  CHECK(m.verdict() == "integrity");
  CHECK(
      sign_model({.model = m.root, .bundle = m.sig, .ignore = {}, .certificates = {}}, m.key).error().code ==
      Errc::invalid);
}

TEST_CASE("a link to a folder and a cycle of links are refused") {
  Model m;
  m.sign();
  std::filesystem::create_directory_symlink(".", m.root / "loop");
  CHECK(m.verdict() == "integrity");
}

TEST_CASE("a FIFO in the model does not hang, it is refused") {
  Model m;
  m.sign();
  REQUIRE(mkfifo((m.root / "pipe").c_str(), 0600) == 0);
  CHECK(m.verdict() == "integrity");
}

TEST_CASE("what the signer left out is not believed unless that is asked for") {
  Model m;
  test::write(m.root / "cache" / "x", "1");
  m.sign({"cache"});
  CHECK(m.verdict() == "left out cache/x");
  m.options.ignore = {"cache/"};
  CHECK(m.verdict().empty());
  m.options.ignore = {};
  m.options.honour_signed_ignores = true;
  CHECK(m.verdict().empty());
  test::write(m.root / "cachet", "1");  // a name that only begins alike
  CHECK(m.verdict() == "uncovered cachet");
}

TEST_CASE("ignoring a signed file makes it missing, not accepted") {
  Model m;
  m.sign();
  m.options.ignore = {"weights.bin"};
  CHECK(m.verdict() == "missing weights.bin");
}

TEST_CASE("ignored paths that leave the model are refused") {
  Model m;
  m.sign();
  for (const char* path : {"../x", "/etc", "", "a/../b"}) {
    m.options.ignore = {path};
    CHECK(m.verdict() == "usage");
    CHECK(sign_model({.model = m.root, .bundle = m.sig, .ignore = {path}, .certificates = {}}, m.key)
              .error()
              .code == Errc::usage);
  }
}

TEST_CASE("only the signature in use is left out: another model.sig is a file like any other") {
  Model m;
  m.sign();
  test::write(m.dir / "outside.sig", test::read(m.sig));
  m.sig = m.dir / "outside.sig";
  m.options.bundle = m.sig;
  CHECK(m.verdict() == "left out model.sig");
}

TEST_CASE("another key's signature is untrusted, and so is one whose hint was changed to fit") {
  Model m;
  m.sign();
  const auto other = EcPrivateKey::generate(Curve::p256);
  REQUIRE(other);
  CHECK(m.statement(other->public_key()).error().code == Errc::untrusted);
  Json doc = *parse_json(test::read(m.sig));
  doc["verificationMaterial"]["publicKey"]["hint"] = other->public_key().hint();
  test::write(m.sig, dump_line(doc));
  CHECK(m.statement(other->public_key()).error().code == Errc::untrusted);
  CHECK(m.statement().error().code == Errc::untrusted);  // the right key, the wrong hint
}

TEST_CASE("a bundle from before 1.1 names its key by its bytes, which must be the key's") {
  Model m;
  m.sign();
  Bundle bundle = *parse_bundle(test::read(m.sig));
  bundle.key_hint.clear();
  Trust trust;
  trust.key = m.key.public_key();
  bundle.key_bytes = m.key.public_key().pem();
  CHECK(verify_statement(bundle, trust));
  bundle.key_bytes = m.key.public_key().der();
  CHECK(verify_statement(bundle, trust));
  bundle.key_bytes = EcPrivateKey::generate(Curve::p256)->public_key().pem();
  CHECK(verify_statement(bundle, trust).error().code == Errc::untrusted);
}

TEST_CASE("a statement changed after signing is untrusted") {
  Model m;
  m.sign();
  Bundle bundle = *parse_bundle(test::read(m.sig));
  bundle.payload += " ";
  test::write(m.sig, write_bundle(bundle));
  CHECK(m.verdict() == "untrusted");
}

TEST_CASE("a good signature over another kind of document is untrusted") {
  Model m;
  m.sign();
  const std::string statement = parse_bundle(test::read(m.sig))->payload;
  test::write(m.sig, wrapped(m.key, statement, "application/json"));
  CHECK(m.verdict() == "untrusted");
  // The type changed on the envelope alone: the signature is still over the right one.
  test::write(m.sig, wrapped(m.key, statement));
  Bundle bundle = *parse_bundle(test::read(m.sig));
  bundle.payload_type = "application/json";
  test::write(m.sig, write_bundle(bundle));
  CHECK(m.verdict() == "untrusted");
}

TEST_CASE("v0.2's statement under today's signing bytes is refused unless asked for") {
  Model m;
  const Json old = {{"_type", kStatementType},
                    {"predicateType", kOldPredicateType},
                    {"subject", {{{"name", "weights.bin"}, {"digest", {{"sha256", sha256("x").hex()}}}}}},
                    {"predicate", Json::object()}};
  const Bundle bundle = *parse_bundle(wrapped(m.key, dump_line(old)));
  Trust trust;
  trust.key = m.key.public_key();
  CHECK(verify_statement(bundle, trust).error().code == Errc::unsupported);
  trust.allow_old_form = true;
  CHECK(verify_statement(bundle, trust));
}

TEST_CASE("v0.2's wrong signing bytes are refused unless asked for") {
  Model m;
  m.sign();
  Bundle bundle = *parse_bundle(test::read(m.sig));
  bundle.signature =
      *m.key.sign(old_pae(kPayloadType, bundle.payload));  // P-256: both forms hash with SHA-256
  Trust trust;
  trust.key = m.key.public_key();
  CHECK(verify_statement(bundle, trust).error().code == Errc::untrusted);
  trust.allow_old_form = true;
  CHECK(verify_statement(bundle, trust));
}

TEST_CASE("a key does not check a certificate's signature, nor the other way round") {
  Model m;
  m.sign();
  Bundle bundle = *parse_bundle(test::read(m.sig));
  Trust by_root;
  by_root.roots = {"root"};
  CHECK(verify_statement(bundle, by_root).error().code == Errc::untrusted);
  bundle.material = Bundle::Material::certificate;
  bundle.certificates = {"leaf"};
  Trust by_key;
  by_key.key = m.key.public_key();
  CHECK(verify_statement(bundle, by_key).error().code == Errc::untrusted);
}

TEST_CASE("a model that is one file is signed by its name") {
  Model m;
  const fs::Path file = m.root / "weights.bin";
  const auto done =
      sign_model({.model = file, .bundle = m.dir / "w.sig", .ignore = {}, .certificates = {}}, m.key);
  REQUIRE(done);
  m.sig = m.dir / "w.sig";
  test::write(m.sig, done->bundle);
  m.options = {.model = file, .bundle = m.sig};
  CHECK(m.verdict().empty());
  CHECK(m.statement()->statement.resources.at(0).name == "weights.bin");
  // The name that old signers gave it.
  Statement old = m.statement()->statement;
  old.resources[0].name = ".";
  test::write(m.sig, wrapped(m.key, write_statement(old)));
  CHECK(m.verdict().empty());
  m.options.model = m.root;  // for a folder "." means nothing
  CHECK(m.verdict().find("missing .") != std::string::npos);
}

TEST_CASE("shards are checked piece by piece: change, growth, loss, an empty file") {
  Model m;
  test::write(m.root / "weights.bin", "0123456789abc");
  const auto measured = measure_model(m.root, {.ignore = {}, .shard_size = 5, .wanted = {}});
  REQUIRE(measured);
  Statement s;
  s.model_name = "model";
  s.method = Method::shards;
  s.shard_size = 5;
  for (const auto& f : *measured)
    s.resources.insert(s.resources.end(), f.resources.begin(), f.resources.end());
  CHECK(measured->back().resources.size() == 3);
  CHECK(measured->back().resources[1].digest == sha256("56789"));
  CHECK(measured->back().resources[2].name == "weights.bin:10:13");
  test::write(m.sig, wrapped(m.key, write_statement(s)));
  CHECK(m.verdict().empty());
  test::write(m.root / "weights.bin", "0123456789abX");
  CHECK(m.verdict() == "changed weights.bin");
  test::write(m.root / "weights.bin", "0123456789abcd");
  CHECK(m.verdict() == "changed weights.bin");
  test::write(m.root / "weights.bin", "0123456789");  // whole shards are gone
  CHECK(m.verdict() == "changed weights.bin");
  test::write(m.root / "weights.bin", "");
  CHECK(m.verdict() == "changed weights.bin");
  test::write(m.root / "weights.bin", "0123456789abc");
  test::write(m.root / "empty", "");  // shards cannot cover it
  CHECK(m.verdict() == "uncovered empty");
  // A file that ended with a whole shard grows by another.
  std::filesystem::remove(m.root / "empty");
  std::erase_if(s.resources, [](const Resource& r) { return r.name == "weights.bin:10:13"; });
  test::write(m.sig, wrapped(m.key, write_statement(s)));
  CHECK(m.verdict() == "changed weights.bin");
  test::write(m.root / "weights.bin", "0123456789");
  CHECK(m.verdict().empty());
}

TEST_CASE("nothing to sign, no such folder, names that are not text") {
  Model m;
  const fs::Path empty = m.dir / "empty";
  std::filesystem::create_directory(empty);
  const auto sign = [&](const fs::Path& model) {
    return sign_model({.model = model, .bundle = m.dir / "s", .ignore = {}, .certificates = {}}, m.key)
        .error()
        .code;
  };
  CHECK(sign(empty) == Errc::invalid);
  CHECK(sign(m.dir / "absent") == Errc::not_found);
  test::write(empty / "\xff\xfe", "x");
  CHECK(sign(empty) == Errc::invalid);
  CHECK(sign(empty / "\xff\xfe") == Errc::invalid);
}

TEST_CASE("attack: a model of endless files is refused, in one folder or in many") {
  test::TempDir dir;
  const auto counted = [&](std::size_t limit) {
    const auto files = measure_model(dir.path(), {.ignore = {}, .shard_size = 0, .wanted = {}, .max_files = limit});
    return files ? Errc::ok : files.error().code;
  };
  CHECK(MeasureOptions{}.max_files == kMaxResources);
  for (const char* file : {"a", "b", "c"}) test::write(dir / "one" / file, "x");
  CHECK(counted(3) == Errc::ok);
  CHECK(counted(2) == Errc::invalid);
  for (const char* file : {"a", "b", "c"}) test::write(dir / "two" / file, "x");
  CHECK(counted(6) == Errc::ok);
  CHECK(counted(5) == Errc::invalid);
  // Names are counted before any of them is opened: what is ignored costs memory, too.
  const auto ignored = measure_model(dir.path(), {.ignore = {"one", "two"}, .shard_size = 0, .wanted = {}, .max_files = 1});
  REQUIRE_FALSE(ignored);
  CHECK(ignored.error().message.find("too many") != std::string::npos);
}

TEST_CASE("folders inside one another end somewhere") {
  Model m;
  fs::Path deep = m.root;
  for (std::size_t i = 0; i <= kMaxModelDepth; ++i) deep /= "d";
  test::write(deep / "f", "x");
  CHECK(
      sign_model({.model = m.root, .bundle = m.sig, .ignore = {}, .certificates = {}}, m.key).error().code ==
      Errc::invalid);
}

TEST_CASE("paths are inside the model by where they lie, not by how they are spelt") {
  Model m;
  CHECK(inside_model(m.root, m.root / "sub" / ".." / "a") == "a");
  CHECK_FALSE(inside_model(m.root, m.dir / "a"));
  CHECK_FALSE(inside_model(m.root, m.dir / "model2" / "a"));
  CHECK_FALSE(inside_model(m.root, m.root));
  std::filesystem::create_directory_symlink(m.root, m.dir / "alias");
  CHECK(inside_model(m.root, m.dir / "alias" / "a") == "a");
  CHECK(git_paths().size() == 4);
}
