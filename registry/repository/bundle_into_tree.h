// registry/repository/bundle_into_tree.h: a stranger's bundle on its way into a tree: blobs checked by digest and by kind.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "registry/bundle.h"
#include "registry/repository/repository.h"
#include "registry/repository/tree_writer.h"

namespace nano::registry {

class BundleIntoTree final : public BundleVisitor {
 public:
  /// Refers to all; `expected` = the digest of the release that was looked at before; `fresh` takes the blobs that were not there.
  BundleIntoTree(const TreeWriter& tree, const Digest& expected, Added& added, std::vector<Digest>& fresh)
      : tree_(tree), expected_(expected), added_(added), fresh_(fresh) {}

  [[nodiscard]] Status release(const schemas::Release& release, const std::string& bytes,
                               const Digest& digest) override;
  [[nodiscard]] Result<std::unique_ptr<BlobSink>> blob(const BlobRequest& want) override;

  /// One file a blob stands for.
  struct Use {
    std::string path{};
    bool is_weights = false;
  };

 private:
  const TreeWriter& tree_;
  const Digest& expected_;
  Added& added_;
  std::vector<Digest>& fresh_;
  std::map<Digest, std::vector<Use>> uses_{};
};

}  // namespace nano::registry
