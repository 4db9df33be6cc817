// app/bundle_request.cpp: `nano install ./x.nano`: a packed release or an export, and may it come in?
#include "app/export_request.h"
#include "app/plan.h"
#include "base/fs_named.h"
#include "base/text.h"

namespace nano::app {

Result<std::vector<BundleRequest>> open_bundle_request(Context& ctx, const std::string& request,
                                                       const InstallOptions& options) {
  fs::Path path = request;
  std::string only;  // variant
  const auto colon = request.rfind(':');
  NANO_TRY_ASSIGN(const fs::What whole, fs::look_follow(path));
  if (whole == fs::What::absent && colon != std::string::npos && request.substr(0, colon).ends_with(".nano")) {
    path = request.substr(0, colon);
    only = request.substr(colon + 1);
  }
  NANO_TRY_ASSIGN(const fs::What there, fs::look_for(path));
  if (there == fs::What::folder)
    return make_error(Errc::usage, "'" + sanitize(path.string()) + "' is a folder, and bundles are installed",
                      "`nano pack` makes a bundle of a package folder; `nano run` takes it as it is");
  NANO_TRY_ASSIGN(const bool exported, registry::is_export(path));
  if (exported) {
    if (!only.empty())
      return make_error(Errc::usage, "an export holds the variants that were installed where it was made",
                        "leave out ':" + sanitize(only) + "'");
    return open_export(ctx, path, options);
  }
  BundleRequest b;
  b.path = std::move(path);
  b.variant = std::move(only);
  NANO_TRY_ASSIGN(b.head, registry::read_bundle_head(b.path));
  const auto& m = b.head.release.manifest;
  const std::string what = m.name.text() + " " + m.version.text();
  const std::string why = "the bundle " + sanitize(b.path.string()) + " (" + what + ") carries no signature";
  if (!options.allow_unsigned)
    return make_error(Errc::untrusted, why,
                      "have it published in a registry you configured, or try it without installing: `nano run` takes a "
                      "package folder; --allow-unsigned installs it all the same");
  if (ctx.ask && !ctx.ask("Nobody you trust signed " + what + " (" + sanitize(b.path.string()) +
                          "). Install it all the same?"))
    return make_error(Errc::untrusted, "not installed: " + why);
  ctx.log->warn(what + " is installed without a trusted signature");
  std::vector<BundleRequest> out;
  out.push_back(std::move(b));
  return out;
}

}  // namespace nano::app
