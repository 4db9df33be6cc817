// store/blobs.h: immutable bytes, named by their SHA-256.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "base/fs.h"
#include "base/result.h"
#include "store/store.h"

namespace nano::store {

inline constexpr uint64_t kMaxBlobBytes = uint64_t{4} << 30;  ///< DESIGN section 9: blob 4 GiB

/// Fills the span from its start and returns how many bytes it wrote there; 0 = the end.
using Reader = std::function<Result<std::size_t>(std::span<char>)>;

/// Add all bytes of `in` and return their digest. Write once: an existing blob is left as it is. No lock is needed.
///
///   in       read to the end; at most `limit_bytes`
///   expect   if set, the digest the bytes must have
///   returns  digest, after file and folder are fsync'ed; the file is 0444
///   errors   integrity: other digest, or longer than the limit (nothing is left behind); store: disk full, permission;
///            whatever `in` returns
///   threads  safe; two writers (threads or processes) of the same bytes both succeed
///   source   DESIGN section 5; idea: restic doc/design.rst "Repository Format"
[[nodiscard]] Result<Digest> add_blob(const Store& store, const Reader& in, uint64_t limit_bytes, std::optional<Digest> expect = {});
[[nodiscard]] Result<Digest> add_blob_bytes(const Store& store, std::string_view bytes, std::optional<Digest> expect = {});
/// `path` is read once, through one descriptor; a final symbolic link is not followed.
[[nodiscard]] Result<Digest> add_blob_file(const Store& store, const Path& path, uint64_t limit_bytes, std::optional<Digest> expect = {});

/// Where a blob lies: a store and the blob's path in it.
struct BlobPlace {
  const StoreLayout* layout = nullptr;  ///< of the Store that was asked
  Path path{};
};
/// A blob of that size in the first store that has it; nullopt = none has. Bytes are not hashed: see reuse_blob and check.
///   errors  store: a store cannot be looked at
[[nodiscard]] Result<std::optional<BlobPlace>> find_blob(const Store& store, const Digest& digest, uint64_t size);
/// Is it known to be there? False also where that cannot be found out.
[[nodiscard]] bool has_blob(const Store& store, const Digest& digest, uint64_t size);

/// Is there a blob that an install may use instead of fetching? Its bytes are hashed; one of the primary store that is
/// damaged is removed (so that the fetch replaces it), one that is good is marked as just used, which keeps gc
/// away from it until the generation that names it is written.
///   errors  store
[[nodiscard]] Result<bool> reuse_blob(const Store& store, const Digest& digest, uint64_t size);

/// errors  not_found, store
[[nodiscard]] Result<fs::Fd> open_blob(const Store& store, const Digest& digest, uint64_t size);

}  // namespace nano::store
