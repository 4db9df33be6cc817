// app/bundle_request.cpp: `nano install ./x.nano`: whose signature, and may it come in?
#include <algorithm>

#include "app/plan.h"
#include "app/trust.h"
#include "base/text.h"

namespace nano::app {

bool is_bundle_path(const std::string& request) {
  std::error_code ec;
  if (request.ends_with(".nano") || request.starts_with("./") || request.starts_with("../") ||
      request.starts_with("/"))
    return true;
  const auto colon = request.rfind(':');
  if (colon != std::string::npos && request.substr(0, colon).ends_with(".nano")) return true;
  return std::filesystem::is_regular_file(request, ec);
}

Result<BundleRequest> open_bundle_request(Context& ctx, const std::string& request, bool allow_unsigned) {
  BundleRequest b;
  b.path = request;
  std::error_code ec;
  if (!std::filesystem::exists(b.path, ec)) {
    const auto colon = request.rfind(':');
    if (colon != std::string::npos && colon + 1 < request.size()) {
      b.path = request.substr(0, colon);
      b.variant = request.substr(colon + 1);
    }
  }
  if (!std::filesystem::exists(b.path, ec))
    return make_error(Errc::not_found, "there is no bundle '" + sanitize(b.path.string()) + "'",
                      "`nano pack DIR` makes one");
  auto head = registry::read_bundle_head(b.path);
  if (!head) return std::move(head.error()).while_("reading the bundle " + sanitize(b.path.string()));
  b.head = std::move(*head);
  const auto& m = b.head.release.manifest;
  const std::string what = m.name.text() + " " + m.version.text();

  Error why = make_error(Errc::untrusted,
                         "the bundle " + sanitize(b.path.string()) + " (" + what + ") carries no signature");
  if (b.head.envelope) {
    auto verified = verify_envelope_for(ctx, m.name, m.version, *b.head.envelope);
    if (verified && verified->digest == b.head.digest) {
      b.signers = verified->signers;
      return b;
    }
    if (verified) {
      why = make_error(Errc::untrusted, "the signature in the bundle " + sanitize(b.path.string()) +
                                            " is for another release");
    } else {
      why = verified.error();
    }
  }
  why.code = Errc::untrusted;
  if (!allow_unsigned) {
    why.hint =
        "have it published in a registry you configured, or try it without installing: `nano run` takes a "
        "package folder; "
        "--allow-unsigned installs it all the same";
    return why;
  }
  if (ctx.ask && !ctx.ask("Nobody you trust signed " + what + " (" + sanitize(b.path.string()) +
                          "). Install it all the same?"))
    return make_error(Errc::untrusted, "not installed: " + why.message);
  ctx.log->warn(what + " is installed without a trusted signature");
  return b;
}

}  // namespace nano::app
