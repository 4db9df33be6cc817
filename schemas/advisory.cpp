// schemas/advisory.cpp: advisories in and out of JSON.
#include "schemas/advisory.h"

#include <algorithm>

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace internal {
namespace {

void decode(const Node& node, const std::string& pointer, Affected& out, Report& report) {
  Object o(node, pointer, report);
  out.name = o.package("name", Need::required).value_or(PackageName());
  out.range = o.range("range", Need::required);
  o.finish();
}

void decode_document(const Node& node, const std::string& pointer, Advisory& out, Report& report) {
  Object o(node, pointer, report);
  o.schema(kAdvisorySchema);
  out.id = o.simple_name("id", Need::required);
  out.title = o.line("title", Need::required, 256);
  if (const auto s = o.word("severity", Need::required, severity_words()))
    out.severity = static_cast<Severity>(*s);
  out.published = o.time("published", Need::required);
  out.details = o.text("details", Need::optional, kMaxAdvisoryDetails);
  out.url = o.url("url", Need::optional);
  o.list("affected", Need::required, 256, [&](const Node& item, const std::string& at) {
    decode(item, at, out.affected.emplace_back(), report);
  });
  o.finish();
  if (o.valid() && report.problems.empty() && out.affected.empty())
    report.add(join(pointer, "affected"), "the advisory affects nothing");
}

}  // namespace
}  // namespace internal

std::span<const std::string> severity_words() {
  static const std::vector<std::string> words{"malware", "critical", "high", "moderate", "low"};
  return words;
}
std::string_view to_text(Severity s) {
  return severity_words()[static_cast<std::size_t>(s)];
}

bool Advisory::hits(const PackageName& name, const Version& version) const {
  return std::any_of(affected.begin(), affected.end(),
                     [&](const Affected& a) { return a.name == name && a.range.contains(version); });
}

Result<Advisory> parse_advisory(std::string_view bytes) {
  return internal::parse_document<Advisory>(bytes, kMaxAdvisoryBytes, "advisory",
                                            [](const internal::Node& doc, Advisory& out, internal::Report& r) {
                                              internal::decode_document(doc, "", out, r);
                                            });
}
Problems check_advisory(std::string_view bytes) {
  return internal::check_document<Advisory>(bytes, kMaxAdvisoryBytes,
                                            [](const internal::Node& doc, Advisory& out, internal::Report& r) {
                                              internal::decode_document(doc, "", out, r);
                                            });
}

Json to_json(const Advisory& a) {
  using internal::put;
  Json affected = Json::array();
  for (const Affected& f : a.affected)
    affected.push_back({{"name", f.name.text()}, {"range", f.range.text()}});
  Json doc = {{"schema", std::string(kAdvisorySchema)},
              {"id", a.id},
              {"title", a.title},
              {"severity", std::string(to_text(a.severity))},
              {"published", a.published},
              {"affected", std::move(affected)}};
  put(doc, "details", a.details);
  put(doc, "url", a.url);
  return doc;
}

std::string write_advisory(const Advisory& advisory) {
  return dump_line(to_json(advisory));
}

}  // namespace nano::schemas
