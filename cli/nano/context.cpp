// cli/nano/context.cpp: from the command line to what every use case is handed.
#include "base/url.h"
#include "cli/nano/commands.h"

namespace nano::cli {

Result<app::Context> open_context(Invocation& in) {
  const GlobalFlags& g = in.globals();
  app::Flags flags;
  if (g.json) flags.json = true;
  if (g.quiet) flags.quiet = true;
  if (g.verbose) flags.verbose = true;
  if (g.offline) flags.offline = true;
  flags.registry = g.registry;
  flags.store = g.store;
  Session& session = in.session();
  NANO_TRY_ASSIGN(app::Context ctx, app::make_context(flags, session.log, session.progress));
  // A flag beats a configured opposite: `--quiet` on the line means quiet, whatever the configuration says of verbose.
  const bool quiet = ctx.settings.quiet && !g.verbose;
  session.settle(ctx.settings.json, quiet, ctx.settings.verbose && !quiet);
  ctx.command_line = hide_url_secrets(in.command_line());  // it is written into locks, generations and the history
  if (in.has("yes")) {
    ctx.ask = [](const std::string&) { return true; };
  } else if (can_ask() && !session.json) {
    ctx.ask = [&session](const std::string& question) {
      session.progress.finish();
      return ask_yes_no(question);
    };
  }
  return ctx;
}

}  // namespace nano::cli
