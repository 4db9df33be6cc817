// app/card.cpp: one blob out of a bundle, or out of an export that was judged first.
#include "app/card.h"

#include <memory>
#include <optional>

#include "app/export_request.h"
#include "base/text.h"
#include "registry/blob_sink.h"
#include "registry/pack.h"

namespace nano::app {
namespace {

/// The card's blob. errors  not_found: the release has no card; invalid: a longer one than `nano pack` takes
Result<registry::BlobRequest> card_blob(const schemas::Release& release) {
  const auto* card = release.manifest.file_of(schemas::Role::card);
  const auto* file = card == nullptr ? nullptr : release.find_file(card->path);
  const std::string name = release.manifest.name.text();
  if (file == nullptr) return make_error(Errc::not_found, name + " has no model card");
  if (file->size > registry::kMaxCardBytes)
    return make_error(Errc::invalid,
                      "the model card of " + name + " is longer than " + std::to_string(registry::kMaxCardBytes) + " bytes");
  return registry::BlobRequest{file->sha256, file->size};
}

class CardVisitor final : public registry::BundleVisitor {
 public:
  Status release(const schemas::Release& release, const std::string&, const Digest&) override {
    NANO_TRY_ASSIGN(want_, card_blob(release));
    return Unit{};
  }
  Result<std::unique_ptr<registry::BlobSink>> blob(const registry::BlobRequest& have) override {
    if (have != want_) return std::unique_ptr<registry::BlobSink>();
    found_ = true;
    return registry::memory_sink(have, markdown_);
  }
  [[nodiscard]] bool found() const { return found_; }
  [[nodiscard]] std::string take() { return std::move(markdown_); }

 private:
  registry::BlobRequest want_{};
  bool found_ = false;
  std::string markdown_{};
};

}  // namespace

Result<std::string> card_of_bundle(Context& ctx, const fs::Path& file) {
  NANO_TRY_ASSIGN(const bool exported, registry::is_export(file));
  if (!exported) {
    CardVisitor visitor;
    NANO_TRY_ASSIGN(const auto summary, registry::read_bundle(file, visitor));
    (void)summary;
    if (!visitor.found()) return make_error(Errc::invalid, "the bundle '" + sanitize(file.string()) + "' lacks its model card's bytes", "pack it again");
    return visitor.take();
  }
  NANO_TRY_ASSIGN(const auto requests, open_export(ctx, file, {}));
  const BundleRequest* one = &requests.front();
  for (const auto& r : requests)
    if (r.requested && !one->requested) one = &r;
  NANO_TRY_ASSIGN(const auto want, card_blob(one->head.release));
  std::string markdown;
  NANO_TRY(registry::read_export_blobs(
      file, *one->exported, [&](const registry::BlobRequest& have) -> Result<std::unique_ptr<registry::BlobSink>> {
        if (have != want) return std::unique_ptr<registry::BlobSink>();
        return registry::memory_sink(have, markdown);
      }));
  return markdown;
}

}  // namespace nano::app
