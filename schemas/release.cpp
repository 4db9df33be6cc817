// schemas/release.cpp: releases in and out of their signed bytes.
#include "schemas/release.h"

#include <algorithm>

#include "schemas/decode.h"
#include "schemas/to_json.h"

namespace nano::schemas {
namespace internal {
namespace {

void decode_file(const Node& node, const std::string& pointer, ReleaseFile& out, Report& report) {
  Object o(node, pointer, report);
  out.path = o.path("path", Need::required);
  out.size = o.integer("size", Need::required, 0, kMaxBlobBytes).value_or(0);
  out.sha256 = o.hex_digest("sha256", Need::required).value_or(Digest());
  if (const auto r = o.word("role", Need::required, role_words())) out.role = static_cast<Role>(*r);
  out.variant = o.simple_name("variant", Need::optional);
  o.finish();
}

/// The list says again what the manifest says; a release in which they disagree is refused.
void check_files(const Release& r, const std::string& at, Report& report) {
  const bool sorted = std::is_sorted(r.files.begin(), r.files.end(), [](const ReleaseFile& a, const ReleaseFile& b) { return a.path < b.path; });
  if (!sorted) report.add(at, "the files are not sorted by path");
  std::map<std::string_view, const FileEntry*> in_manifest;
  for (const FileEntry& f : r.manifest.files) in_manifest.emplace(f.path, &f);
  std::map<std::string_view, bool> seen;
  for (std::size_t i = 0; i < r.files.size(); ++i) {
    const ReleaseFile& f = r.files[i];
    if (f.path.empty()) continue;  // reported when it was read
    if (!seen.emplace(f.path, true).second) report.add(join(at, i), "'" + f.path + "' stands twice");
    const auto it = in_manifest.find(f.path);
    if (it == in_manifest.end()) {
      report.add(join(at, i), "'" + f.path + "' is not among the manifest's files");
      continue;
    }
    if (it->second->role != f.role) report.add(join(at, i), "'" + f.path + "' has another role in the manifest");
    if (it->second->variant != f.variant) report.add(join(at, i), "'" + f.path + "' belongs to another variant in the manifest");
  }
  for (const auto& [path, entry] : in_manifest)
    if (!path.empty() && seen.find(path) == seen.end()) report.add(at, "'" + std::string(path) + "', which the manifest lists, is missing");
}

void decode_document(const Node& node, const std::string& pointer, Release& out, Report& report) {
  Object o(node, pointer, report);
  o.schema(kReleaseSchema);
  out.created = o.time("created", Need::required);
  if (const auto m = o.take("manifest", Need::required)) {
    decode(*m, join(pointer, "manifest"), out.manifest, report);
    if (out.manifest.kind == Kind::project) report.add(join(pointer, "manifest"), "a project cannot be released");
  }
  o.list("files", Need::required, kMaxFiles, [&](const Node& item, const std::string& at) { decode_file(item, at, out.files.emplace_back(), report); });
  o.finish();
  if (o.valid()) check_files(out, join(pointer, "files"), report);
}

}  // namespace
}  // namespace internal

const ReleaseFile* Release::find_file(std::string_view path) const {
  for (const ReleaseFile& f : files)
    if (f.path == path) return &f;
  return nullptr;
}

std::vector<const ReleaseFile*> Release::files_of(std::string_view variant) const {
  std::vector<const ReleaseFile*> out;
  for (const ReleaseFile& f : files)
    if (f.variant.empty() || f.variant == variant) out.push_back(&f);
  return out;
}

uint64_t Release::size_of(std::string_view variant) const {
  uint64_t total = 0;  // at most 1,000 files of 4 GiB: no overflow
  for (const ReleaseFile* f : files_of(variant)) total += f->size;
  return total;
}

Result<Release> parse_release(std::string_view bytes) {
  return internal::parse_document<Release>(bytes, kMaxReleaseBytes, "release",
                                           [](const internal::Node& doc, Release& out, internal::Report& r) { internal::decode_document(doc, "", out, r); });
}
Problems check_release(std::string_view bytes) {
  return internal::check_document<Release>(bytes, kMaxReleaseBytes,
                                           [](const internal::Node& doc, Release& out, internal::Report& r) { internal::decode_document(doc, "", out, r); });
}

Json to_json(const Release& r) {
  std::vector<const ReleaseFile*> sorted;
  for (const ReleaseFile& f : r.files) sorted.push_back(&f);
  std::sort(sorted.begin(), sorted.end(), [](const ReleaseFile* a, const ReleaseFile* b) { return a->path < b->path; });
  Json files = Json::array();
  for (const ReleaseFile* f : sorted) {
    Json file = {{"path", f->path}, {"size", f->size}, {"sha256", f->sha256.hex()}, {"role", std::string(to_text(f->role))}};
    internal::put(file, "variant", f->variant);
    files.push_back(std::move(file));
  }
  return {{"schema", std::string(kReleaseSchema)}, {"created", r.created}, {"manifest", to_json(r.manifest)}, {"files", std::move(files)}};
}

Result<std::string> release_bytes(const Release& release) {
  std::string bytes = dump_line(to_json(release));
  // What is signed must be what others can read: the bytes pass the same checks as foreign ones.
  if (auto back = parse_release(bytes); !back) return std::move(back).error().while_("writing the release of " + release.manifest.name.text());
  return bytes;
}

}  // namespace nano::schemas
