// app/unasked.cpp: each package's registry, asked once.
#include "app/unasked.h"

#include "base/text.h"

namespace nano::app {
namespace {

Status ask(const Context& ctx, Remotes& remotes, const AskedFor& package) {
  NANO_TRY_ASSIGN(Remote * remote, remotes.for_namespace(package.name.ns));
  const std::string name = "'" + remote->registry().config.name + "'";
  const bool is_starter = remote->registry().starter;
  if (package.from_starter ? !is_starter : !package.registry_id.empty() && (is_starter || remote->id().hex() != package.registry_id))
    return make_error(Errc::not_found,
                      "it came from another registry than " + name + ", which owns its namespace now",
                      package.from_starter ? "the registry that came with nano calls it starter/" + package.name.name
                                           : "configure that one again, or install it anew: `nano install --force " + package.name.text() + "`");
  NANO_TRY_ASSIGN(const schemas::IndexPackage* listed, remote->package(package.name));
  if (listed == nullptr) ctx.log->warn("the registry " + name + " lists " + package.name.text() + " no more");
  if (ctx.settings.offline && !remote->client().is_local())
    return make_error(Errc::refused, "nano works offline: only what was fetched before from " + name + " is known", "leave out --offline");
  return Unit{};
}

}  // namespace

std::vector<Unasked> ask_for_each(const Context& ctx, Remotes& remotes, const std::vector<AskedFor>& packages) {
  std::vector<Unasked> out;
  for (const AskedFor& package : packages) {
    const auto asked = ask(ctx, remotes, package);
    if (asked) continue;
    const Error& why = asked.error();
    ctx.log->warn("whether there is something newer than the " + package.name.text() + " that is here is not known: " + sanitize(why.message));
    out.push_back({package.name, why});
  }
  return out;
}

}  // namespace nano::app
