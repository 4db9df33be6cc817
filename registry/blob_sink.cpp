// registry/blob_sink.cpp: the three sinks that need no store.
#include "registry/blob_sink.h"

#include <unistd.h>

#include <optional>

#include "base/fs.h"
#include "base/fs_look.h"
#include "base/hash.h"

namespace nano::registry {
namespace {

constexpr uint64_t kMemoryLimit = uint64_t{64} << 20;

/// Counts and hashes; what is done with the bytes is the derived class's.
class HashingSink : public BlobSink {
 public:
  explicit HashingSink(const BlobRequest& want) : want_(want) {}
  [[nodiscard]] uint64_t have() const override { return have_; }
  [[nodiscard]] Status append(std::string_view bytes) override {
    NANO_ASSERT(bytes.size() <= want_.size - have_);
    NANO_TRY(keep(bytes));
    hasher_.update(bytes);
    have_ += bytes.size();
    return Unit{};
  }
  [[nodiscard]] Status restart() override {
    hasher_ = Hasher();
    have_ = 0;
    return drop();
  }
  [[nodiscard]] Status commit() override {
    const Digest got = hasher_.finish();
    if (have_ == want_.size && got == want_.digest) return finish();
    NANO_TRY(drop());
    if (have_ != want_.size)
      return make_error(Errc::integrity, "blob " + want_.digest.text() + " has " + std::to_string(have_) + " bytes, not " + std::to_string(want_.size));
    return make_error(Errc::integrity, "blob " + want_.digest.text() + " has other bytes than its name says (" + got.text() + ")",
                      "nothing was kept; fetch it again, and tell the registry's operator if it stays so");
  }

 protected:
  [[nodiscard]] virtual Status keep(std::string_view) { return Unit{}; }
  [[nodiscard]] virtual Status drop() { return Unit{}; }
  [[nodiscard]] virtual Status finish() { return Unit{}; }
  [[nodiscard]] const BlobRequest& want() const { return want_; }

 private:
  BlobRequest want_;
  Hasher hasher_;
  uint64_t have_ = 0;
};

class MemorySink final : public HashingSink {
 public:
  MemorySink(const BlobRequest& want, std::string& out) : HashingSink(want), out_(out) { out_.clear(); }

 private:
  [[nodiscard]] Status keep(std::string_view bytes) override {
    if (want().size > kMemoryLimit) return make_error(Errc::internal, "a blob over 64 MiB does not go into memory");
    out_ += bytes;
    return Unit{};
  }
  [[nodiscard]] Status drop() override {
    out_.clear();
    return Unit{};
  }
  std::string& out_;
};

class FileSink final : public HashingSink {
 public:
  FileSink(const BlobRequest& want, fs::Path path, unsigned mode)
      : HashingSink(want), path_(std::move(path)), temp_(fs::temp_sibling(path_)), mode_(mode) {}
  ~FileSink() override { (void)FileSink::drop(); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

 private:
  [[nodiscard]] Status open() {
    if (writer_) return Unit{};
    NANO_TRY_ASSIGN(writer_, fs::Writer::create(temp_, mode_));
    return Unit{};
  }
  [[nodiscard]] Status keep(std::string_view bytes) override {
    NANO_TRY(open());
    return writer_->write(bytes);
  }
  [[nodiscard]] Status drop() override {
    if (!writer_) return Unit{};
    writer_.reset();
    return fs::remove_file(temp_);
  }
  [[nodiscard]] Status finish() override {
    NANO_TRY(open());  // an empty blob has had no bytes
    NANO_TRY(writer_->sync());
    NANO_TRY_ASSIGN(const bool there, fs::is_there(path_));
    if (there) return drop();
    NANO_TRY(fs::rename_durable(temp_, path_));
    writer_.reset();
    return Unit{};
  }
  fs::Path path_;
  fs::Path temp_;
  unsigned mode_ = 0444;
  std::optional<fs::Writer> writer_{};
};

}  // namespace

std::unique_ptr<BlobSink> checking_sink(const BlobRequest& want) { return std::make_unique<HashingSink>(want); }

std::unique_ptr<BlobSink> memory_sink(const BlobRequest& want, std::string& out) { return std::make_unique<MemorySink>(want, out); }

std::unique_ptr<BlobSink> file_sink(const BlobRequest& want, std::filesystem::path path, unsigned mode) {
  return std::make_unique<FileSink>(want, std::move(path), mode);
}

}  // namespace nano::registry
