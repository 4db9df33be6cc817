// cli/nano/commands_find.cpp: search, info, card.
#include "app/list.h"
#include "app/search.h"
#include "base/count.h"
#include "base/text.h"
#include "cli/markdown.h"
#include "cli/nano/commands.h"
#include "cli/pager.h"
#include "cli/text_table.h"
#include "schemas/to_json.h"

namespace nano::cli {
namespace {

/// "47.2M"
std::string parameter_count(uint64_t n) {
  if (n == 0) return {};
  char text[32];
  if (n >= 1'000'000) {
    std::snprintf(text, sizeof text, "%.1fM", static_cast<double>(n) / 1e6);
  } else {
    std::snprintf(text, sizeof text, "%.1fK", static_cast<double>(n) / 1e3);
  }
  return text;
}

/// What was measured, its value, the variant, and on what and under what.
std::vector<std::string> claim_row(const schemas::Claim& c) {
  std::string on = c.dataset ? c.dataset->id + (c.dataset->split.empty() ? "" : " " + c.dataset->split) : "";
  if (c.conditions) {
    if (!c.conditions->device.empty()) on += (on.empty() ? "" : ", ") + c.conditions->device;
    if (c.conditions->threads) on += ", " + counted(static_cast<uint64_t>(*c.conditions->threads), "thread");
  }
  if (c.metric)
    return {c.metric->id,
            c.metric->value.text() +
                (c.metric->unit.empty() || c.metric->unit == "1" ? "" : " " + c.metric->unit),
            c.variant, on};
  if (c.latency)
    return {"latency p50 / p95", c.latency->p50_ms.text() + " / " + c.latency->p95_ms.text() + " ms",
            c.variant, on};
  return {"peak memory", c.peak_memory_bytes ? human_bytes(*c.peak_memory_bytes) : "", c.variant, on};
}

OrderedJson hit_json(const app::SearchHit& h) {
  OrderedJson j;
  j["name"] = h.name;
  j["version"] = h.version;
  j["title"] = h.title;
  j["task"] = h.task;
  j["languages"] = h.languages;
  j["license"] = h.license;
  j["parameters"] = h.parameters;
  j["bytes"] = h.bytes;
  j["base_bytes"] = h.base_bytes;
  j["headline"] = h.headline;
  j["registry"] = h.registry;
  j["installed"] = h.installed;
  return j;
}

Result<int> run_search(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  app::SearchOptions options{
      .task = in.value("task"), .language = in.value("language"), .license = in.value("license")};
  for (const auto& w : in.arguments("WORD")) options.query += (options.query.empty() ? "" : " ") + w;
  options.limit = in.number("limit", options.limit);
  NANO_TRY_ASSIGN(const app::SearchReport report, app::search(ctx, options));
  if (in.has("jsonl")) {
    for (const auto& h : report.hits) in.out().line(dump_safe(hit_json(h)));
    return 0;
  }
  if (in.json()) {
    OrderedJson data;
    data["hits"] = OrderedJson::array();
    for (const auto& h : report.hits) data["hits"].push_back(hit_json(h));
    data["total"] = report.total;
    if (!report.meant.empty()) data["meant"] = report.meant;
    in.document(data);
    return 0;
  }
  if (report.hits.empty()) {
    in.session().log.note(options.query.empty() ? "no package matches"
                                                : "no package matches '" + options.query + "'");
    return 0;
  }
  if (!report.meant.empty())
    in.session().log.note("no package matches '" + options.query + "'; these match '" + report.meant + "'");
  TextTable table({{.title = "NAME"},
                   {.title = "VERSION"},
                   {.title = "PARAMS", .right = true},
                   {.title = "SIZE", .right = true},
                   {.title = "LICENSE", .shrink = true},
                   {.title = "CLAIM"},
                   {.title = "TITLE", .shrink = true}});
  // Where there is little room, the figure is worth more than what it was measured on.
  const Terminal& terminal = in.session().out_terminal;
  const bool narrow = terminal.tty && terminal.width < 100;
  bool needs_base = false;
  for (const auto& h : report.hits) {
    needs_base = needs_base || h.base_bytes > 0;
    table.row({h.name + (h.installed ? " *" : ""), h.version, parameter_count(h.parameters),
               human_bytes(h.bytes) + (h.base_bytes > 0 ? " +" + human_bytes(h.base_bytes) : ""), h.license,
               narrow ? h.headline.substr(0, h.headline.find(" on ")) : h.headline, h.title});
  }
  in.out().put(table.render(terminal));
  if (needs_base) in.session().log.note("+ is the base that a head runs on, stored once for all its heads");
  if (report.total > report.hits.size())
    in.session().log.note(std::to_string(report.total - report.hits.size()) + " more; `--limit " +
                          std::to_string(report.total) + "` shows all");
  return 0;
}

OrderedJson info_json(const app::Info& i) {
  OrderedJson j;
  j["manifest"] = OrderedJson(schemas::to_json(i.manifest));
  j["source"] = i.source;
  j["registry"] = i.registry;
  j["release_digest"] = i.release_digest;
  j["signer"] = i.signer;
  j["unsigned"] = i.is_unsigned;
  j["versions"] = OrderedJson::array();
  for (const auto& v : i.versions) {
    OrderedJson o;
    o["version"] = v.version;
    o["published"] = v.published;
    if (v.yanked) o["yanked"] = *v.yanked;
    j["versions"].push_back(std::move(o));
  }
  j["variants"] = OrderedJson::array();
  for (const auto& v : i.variants) {
    OrderedJson o;
    o["name"] = v.name;
    o["bytes"] = v.bytes;
    o["default"] = v.is_default;
    o["quantization"] = v.quantization;
    j["variants"].push_back(std::move(o));
  }
  j["needs"] = OrderedJson::array();
  for (const auto& n : i.needs) j["needs"].push_back({{"name", n.name}, {"range", n.range}, {"use", n.use}, {"bytes", n.bytes}});
  if (i.installed_version) j["installed_version"] = *i.installed_version;
  if (i.installed_variant) j["installed_variant"] = *i.installed_variant;
  return j;
}

std::string versions_line(const app::Info& i) {
  std::string out;
  for (const auto& v : i.versions)
    out += (out.empty() ? "" : ", ") + v.version + (v.yanked ? " (yanked: " + *v.yanked + ")" : "");
  return out;
}

Result<int> run_info(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const app::Info i, app::info(ctx, in.argument("NAME")));
  if (in.json()) {
    in.document(info_json(i));
    return 0;
  }
  const auto& m = i.manifest;
  const Terminal& t = in.session().out_terminal;
  in.out().line(styled(t, Style::bold, sanitize(m.name.text() + " " + m.version.text())) +
                (m.title.empty() ? "" : "  " + sanitize(m.title)));
  if (!m.description.empty())
    for (const auto& l : wrap(sanitize(m.description, true), std::min<std::size_t>(t.width, 100)))
      in.out().line(l);
  std::vector<std::pair<std::string, std::string>> facts = {{"kind", std::string(schemas::to_text(m.kind))},
                                                            {"task", m.task},
                                                            {"license", m.license.spdx},
                                                            {"languages", listed(m.languages)},
                                                            {"labels", listed(m.labels)}};
  if (m.model) {
    facts.emplace_back(
        "model",
        m.model->architecture +
            (m.model->parameters > 0 ? ", " + parameter_count(m.model->parameters) + " parameters" : "") +
            (m.model->context_length > 0 ? ", context " + counted(m.model->context_length, "token")
                                         : ""));
  }
  if (i.installed_version)
    facts.emplace_back("installed",
                       *i.installed_version + (i.installed_variant ? " " + *i.installed_variant : ""));
  facts.emplace_back(
      "from", i.source + (i.registry.empty() || i.registry == i.source ? "" : " (" + i.registry + ")"));
  facts.emplace_back("signed by", i.is_unsigned ? "nobody: unsigned" : i.signer);
  facts.emplace_back("release", i.release_digest);
  for (std::size_t k = 0; k < i.needs.size(); ++k) {
    const auto& n = i.needs[k];
    facts.emplace_back(k == 0 ? "needs" : "", n.name + (n.range == "*" ? "" : " " + n.range) + " (" + n.use + ")" +
                                                  (n.bytes > 0 ? ", " + human_bytes(n.bytes) + " more" : ""));
  }
  facts.emplace_back("versions", versions_line(i));
  facts.emplace_back("homepage", m.homepage);
  facts.emplace_back("intended use", m.intended_use);
  for (std::size_t k = 0; k < m.limits.size(); ++k) facts.emplace_back(k == 0 ? "limits" : "", m.limits[k]);
  std::string data_sets;
  for (const auto& d : m.datasets)
    data_sets += (data_sets.empty() ? "" : "; ") + d.name + " (" + d.license + ")";
  facts.emplace_back("data sets", data_sets);
  in.out().put(render_facts(t, facts, 100));
  if (!i.variants.empty()) {
    in.out().put("\n");
    TextTable table({{.title = "VARIANT"}, {.title = "QUANTIZATION"}, {.title = "SIZE", .right = true}});
    for (const auto& v : i.variants)
      table.row({v.name + (v.is_default ? " (default)" : ""), v.quantization, human_bytes(v.bytes)});
    in.out().put(table.render(t));
  }
  if (!m.claims.empty()) {
    in.out().put("\n");
    TextTable table({{.title = "CLAIM"},
                     {.title = "VALUE", .right = true},
                     {.title = "VARIANT"},
                     {.title = "ON", .shrink = true}});
    for (const auto& c : m.claims) table.row(claim_row(c));
    in.out().put(table.render(t));
  }
  return 0;
}

Result<int> run_card(Invocation& in) {
  NANO_TRY_ASSIGN(app::Context ctx, open_context(in));
  NANO_TRY_ASSIGN(const std::string markdown, app::card_markdown(ctx, in.argument("NAME")));
  if (in.json()) {
    OrderedJson data;
    data["name"] = in.argument("NAME");
    data["markdown"] = markdown;
    in.document(data);
    return 0;
  }
  RenderedCard card;
  if (in.has("raw")) {
    card.text = sanitize(markdown, true);
    if (card.text.empty() || card.text.back() != '\n') card.text += '\n';
  } else {
    card = render_card(markdown, in.session().out_terminal);
    if (!card.note.empty()) in.session().log.warn(card.note);
  }
  uint64_t left = in.number("head", 0);
  if (left == 0) {
    if (in.has("no-pager")) {
      in.out().put(card.text);
    } else {
      NANO_TRY(page(in.out(), in.session().out_terminal, card.text));
    }
    return 0;
  }
  std::size_t at = 0;
  while (left-- > 0 && at < card.text.size())
    at = std::min(card.text.find('\n', at), card.text.size() - 1) + 1;
  in.out().put(card.text.substr(0, at));
  if (in.session().out_terminal.colour) in.out().put(kReset);
  return 0;
}

}  // namespace

void add_find_commands(std::vector<Command>& table) {
  constexpr std::string_view kGroup = "Find models";
  table.push_back(
      {.name = "search",
       .group = kGroup,
       .summary = "search the registries",
       .description = "Shows the packages in whose name, title, description, keywords or task all the words "
                      "occur; without words, all of them. Where nothing has them all, slips are mended and some of them are enough. "
                      "Uses the signed index of each configured registry, and its last copy with --offline. "
                      "Installed ones have a star.",
       .positionals =
           {{.name = "WORD", .help = "words that must occur, or the short name of a task", .required = false, .many = true}},
       .options = {{.name = "task",
                    .kind = OptionKind::value,
                    .value = "TASK",
                    .help = "only this task, as `text-classification`, `sentiment` or `ner`"},
                   {.name = "language",
                    .kind = OptionKind::value,
                    .value = "LANG",
                    .help = "only models for this language, as `en`"},
                   {.name = "license",
                    .kind = OptionKind::value,
                    .value = "SPDX",
                    .help = "only this licence, as `Apache-2.0`"},
                   {.name = "limit",
                    .kind = OptionKind::number,
                    .value = "N",
                    .help = "at most so many (20)",
                    .least = 1},
                   {.name = "jsonl", .help = "one JSON object a line"}},
       .examples = {{.line = "nano search sentiment"},
                    {.line = "nano search --task text-classification --language en"}},
       .exits = {Errc::not_found, Errc::network, Errc::integrity, Errc::untrusted, Errc::refused,
                 Errc::invalid},
       .run = run_search});
  table.push_back({.name = "info",
                   .group = kGroup,
                   .summary = "show everything about a package",
                   .description = "What a package is, needs and promises: of an installed one, one in a "
                                  "registry, a package folder or a bundle.",
                   .positionals = {{.name = "NAME",
                                    .help = "a package's name, a folder `DIR/` or a .nano bundle",
                                    .completes = Completes::installed}},
                   .examples = {{.line = "nano info sentiment-50m"}},
                   .exits = {Errc::not_found, Errc::network, Errc::integrity, Errc::untrusted, Errc::refused,
                             Errc::invalid},
                   .run = run_info});
  table.push_back({.name = "card",
                   .group = kGroup,
                   .summary = "read a package's model card",
                   .description = "The card says what the model is for, what it was trained on, how good it "
                                  "is and where it fails: of an installed package, one in a registry, a package "
                                  "folder or a bundle. Markdown is rendered for the terminal, and shown there by "
                                  "$PAGER (less); in a pipe it is printed.",
                   .positionals = {{.name = "NAME",
                                    .help = "a package's name, a folder `DIR/` or a .nano bundle",
                                    .completes = Completes::installed}},
                   .options = {{.name = "head",
                                .kind = OptionKind::number,
                                .value = "N",
                                .help = "only the first lines",
                                .least = 1},
                               {.name = "raw", .help = "the markdown as it is written"},
                               {.name = "no-pager", .help = "print it, also on a terminal"}},
                   .examples = {{.line = "nano card sentiment-50m --head 20"}, {.line = "nano card my-model-1.0.0.nano"}},
                   .exits = {Errc::not_found, Errc::network, Errc::integrity, Errc::untrusted, Errc::refused,
                             Errc::invalid},
                   .run = run_card});
}

}  // namespace nano::cli
