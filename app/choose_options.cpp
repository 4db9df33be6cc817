// app/choose_options.cpp: words become filters.
#include "app/choose_options.h"

#include <algorithm>

#include "app/machine.h"
#include "base/text.h"
#include "resolver/license.h"

namespace nano::app {

Status apply(const Context& ctx, const ChooseOptions& options, resolver::ChooseRequest& request) {
  resolver::Filters& f = request.filters;
  for (const auto* list : {&options.min, &options.max})
    for (const std::string& text : *list) {
      NANO_TRY_ASSIGN(auto limit, resolver::Limit::parse(list == &options.min, text));
      f.limits.push_back(std::move(limit));
    }
  f.licenses = options.licenses;
  if (const std::string bad = resolver::faulty_license_word(f.licenses); !bad.empty())
    return make_error(Errc::usage, "'" + sanitize(bad) + "' is not a licence",
                      "--license takes SPDX ids (MIT, Apache-2.0) and `permissive`");
  for (const std::string& k : options.kinds) {
    const auto words = schemas::kind_words();
    const auto it = std::find(words.begin(), words.end(), k);
    if (it == words.end()) {
      const auto near = nearest(k, words);
      return make_error(
          Errc::usage, "'" + sanitize(k) + "' is not a kind of package",
          near ? "did you mean '" + *near + "'?" : "model, base, head, adapter, grid or dataset");
    }
    f.kinds.push_back(static_cast<schemas::Kind>(it - words.begin()));
  }
  if (!options.min_age.empty()) {
    NANO_TRY_ASSIGN(f.min_age_seconds, resolver::parse_age(options.min_age));
    f.min_age_text = options.min_age;
  }
  if (!options.prefer.empty()) {
    NANO_TRY_ASSIGN(request.objective, resolver::parse_objective(options.prefer));
  }
  f.any_machine = options.any_machine;
  request.lowest = options.minimal;
  request.machine = machine_facts(ctx);
  request.now = ctx.now;
  return Unit{};
}

}  // namespace nano::app
