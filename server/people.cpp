// server/people.cpp: who may publish where, and what the registry warns of.
#include <algorithm>

#include "base/text.h"
#include "schemas/advisory.h"
#include "schemas/requirement.h"
#include "server/workplace.h"

namespace nano::server {
namespace {

constexpr uint64_t kMaxProof = 8'000'000;

Result<std::vector<verify::PublicKey>> named_keys(const registry::KeyStore& keys,
                                                  const std::vector<std::string>& labels) {
  std::vector<verify::PublicKey> out;
  for (const std::string& label : labels) {
    const auto key = keys.named(label);
    if (!key)
      return make_error(Errc::not_found, "there is no key '" + sanitize(label) + "' in the key folders",
                        "`nano-registry key list` shows them; --keys names another folder");
    out.push_back(*key);
  }
  return out;
}

/// The keys the options name, or a new one. A second key after a re-key needs another label than the first.
Result<std::vector<verify::PublicKey>> owners_of(registry::KeyStore& keys, const std::string& name,
                                                 const OwnerOptions& owner) {
  if (!owner.labels.empty()) return named_keys(keys, owner.labels);
  std::string label = registry::roles::ns(name);
  for (int i = 2; keys.taken(label); ++i) label = registry::roles::ns(name) + "." + std::to_string(i);
  NANO_TRY_ASSIGN(const auto key, keys.create(label));
  return std::vector<verify::PublicKey>{key};
}

/// Of a namespace that is new: a key of its label that is here already was made for it, by a call that was killed.
Result<std::vector<verify::PublicKey>> first_owners(registry::KeyStore& keys, const std::string& name,
                                                    const OwnerOptions& owner) {
  const std::string label = registry::roles::ns(name);
  if (owner.labels.empty() && keys.holds(label)) return named_keys(keys, {label});
  return owners_of(keys, name, owner);
}

/// `wait`: seconds from an announced change of keys to when it may take effect.
NamespaceRow row_of(const registry::NamespaceOwner& o, int64_t wait) {
  return {.name = o.name,
          .key_ids = o.key_ids,
          .threshold = o.threshold,
          .release_key_ids = o.release_key_ids,
          .removed = o.tombstone,
          .releases = o.releases,
          .announced = o.announced,
          .possible_at = o.announced.empty() ? "" : format_time(o.announced_at + wait)};
}

Result<NamespaceRow> find_row(Workplace& place, const std::string& name) {
  NANO_TRY_ASSIGN(const auto all, place.repo->namespaces());
  for (const auto& o : all)
    if (o.name == name) return row_of(o, place.settings.rekey_days * registry::roles::kDay);
  return make_error(Errc::not_found, "nobody has the namespace '" + sanitize(name) + "' in this registry",
                    "`nano-registry namespace list` shows them");
}

/// The keys that a change was announced with, when none are named now and all are at hand; else none.
Result<std::vector<verify::PublicKey>> announced_keys(Workplace& place, const std::string& name,
                                                      const OwnerOptions& owner) {
  std::vector<verify::PublicKey> out;
  if (!owner.labels.empty()) return out;
  NANO_TRY_ASSIGN(const auto row, find_row(place, name));
  NANO_TRY_ASSIGN(const auto here, place.keys->list());
  for (const auto& k : here)
    if (std::find(row.announced.begin(), row.announced.end(), k.key.key_id()) != row.announced.end())
      out.push_back(k.key);
  if (out.size() != row.announced.size()) out.clear();
  return out;
}

/// Looked up before anything is changed.
Result<std::optional<verify::PublicKey>> release_key_of(const Workplace& place, const OwnerOptions& owner) {
  if (owner.release_key.empty()) return std::optional<verify::PublicKey>();
  if (!owner.proof.empty())
    return make_error(Errc::usage, "a proof and a release key are two changes: the owner's keys sign the second",
                      "leave --release-key out, and give it with `namespace rekey --release-key LABEL` where they are");
  NANO_TRY_ASSIGN(const auto keys, named_keys(*place.keys, {owner.release_key}));
  return std::optional<verify::PublicKey>(keys.front());
}

Status add_it(Workplace& place, const std::string& name, const OwnerOptions& owner) {
  NANO_TRY_ASSIGN(const auto release_key, release_key_of(place, owner));
  NANO_TRY(place.repo->check_new_namespace(name));  // before a key is made for it
  if (!owner.proof.empty()) {
    NANO_TRY_ASSIGN(const std::string proof, fs::read_file(owner.proof, kMaxProof));
    return place.repo->add_namespace(name, proof);
  }
  NANO_TRY_ASSIGN(const auto owners, first_owners(*place.keys, name, owner));
  return place.repo->add_namespace(name, owners, owner.threshold, release_key);
}

Status rekey_it(Workplace& place, const std::string& name, const OwnerOptions& owner) {
  NANO_TRY_ASSIGN(const auto release_key, release_key_of(place, owner));
  if (!owner.proof.empty()) {
    NANO_TRY_ASSIGN(const std::string proof, fs::read_file(owner.proof, kMaxProof));
    NANO_TRY(place.repo->rekey_namespace(name, proof));
    return Unit{};
  }
  if (owner.labels.empty() && release_key) return place.repo->set_release_key(name, *release_key);
  NANO_TRY_ASSIGN(auto owners, announced_keys(place, name, owner));
  if (owners.empty()) {
    NANO_TRY_ASSIGN(owners, owners_of(*place.keys, name, owner));
  }
  NANO_TRY(place.repo->rekey_namespace(name, owners, owner.threshold, release_key));
  return Unit{};
}

}  // namespace

Result<NamespaceRow> namespace_add(const fs::Path& dir, const std::string& name, const OwnerOptions& owner,
                                   const KeyOptions& keys) {
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "namespace add"));
  NANO_TRY(place.settle(add_it(place, name, owner)));
  return find_row(place, name);
}

Result<NamespaceRow> namespace_rekey(const fs::Path& dir, const std::string& name, const OwnerOptions& owner,
                                     const KeyOptions& keys) {
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "namespace rekey"));
  NANO_TRY(place.settle(rekey_it(place, name, owner)));
  return find_row(place, name);
}

Result<NamespaceRow> namespace_withdraw(const fs::Path& dir, const std::string& name,
                                        const KeyOptions& keys) {
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "namespace rekey"));
  NANO_TRY(place.repo->withdraw_rekey(name));
  return find_row(place, name);
}

Status namespace_remove(const fs::Path& dir, const std::string& name, const std::string& reason,
                        const KeyOptions& keys) {
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "namespace remove"));
  return place.repo->remove_namespace(name, reason);
}

Result<std::vector<NamespaceRow>> namespace_list(const fs::Path& dir) {
  NANO_TRY_ASSIGN(auto place, Workplace::look(dir));
  NANO_TRY_ASSIGN(const auto all, place.repo->namespaces());
  std::vector<NamespaceRow> out;
  for (const auto& o : all) out.push_back(row_of(o, place.settings.rekey_days * registry::roles::kDay));
  return out;
}

namespace {

/// An advisory for what is not there would warn nobody: a slip, and the person believes that everybody is warned.
Status check_affected(const schemas::Affected& affected, registry::Repository& repo) {
  const schemas::Index& index = repo.index();
  const auto* package = index.find(affected.name);
  if (package == nullptr) {
    // What a removed namespace published is listed no more, and may be installed all the same.
    NANO_TRY_ASSIGN(const auto namespaces, repo.namespaces());
    for (const auto& n : namespaces)
      if (n.name == affected.name.ns && !n.tombstone.empty()) return Unit{};
    std::vector<std::string> names;
    for (const auto& p : index.packages) names.push_back(p.name.text());
    const auto near = nearest(affected.name.text(), names);
    return make_error(Errc::not_found, "--affects names '" + affected.name.text() + "', which this registry does not have",
                      near ? "did you mean '" + *near + "'?" : "the packages are those that `nano search` finds in it");
  }
  std::string all;
  for (const auto& v : package->versions) {
    if (affected.range.contains(v.version)) return Unit{};
    if (all.size() < 200) all += (all.empty() ? "" : ", ") + v.version.text();
  }
  return make_error(Errc::not_found, "--affects: no version of " + affected.name.text() + " is in '" + affected.range.text() + "'",
                    "it has " + all);
}

}  // namespace

Status advisory_add(const fs::Path& dir, const AdvisoryRow& row, const KeyOptions& keys) {
  schemas::Advisory a{.id = row.id, .title = row.title, .details = row.details, .url = row.url};
  const auto words = schemas::severity_words();
  const auto word = std::find(words.begin(), words.end(), row.severity);
  if (word == words.end())
    return make_error(Errc::usage, "'" + sanitize(row.severity) + "' is no severity",
                      "one of malware, critical, high, moderate, low");
  a.severity = static_cast<schemas::Severity>(word - words.begin());
  for (const std::string& text : row.affected) {
    NANO_TRY_ASSIGN(auto r, schemas::Requirement::parse(text));
    if (!r.variant.empty())
      return make_error(Errc::usage, "--affects " + sanitize(text) + " names a variant", "an advisory holds for versions: leave out ':" + r.variant + "'");
    a.affected.push_back({.name = std::move(r.name), .range = std::move(r.range)});
  }
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "advisory add"));
  for (const auto& affected : a.affected) NANO_TRY(check_affected(affected, *place.repo));
  a.published = row.published.empty() ? format_time(place.now) : row.published;
  return place.repo->put_advisory(a);
}

Status advisory_remove(const fs::Path& dir, const std::string& id, const KeyOptions& keys) {
  NANO_TRY_ASSIGN(auto place, Workplace::open(dir, keys, "advisory remove"));
  return place.repo->remove_advisory(id);
}

Result<std::vector<AdvisoryRow>> advisory_list(const fs::Path& dir) {
  NANO_TRY_ASSIGN(auto place, Workplace::look(dir));
  NANO_TRY_ASSIGN(const auto all, place.repo->advisories());
  std::vector<AdvisoryRow> out;
  for (const auto& a : all) {
    AdvisoryRow row{.id = a.id,
                    .title = a.title,
                    .severity = std::string(schemas::to_text(a.severity)),
                    .published = a.published,
                    .details = a.details,
                    .url = a.url};
    for (const auto& f : a.affected) row.affected.push_back(f.name.text() + "@" + f.range.text());
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace nano::server
