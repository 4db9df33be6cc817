// tests/verify/tuf/simulator.cpp: publishes like a repository, serves like a folder.
#include "tests/verify/tuf/simulator.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "verify/tuf/names.h"

namespace nano::test {

using namespace verify::tuf;

Repo::Repo() {
  root.header.expires = timestamp.header.expires = snapshot.header.expires = kExpires;
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    signers[role].push_back(Signer::ed25519());
    root.add_key(role, signers[role].back().key());
  }
  targets["targets"].header.expires = kExpires;
  publish({"root"});
  publish_all();
}

std::string Repo::sign(const std::string& role, Json body) {
  if (before_signing) before_signing(role, body);
  Document doc = make_document(std::move(body)).value();
  for (const Signer& s : signers[role]) add_signature(doc, s);
  if (after_signing) after_signing(role, doc);
  return write_document(doc);
}

void Repo::publish_one(const std::string& role) {
  const bool again = std::exchange(written_[role], true);
  const auto note = [&](MetaFile& m, uint64_t version, const std::string& bytes) {
    m.version = version;
    m.length.reset();
    m.hashes.clear();
    if (!hashes) return;
    m.length = bytes.size();
    m.hashes["sha256"] = sha256(bytes).hex();
  };
  if (role == "root") {
    if (again) ++root.header.version;
    files[metadata_file(role, root.header.version)] = sign(role, root.to_json());
  } else if (role == "timestamp") {
    if (again) ++timestamp.header.version;
    files["timestamp.json"] = sign(role, timestamp.to_json());
  } else if (role == "snapshot") {
    if (again) ++snapshot.header.version;
    const std::string bytes = sign(role, snapshot.to_json());
    files[metadata_file(role, snapshot.header.version)] = bytes;
    note(timestamp.snapshot, snapshot.header.version, bytes);
  } else {
    Targets& t = targets.at(role);
    if (again) ++t.header.version;
    const std::string bytes = sign(role, t.to_json());
    files[metadata_file(role, t.header.version)] = bytes;
    note(snapshot.meta[role + ".json"], t.header.version, bytes);
  }
}

void Repo::publish(const std::vector<std::string>& roles) {
  for (const std::string& role : roles) publish_one(role);
}

void Repo::publish_all() {
  for (const auto& entry : targets) publish_one(entry.first);
  publish({"snapshot", "timestamp"});
}

Delegation& Repo::delegate(const std::string& delegator, const std::string& role,
                           std::vector<std::string> paths, bool terminating) {
  Targets& by = targets.at(delegator);
  if (!by.delegations) by.delegations.emplace();
  Delegation d;
  d.name = role;
  d.terminating = terminating;
  d.paths = std::move(paths);
  by.delegations->roles.push_back(std::move(d));
  signers[role].push_back(Signer::ed25519());
  by.add_key(role, signers[role].back().key());
  if (targets.count(role) == 0) targets[role].header.expires = kExpires;
  return by.delegations->roles.back();
}

void Repo::add_target(const std::string& role, const std::string& path, const std::string& bytes) {
  TargetFile file;
  file.length = bytes.size();
  file.hashes["sha256"] = sha256(bytes).hex();
  targets.at(role).targets[path] = file;
  const auto slash = path.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  target_files[percent_encode_path(path.substr(0, name) + file.hashes["sha256"] + "." + path.substr(name))] =
      bytes;
}

void Repo::rotate(const std::string& role) {
  root.roles[role].key_ids.clear();
  signers[role].clear();
  signers[role].push_back(Signer::ed25519());
  root.add_key(role, signers[role].back().key());
}

Status Repo::fetch(Area area, std::string_view path, uint64_t max_bytes, Sink& into) {
  const std::string name(path);
  asked.push_back(area == Area::targets ? "targets/" + name : name);
  if (answer) {
    if (auto said = answer(asked.back(), max_bytes, into)) return *said;
  }
  const auto& tree = area == Area::targets ? target_files : files;
  const auto it = tree.find(name);
  if (it == tree.end()) return make_error(Errc::not_found, "404 " + name);
  // In pieces, as a network would; max_bytes is not looked at: the updater must not rely on its fetcher.
  const std::string_view bytes = it->second;
  for (std::size_t at = 0; at < bytes.size(); at += 1000) NANO_TRY(into.write(bytes.substr(at, 1000)));
  return Unit{};
}

std::size_t Repo::times_asked(const std::string& path) const {
  return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), path));
}

Status Client::refresh(bool offline) {
  updater_.reset();
  UpdaterOptions options;
  options.dir = dir();
  options.time = {.now = now, .max_stale_s = max_stale_s};
  options.limits = limits;
  options.trusted_root = first_root_;
  NANO_TRY_ASSIGN(auto updater, Updater::open(std::move(options), offline ? nullptr : &repo_));
  updater_.emplace(std::move(updater));
  return updater_->refresh();
}

std::string Client::find(const std::string& path) {
  const Status done = refresh();
  if (!done) return "refresh: " + done.error().message;
  const auto info = updater_->target_info(path);
  if (!info) return std::string(kind(info.error().code)) + ": " + info.error().message;
  return *info ? (*info)->chain.back().role : "none";
}

uint64_t Client::version(const std::string& role) const {
  const auto doc = parse_document(local(metadata_file(role)), 100'000'000);
  return doc ? doc->body.at("version").get<uint64_t>() : 0;
}

bool fails(const Status& s, Errc code, std::string_view words) {
  if (s) {
    UNSCOPED_INFO("it succeeded");
    return false;
  }
  UNSCOPED_INFO(std::string(kind(s.error().code)) + ": " + s.error().render());
  return s.error().code == code && s.error().render().find(words) != std::string::npos;
}

}  // namespace nano::test
