// registry/repository/elsewhere.cpp: documents that go to the machine with the offline keys and come back signed.
#include <algorithm>

#include "base/text.h"
#include "registry/repository/repository_impl.h"
#include "schemas/target_info.h"
#include "verify/tuf/names.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

constexpr uint64_t kMaxDocument = tuf::Limits{}.targets_bytes;
constexpr std::size_t kLinesShown = 20;

void mark(tuf::Header& header, std::string_view role, const std::vector<std::string>& key_ids,
          uint32_t threshold) {
  if (!header.extra.is_object()) header.extra = Json::object();
  header.extra[std::string(roles::kRoleField)] = {
      {"name", role}, {"keyids", key_ids}, {"threshold", threshold}};
}

struct Marked {
  std::string role{};
  tuf::RoleKeys by{};
};

/// A proof of possession says for itself whose it is: each of its keys has to sign.
std::optional<Marked> read_proof_mark(const Json& body) {
  const auto at = body.is_object() ? body.find(roles::kProofField) : body.end();
  if (!body.is_object() || at == body.end() || !at->is_object() || !at->contains("namespace") ||
      !(*at)["namespace"].is_string() || !at->contains("keys") || !(*at)["keys"].is_object())
    return std::nullopt;
  Marked out{.role = roles::ns((*at)["namespace"].get_ref<const std::string&>())};
  for (const auto& entry : (*at)["keys"].items()) out.by.key_ids.push_back(entry.key());
  out.by.threshold = static_cast<uint32_t>(out.by.key_ids.size());
  return out;
}

Result<Marked> read_mark(const Json& body) {
  const auto bad = [] {
    return make_error(Errc::invalid,
                      "this is no document that `nano-registry sign` made: it does not say which role it is");
  };
  const auto at = body.is_object() ? body.find(roles::kRoleField) : body.end();
  if (!body.is_object() || at == body.end() || !at->is_object()) return bad();
  Marked out;
  const auto name = at->find("name");
  const auto ids = at->find("keyids");
  const auto threshold = at->find("threshold");
  if (name == at->end() || !name->is_string() || ids == at->end() || !ids->is_array() ||
      threshold == at->end() || !threshold->is_number_unsigned())
    return bad();
  out.role = name->get<std::string>();
  for (const Json& id : *ids) {
    if (!id.is_string()) return bad();
    out.by.key_ids.push_back(id.get<std::string>());
  }
  out.by.threshold = threshold->get<uint32_t>();
  return out;
}

/// Signatures that a document still needs, going by the ids of those it has.
uint32_t missing(const tuf::Document& doc, const tuf::RoleKeys& by) {
  const auto have = static_cast<uint32_t>(
      std::count_if(doc.signatures.begin(), doc.signatures.end(), [&](const tuf::DocSignature& s) {
        return std::find(by.key_ids.begin(), by.key_ids.end(), s.key_id) != by.key_ids.end();
      }));
  return have >= by.threshold ? 0 : by.threshold - have;
}

std::string list_keys(const tuf::RoleKeys& keys) {
  std::string out = std::to_string(keys.threshold) + " of";
  for (const std::string& id : keys.key_ids) out += " " + id.substr(0, 16);
  return out;
}

std::vector<std::string> says_of(const tuf::Root& root) {
  std::vector<std::string> out;
  for (const auto& entry : root.roles) out.push_back("role " + entry.first + ": " + list_keys(entry.second));
  return out;
}
std::vector<std::string> says_of(const tuf::Targets& body) {
  std::vector<std::string> out;
  if (body.delegations)
    for (const tuf::Delegation& d : body.delegations->roles)
      out.push_back("delegates " + d.paths.value_or(std::vector<std::string>{"?"}).front() + " to " + d.name +
                    ": " + list_keys(d.keys));
  // The newest first: what a publisher is asked to sign for is among them.
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [path, file] : body.targets) {
    const auto facts = schemas::parse_target_info(file.custom.object_text());
    const std::string published = facts ? facts->published : "";
    std::string line = "lists " + path + ", sha256 " + digest_of(file).hex();
    if (!published.empty()) line += ", published " + published;
    if (facts && !facts->yanked.empty()) line += ", yanked: " + facts->yanked;
    lines.emplace_back(published, std::move(line));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < lines.size() && i < kLinesShown; ++i) out.push_back(std::move(lines[i].second));
  if (lines.size() > kLinesShown)
    out.push_back("and " + std::to_string(lines.size() - kLinesShown) + " older targets");
  return out;
}

}  // namespace

Result<Draft> Repository::Impl::draft_root(tuf::Root root, const tuf::RoleKeys& by) {
  root.header.version = served->root().header.version + 1;
  root.header.expires = options.now + options.lifetimes.root;
  if (!root.header.extra.is_object()) root.header.extra = Json::object();
  root.header.extra[std::string(roles::kIdField)] = served->id();
  mark(root.header, tuf::kRoot, by.key_ids, by.threshold);
  NANO_TRY_ASSIGN(auto doc, tuf::make_document(root.to_json()));
  NANO_TRY(sign_with(doc, by, keys));
  return Draft{.role = std::string(tuf::kRoot),
               .version = root.header.version,
               .bytes = tuf::write_document(doc),
               .missing = missing(doc, by)};
}

Result<Draft> Repository::Impl::draft_role(tuf::Targets body, const std::string& role,
                                           const tuf::RoleKeys& by) {
  body.header.version = served->next_version(role);
  body.header.expires = options.now + options.lifetimes.of(role);
  mark(body.header, role, by.key_ids, by.threshold);
  NANO_TRY_ASSIGN(auto doc, tuf::make_document(body.to_json()));
  NANO_TRY(sign_with(doc, by, keys));
  return Draft{.role = role,
               .version = body.header.version,
               .bytes = tuf::write_document(doc),
               .missing = missing(doc, by)};
}

Result<bool> Repository::Impl::draft_instead(const tuf::Targets& body, const std::string& role,
                                             const tuf::RoleKeys& by, std::optional<Draft>* draft) {
  if (draft == nullptr) return false;
  const auto here = std::count_if(by.key_ids.begin(), by.key_ids.end(),
                                  [&](const std::string& id) { return keys.has(id); });
  if (static_cast<uint32_t>(here) >= by.threshold) return false;
  if (!lock) return make_error(Errc::internal, "a registry that was opened to be looked at is not changed");
  NANO_TRY_ASSIGN(*draft, draft_role(body, role, by));
  return true;
}

Result<std::vector<Draft>> Repository::drafts(std::string_view role) {
  Served& served = *impl_->served;
  std::vector<Draft> out;
  const auto keep = [&](Result<Draft> draft) -> Status {
    if (!draft) return std::move(draft.error());
    out.push_back(std::move(*draft));
    return Unit{};
  };
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served.targets());
  const bool all = role == "all";
  const auto top = [&](std::string_view name) { return served.root().roles.at(std::string(name)); };
  if (role == tuf::kRoot || all) NANO_TRY(keep(impl_->draft_root(served.root(), top(tuf::kRoot))));
  if (role == tuf::kTargets || all)
    NANO_TRY(keep(impl_->draft_role(*targets, std::string(tuf::kTargets), top(tuf::kTargets))));
  for (const tuf::Delegation& d : targets->delegations->roles) {
    if (d.name != role && !((role == "reg" || all) && roles::is_reg(d.name)) && !(all && d.name == roles::kAdvisory)) continue;
    NANO_TRY_ASSIGN(const tuf::Targets* body, served.role(d.name, tuf::kTargets));
    NANO_TRY(keep(impl_->draft_role(*body, d.name, d.keys)));
  }
  if (out.empty())
    return make_error(Errc::usage, "'" + std::string(role) + "' is no role that is signed elsewhere",
                      "one of root, targets, advisory, reg, all");
  return out;
}

namespace {

struct Arrived {
  Marked marked{};
  tuf::Document doc{};
};

Status check_version(const std::string& role, uint64_t got, uint64_t due) {
  if (got == due) return Unit{};
  return make_error(Errc::untrusted,
                    "the document is version " + std::to_string(got) + " of '" + sanitize(role) +
                        "', and version " + std::to_string(due) + " is due",
                    "something was published meanwhile: make new documents and have them signed");
}

}  // namespace

Status Repository::install(const std::vector<std::string>& documents) {
  Served& served = *impl_->served;
  std::vector<Arrived> arrived;
  std::vector<std::pair<std::string, tuf::Document>> of_namespaces;
  for (const std::string& bytes : documents) {
    NANO_TRY_ASSIGN(auto doc, tuf::parse_document(bytes, kMaxDocument));
    NANO_TRY_ASSIGN(auto marked, read_mark(doc.body));
    if (roles::namespace_of(marked.role).empty())
      arrived.push_back({.marked = std::move(marked), .doc = std::move(doc)});
    else
      of_namespaces.emplace_back(std::move(marked.role), std::move(doc));
  }
  if (!arrived.empty() && !of_namespaces.empty())
    return make_error(Errc::usage, "documents of namespaces and of the registry's own roles lie together",
                      "put them into two folders, and serve one after the other");
  // From the top down, because who may sign a role is what comes with it, when that changes too.
  const auto rank = [](const Arrived& a) {
    return a.marked.role == tuf::kRoot ? 0 : a.marked.role == tuf::kTargets ? 1 : 2;
  };
  std::stable_sort(arrived.begin(), arrived.end(),
                   [&](const Arrived& a, const Arrived& b) { return rank(a) < rank(b); });
  NANO_TRY_ASSIGN(const tuf::Targets* served_targets, served.targets());
  tuf::Root root = served.root();
  tuf::Targets targets = *served_targets;
  Edition changes = impl_->edition();
  if (!of_namespaces.empty()) NANO_TRY(impl_->take_namespaces(changes, std::move(of_namespaces)));
  for (Arrived& a : arrived) {
    const std::string& role = a.marked.role;
    const std::string what = "the document for the role '" + sanitize(role) + "'";
    if (role == tuf::kRoot) {
      NANO_TRY_ASSIGN(tuf::Root next, tuf::Root::parse(a.doc.body));
      NANO_TRY(check_version(role, next.header.version, served.root().header.version + 1));
      NANO_TRY(tuf::verify_document(a.doc, served.root().keys, served.root().roles.at(role),
                                    what + " (by the keys in force)"));
      NANO_TRY(tuf::verify_document(a.doc, next.keys, next.roles.at(role), what + " (by its own keys)"));
      if (!next.header.extra.is_object() ||
          next.header.extra.value(std::string(roles::kIdField), "") != served.id())
        return make_error(Errc::untrusted, what + " is not this registry's");
      root = std::move(next);
      changes.put_signed(role, std::move(a.doc), root.header.version);
      continue;
    }
    NANO_TRY_ASSIGN(tuf::Targets body, tuf::Targets::parse(a.doc.body));
    NANO_TRY(check_version(role, body.header.version, served.next_version(role)));
    const uint64_t version = body.header.version;
    if (role == tuf::kTargets) {
      NANO_TRY(tuf::verify_document(a.doc, root.keys, root.roles.at(role), what));
      if (!body.delegations) return make_error(Errc::untrusted, what + " delegates to nobody");
      targets = std::move(body);
    } else {
      const tuf::Delegation* d = targets.delegations->find(role);
      if (d == nullptr)
        return make_error(Errc::untrusted, "'targets' delegates nothing to '" + sanitize(role) + "'");
      NANO_TRY(tuf::verify_document(a.doc, targets.delegations->keys, d->keys, what));
    }
    changes.put_signed(role, std::move(a.doc), version);
  }
  return impl_->commit(changes);
}

Result<SignedElsewhere> sign_elsewhere(std::string_view document, KeyRing& keys) {
  NANO_TRY_ASSIGN(auto doc, tuf::parse_document(document, kMaxDocument));
  auto proof = read_proof_mark(doc.body);
  Marked marked;
  if (proof) {
    marked = std::move(*proof);
  } else {
    NANO_TRY_ASSIGN(marked, read_mark(doc.body));
  }
  SignedElsewhere out{.role = marked.role};
  if (marked.role == tuf::kRoot) {
    NANO_TRY_ASSIGN(const tuf::Root root, tuf::Root::parse(doc.body));
    out.version = root.header.version;
    out.expires = root.header.expires;
    out.says = says_of(root);
  } else {
    NANO_TRY_ASSIGN(const tuf::Targets body, tuf::Targets::parse(doc.body));
    out.version = body.header.version;
    out.expires = body.header.expires;
    out.says = says_of(body);
  }
  const bool any = std::any_of(marked.by.key_ids.begin(), marked.by.key_ids.end(),
                               [&](const std::string& id) { return keys.has(id); });
  if (!any && missing(doc, marked.by) > 0)  // a document that is complete passes through
    return make_error(Errc::denied,
                      "none of the keys that may sign the role '" + sanitize(marked.role) + "' is here",
                      "name the folder that holds them with --keys");
  NANO_TRY(sign_with(doc, marked.by, keys));
  for (const tuf::DocSignature& s : doc.signatures) out.key_ids.push_back(s.key_id);
  out.wanted = marked.by.key_ids;
  out.threshold = marked.by.threshold;
  out.missing = missing(doc, marked.by);
  out.bytes = tuf::write_document(doc);
  return out;
}

}  // namespace nano::registry
