// registry/tar_reader.cpp: bodies, padding and the end of a tar, each checked to the last byte.
#include "registry/tar_reader.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "registry/bundle.h"

namespace nano::registry {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

}  // namespace

Error broken_bundle(std::string what) {
  return make_error(Errc::invalid, "not a nano bundle: " + std::move(what));
}

Status TarReader::next() {
  ustar::Block block{};
  NANO_TRY(in_.read_all(block.data(), block.size()));
  NANO_TRY_ASSIGN(at_, ustar::parse(block));
  if (at_ && ++entries_ > kMaxBundleEntries)
    return broken_bundle("it has more than " + std::to_string(kMaxBundleEntries) + " entries");
  return Unit{};
}

Result<std::string> TarReader::small(uint64_t limit) {
  if (at_->size > limit)
    return broken_bundle(sanitize(at_->name) + " has " + std::to_string(at_->size) + " bytes, the limit is " +
                         std::to_string(limit));
  std::string out(at_->size, '\0');
  NANO_TRY(in_.read_all(out.data(), out.size()));
  NANO_TRY(padding(at_->size));
  return out;
}

Status TarReader::body(BlobSink* sink) {
  std::vector<char> buf(kChunk);
  // A sink that holds a prefix already (an interrupted install) takes only what follows.
  uint64_t skip = sink == nullptr ? at_->size : sink->have();
  for (uint64_t left = at_->size; left > 0;) {
    const std::size_t n = static_cast<std::size_t>(std::min<uint64_t>(left, buf.size()));
    NANO_TRY(in_.read_all(buf.data(), n));
    left -= n;
    const std::size_t known = static_cast<std::size_t>(std::min<uint64_t>(skip, n));
    skip -= known;
    if (n > known) NANO_TRY(sink->append({buf.data() + known, n - known}));
  }
  return padding(at_->size);
}

Status TarReader::padding(uint64_t size) {
  ustar::Block block{};
  const std::size_t n = static_cast<std::size_t>((ustar::kBlock - size % ustar::kBlock) % ustar::kBlock);
  NANO_TRY(in_.read_all(block.data(), n));
  if (std::any_of(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n),
                  [](char c) { return c != '\0'; }))
    return broken_bundle("it has bytes hidden behind '" + sanitize(at_->name) + "'");
  return Unit{};
}

Status TarReader::rest_is_zero() {
  ustar::Block block{};
  NANO_TRY(in_.read_all(block.data(), block.size()));
  std::vector<char> buf(kChunk);
  for (std::string_view bytes(block.data(), block.size()); !bytes.empty();) {
    if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c != '\0'; }))
      return broken_bundle("it has bytes behind its end");
    NANO_TRY_ASSIGN(const std::size_t n, in_.read(buf.data(), buf.size()));
    bytes = {buf.data(), n};
  }
  return Unit{};
}

}  // namespace nano::registry
