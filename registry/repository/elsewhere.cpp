// registry/repository/elsewhere.cpp: documents that go to the machine with the offline keys and come back signed.
#include <algorithm>

#include "base/text.h"
#include "registry/repository/repository_impl.h"
#include "verify/tuf/names.h"

namespace nano::registry {

namespace tuf = verify::tuf;

namespace {

/// Unknown field of a draft: which role it is, and who may sign it. Signed with it, and checked against the delegator on the way in.
constexpr std::string_view kRoleField = "x-nano-role";
constexpr uint64_t kMaxDocument = tuf::Limits{}.targets_bytes;

void mark(tuf::Header& header, std::string_view role, const std::vector<std::string>& key_ids, uint32_t threshold) {
  if (!header.extra.is_object()) header.extra = Json::object();
  header.extra[std::string(kRoleField)] = {{"name", role}, {"keyids", key_ids}, {"threshold", threshold}};
}

struct Marked {
  std::string role{};
  tuf::RoleKeys by{};
};

Result<Marked> read_mark(const Json& body) {
  const auto bad = [] { return make_error(Errc::invalid, "this is no document that `nano-registry sign` made: it does not say which role it is"); };
  const auto at = body.is_object() ? body.find(kRoleField) : body.end();
  if (!body.is_object() || at == body.end() || !at->is_object()) return bad();
  Marked out;
  const auto name = at->find("name");
  const auto ids = at->find("keyids");
  const auto threshold = at->find("threshold");
  if (name == at->end() || !name->is_string() || ids == at->end() || !ids->is_array() || threshold == at->end() || !threshold->is_number_unsigned()) return bad();
  out.role = name->get<std::string>();
  for (const Json& id : *ids) {
    if (!id.is_string()) return bad();
    out.by.key_ids.push_back(id.get<std::string>());
  }
  out.by.threshold = threshold->get<uint32_t>();
  return out;
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
    for (const tuf::Delegation& d : body.delegations->roles) out.push_back("delegates " + d.paths.value_or(std::vector<std::string>{"?"}).front() + " to " + d.name + ": " + list_keys(d.keys));
  if (!body.targets.empty()) out.push_back("lists " + std::to_string(body.targets.size()) + " targets");
  return out;
}

}  // namespace

Result<std::vector<Repository::Draft>> Repository::drafts(std::string_view role) {
  Served& served = *impl_->served;
  const auto finish = [&](Json body, const tuf::RoleKeys& by, std::string name, uint64_t version) -> Result<Draft> {
    NANO_TRY_ASSIGN(auto doc, tuf::make_document(std::move(body)));
    NANO_TRY(sign_with(doc, by, impl_->keys));
    return Draft{.role = std::move(name), .version = version, .bytes = tuf::write_document(doc)};
  };
  std::vector<Draft> out;
  if (role == tuf::kRoot) {
    tuf::Root root = served.root();
    const tuf::RoleKeys by = root.roles.at(std::string(role));
    root.header.version += 1;
    root.header.expires = impl_->options.now + impl_->options.lifetimes.root;
    if (!root.header.extra.is_object()) root.header.extra = Json::object();
    root.header.extra[std::string(roles::kIdField)] = served.id();
    mark(root.header, role, by.key_ids, by.threshold);
    NANO_TRY_ASSIGN(auto draft, finish(root.to_json(), by, std::string(role), root.header.version));
    out.push_back(std::move(draft));
    return out;
  }
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served.targets());
  const auto add = [&](const tuf::Targets& now_served, const std::string& name, const tuf::RoleKeys& by) -> Status {
    tuf::Targets body = now_served;
    body.header.version = served.next_version(name);
    body.header.expires = impl_->options.now + impl_->options.lifetimes.of(name);
    mark(body.header, name, by.key_ids, by.threshold);
    NANO_TRY_ASSIGN(auto draft, finish(body.to_json(), by, name, body.header.version));
    out.push_back(std::move(draft));
    return Unit{};
  };
  if (role == tuf::kTargets) {
    NANO_TRY(add(*targets, std::string(role), served.root().roles.at(std::string(role))));
    return out;
  }
  for (const tuf::Delegation& d : targets->delegations->roles) {
    if (d.name != role && !(role == "reg" && roles::is_reg(d.name))) continue;
    NANO_TRY_ASSIGN(const tuf::Targets* body, served.role(d.name, tuf::kTargets));
    NANO_TRY(add(*body, d.name, d.keys));
  }
  if (out.empty()) return make_error(Errc::usage, "'" + std::string(role) + "' is no role that is signed elsewhere", "one of root, targets, advisory, reg");
  return out;
}

Status Repository::install(const std::vector<std::string>& documents) {
  Served& served = *impl_->served;
  Edition changes = impl_->edition();
  NANO_TRY_ASSIGN(const tuf::Targets* targets, served.targets());
  for (const std::string& bytes : documents) {
    NANO_TRY_ASSIGN(auto doc, tuf::parse_document(bytes, kMaxDocument));
    NANO_TRY_ASSIGN(const Marked marked, read_mark(doc.body));
    const std::string& role = marked.role;
    const auto wrong_version = [&](uint64_t got, uint64_t due) {
      return make_error(Errc::untrusted, "the document is version " + std::to_string(got) + " of '" + sanitize(role) + "', and version " + std::to_string(due) + " is due",
                        "something was published meanwhile: make a new draft and have it signed");
    };
    const std::string what = "the document for the role '" + sanitize(role) + "'";
    if (role == tuf::kRoot) {
      NANO_TRY_ASSIGN(const tuf::Root root, tuf::Root::parse(doc.body));
      const uint64_t due = served.root().header.version + 1;
      if (root.header.version != due) return wrong_version(root.header.version, due);
      NANO_TRY(tuf::verify_document(doc, served.root().keys, served.root().roles.at(role), what + " (by the keys in force)"));
      NANO_TRY(tuf::verify_document(doc, root.keys, root.roles.at(role), what + " (by its own keys)"));
      if (!root.header.extra.is_object() || root.header.extra.value(std::string(roles::kIdField), "") != served.id())
        return make_error(Errc::untrusted, what + " is not this registry's");
      changes.put_signed(role, std::move(doc), root.header.version);
      continue;
    }
    NANO_TRY_ASSIGN(const tuf::Targets body, tuf::Targets::parse(doc.body));
    const uint64_t due = served.next_version(role);
    if (body.header.version != due) return wrong_version(body.header.version, due);
    if (role == tuf::kTargets) {
      NANO_TRY(tuf::verify_document(doc, served.root().keys, served.root().roles.at(role), what));
    } else {
      const tuf::Delegation* d = targets->delegations->find(role);
      if (d == nullptr) return make_error(Errc::untrusted, "'targets' delegates nothing to '" + sanitize(role) + "'");
      NANO_TRY(tuf::verify_document(doc, targets->delegations->keys, d->keys, what));
    }
    changes.put_signed(role, std::move(doc), body.header.version);
  }
  return impl_->commit(changes);
}

Result<SignedElsewhere> sign_elsewhere(std::string_view document, KeyRing& keys) {
  NANO_TRY_ASSIGN(auto doc, tuf::parse_document(document, kMaxDocument));
  NANO_TRY_ASSIGN(const Marked marked, read_mark(doc.body));
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
  const bool any = std::any_of(marked.by.key_ids.begin(), marked.by.key_ids.end(), [&](const std::string& id) { return keys.has(id); });
  if (!any)
    return make_error(Errc::denied, "none of the keys that may sign the role '" + sanitize(marked.role) + "' is here", "name the folder that holds them with --keys");
  NANO_TRY(sign_with(doc, marked.by, keys));
  for (const tuf::DocSignature& s : doc.signatures) out.key_ids.push_back(s.key_id);
  out.wanted = marked.by.key_ids;
  out.threshold = marked.by.threshold;
  out.bytes = tuf::write_document(doc);
  return out;
}

}  // namespace nano::registry
