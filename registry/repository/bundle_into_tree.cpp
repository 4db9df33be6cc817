// registry/repository/bundle_into_tree.cpp: what `nano pack` refuses is refused here too: a bundle may come from elsewhere.
#include "registry/repository/bundle_into_tree.h"

#include <algorithm>

#include "registry/pack.h"

namespace nano::registry {
namespace {

/// Looks at how a blob begins while it passes through.
class KindSink final : public BlobSink {
 public:
  KindSink(std::unique_ptr<BlobSink> inner, std::vector<BundleIntoTree::Use> uses)
      : inner_(std::move(inner)), uses_(std::move(uses)) {}
  [[nodiscard]] uint64_t have() const override { return inner_->have(); }
  [[nodiscard]] Status append(std::string_view bytes) override {
    if (head_.size() < kHeadBytes) head_ += bytes.substr(0, kHeadBytes - head_.size());
    return inner_->append(bytes);
  }
  [[nodiscard]] Status restart() override {
    head_.clear();
    return inner_->restart();
  }
  [[nodiscard]] Status commit() override {
    for (const auto& use : uses_)
      if (auto fault = content_problem(head_, use.path, use.is_weights))
        return make_error(Errc::invalid, std::move(fault->message), std::move(fault->hint));
    return inner_->commit();
  }

 private:
  std::unique_ptr<BlobSink> inner_;
  std::vector<BundleIntoTree::Use> uses_;
  std::string head_{};
};

}  // namespace

Status BundleIntoTree::release(const schemas::Release& release, const std::string&, const Digest& digest) {
  if (digest != expected_) return make_error(Errc::invalid, "the bundle changed while it was read");
  for (const auto& f : release.files) {
    if (f.role == schemas::Role::card && f.size > kMaxCardBytes)
      return make_error(Errc::invalid, "the card '" + f.path + "' has " + std::to_string(f.size) +
                                           " bytes, the limit is " + std::to_string(kMaxCardBytes));
    uses_[f.sha256].push_back({.path = f.path, .is_weights = f.role == schemas::Role::weights});
  }
  return Unit{};
}

Result<std::unique_ptr<BlobSink>> BundleIntoTree::blob(const BlobRequest& want) {
  TreeWriter::Blob what{};
  NANO_TRY_ASSIGN(auto sink, tree_.blob(want, what));
  if (what == TreeWriter::Blob::there) {
    sink = checking_sink(want);  // the tree has it: the bundle must have its bytes all the same
  } else if (what == TreeWriter::Blob::mended) {
    ++added_.mended;
  } else {
    fresh_.push_back(want.digest);
    ++added_.new_blobs;
    added_.new_bytes += want.size;
  }
  return std::unique_ptr<BlobSink>(std::make_unique<KindSink>(std::move(sink), uses_[want.digest]));
}

}  // namespace nano::registry
