// registry/repository/tree_writer.h: durable writes into a tree's folder, by the paths of tree.h.
#pragma once

#include <string>
#include <string_view>

#include "base/fs.h"
#include "base/result.h"
#include "registry/blob_sink.h"

namespace nano::registry {

class TreeWriter {
 public:
  explicit TreeWriter(fs::Path dir) : dir_(std::move(dir)) {}
  [[nodiscard]] const fs::Path& dir() const { return dir_; }
  [[nodiscard]] fs::Path at(std::string_view path) const { return dir_ / path; }
  /// Replace a document atomically.
  [[nodiscard]] Status put(std::string_view path, std::string_view bytes) const;
  /// A document under a name that was never used. errors  refused: there is one
  [[nodiscard]] Status put_new(std::string_view path, std::string_view bytes) const;
  /// A sink into the tree; nullptr when that blob is there already. What lies there is hashed: a blob that has rotted is replaced.
  enum class Blob { fresh, mended, there };
  [[nodiscard]] Result<std::unique_ptr<BlobSink>> blob(const BlobRequest& want, Blob& what) const;

 private:
  [[nodiscard]] Status make_parents(const fs::Path& file) const;
  fs::Path dir_;
};

}  // namespace nano::registry
