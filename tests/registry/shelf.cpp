// tests/registry/shelf.cpp: the resumable in-memory sink of client_fixture.h, as the store's partial downloads behave.
#include "base/hash.h"
#include "tests/registry/client_fixture.h"

namespace nano::test {

class Shelf::Sink final : public registry::BlobSink {
 public:
  Sink(Shelf& shelf, registry::BlobRequest want, std::string& bytes) : shelf_(shelf), want_(want), bytes_(bytes) {}
  [[nodiscard]] uint64_t have() const override { return bytes_.size(); }
  [[nodiscard]] Status append(std::string_view more) override {
    bytes_ += more;
    return Unit{};
  }
  [[nodiscard]] Status restart() override {
    bytes_.clear();
    return Unit{};
  }
  [[nodiscard]] Status commit() override {
    if (sha256(bytes_) != want_.digest) {
      bytes_.clear();
      return make_error(Errc::integrity, "blob " + want_.digest.text() + " has other bytes");
    }
    const std::lock_guard guard(shelf_.mutex_);
    ++shelf_.commits[want_.digest];
    return Unit{};
  }

 private:
  Shelf& shelf_;
  registry::BlobRequest want_;
  std::string& bytes_;
};

registry::SinkFactory Shelf::factory() {
  return [this](const registry::BlobRequest& want) -> Result<std::unique_ptr<registry::BlobSink>> {
    const std::lock_guard guard(mutex_);
    return std::unique_ptr<registry::BlobSink>(std::make_unique<Sink>(*this, want, partial[want.digest]));
  };
}

}  // namespace nano::test
