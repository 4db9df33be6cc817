// verify/oms/folder.cpp: openat, fstat, hash. The walk is by descriptor from the first folder on.
#include "verify/oms/folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/text.h"

namespace nano::verify::oms {
namespace {

Error os_error(const std::string& doing, const std::string& path, int e) {
  return make_error(e == ENOENT ? Errc::not_found : Errc::store,
                    doing + " '" + sanitize(path) + "': " + std::strerror(e));
}

Error refused(const std::string& path, const std::string& why) {
  return make_error(Errc::invalid, "'" + sanitize(path) + "' in the model " + why,
                    "a model is made of regular files: take it out, or leave it out with --ignore");
}

struct CloseDir {
  void operator()(DIR* d) const noexcept { closedir(d); }
};

class Walk {
 public:
  Walk(const MeasureOptions& options, std::vector<MeasuredFile>& out) : options_(options), out_(out) {}

  /// Takes `dir`. `prefix` is "" or ends in '/'.
  Status folder(fs::Fd dir, const std::string& prefix, std::size_t depth) {
    if (depth > kMaxModelDepth) return refused(prefix, "lies too deep");
    const int raw = dup(dir.get());
    const std::unique_ptr<DIR, CloseDir> list(raw < 0 ? nullptr : fdopendir(raw));
    if (!list) {
      const int e = errno;
      if (raw >= 0) close(raw);
      return os_error("cannot list", prefix, e);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* e = readdir(list.get())) {
      const std::string name = e->d_name;
      if (name != "." && name != "..") names.push_back(name);
      if (names.size() > options_.max_files) return refused(prefix, "holds too many files");
    }
    if (errno != 0) return os_error("cannot list", prefix, errno);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string path = prefix + name;
      if (is_ignored(path, options_.ignore)) continue;
      if (!is_utf8(name)) return refused(path, "has a name that is not UTF-8");
      // O_NONBLOCK: opening a FIFO must fail below instead of waiting for a writer.
      fs::Fd fd(openat(dir.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
      if (!fd.valid()) {
        if (errno == ELOOP) return refused(path, "is a symbolic link");
        if (errno == ENXIO) return refused(path, "is not a regular file");
        return os_error("cannot open", path, errno);
      }
      NANO_TRY(entry(std::move(fd), path, depth));
    }
    return Unit{};
  }

  Status entry(fs::Fd fd, const std::string& path, std::size_t depth) {
    struct stat st {};
    if (fstat(fd.get(), &st) != 0) return os_error("cannot examine", path, errno);
    if (S_ISDIR(st.st_mode)) return folder(std::move(fd), path + "/", depth + 1);
    if (!S_ISREG(st.st_mode)) return refused(path, "is not a regular file");
    if (out_.size() >= options_.max_files) return refused(path, "is one file too many");
    MeasuredFile file{.path = path, .bytes = static_cast<uint64_t>(st.st_size), .resources = {}};
    if (!options_.wanted || options_.wanted(path)) {
      NANO_TRY(hash(fd, file));
    }
    out_.push_back(std::move(file));
    return Unit{};
  }

 private:
  /// `file.bytes` becomes what was read: the file may grow or shrink meanwhile.
  Status hash(const fs::Fd& fd, MeasuredFile& file) {
    constexpr std::size_t kChunk = 1 << 18;
    buffer_.resize(kChunk);
    const uint64_t shard = options_.shard_size;
    Hasher hasher;
    uint64_t start = 0;
    uint64_t at = 0;
    while (true) {
      const uint64_t room = shard == 0 ? kChunk : std::min<uint64_t>(kChunk, shard - (at - start));
      const ssize_t n = read(fd.get(), buffer_.data(), static_cast<std::size_t>(room));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return os_error("cannot read", file.path, errno);
      if (n == 0) break;
      hasher.update({buffer_.data(), static_cast<std::size_t>(n)});
      at += static_cast<uint64_t>(n);
      if (shard != 0 && at - start == shard) {
        file.resources.push_back({shard_name(file.path, start, at), hasher.finish()});
        start = at;
      }
    }
    file.bytes = at;
    if (shard == 0) {
      file.resources.push_back({file.path, hasher.finish()});
    } else if (at > start) {
      file.resources.push_back({shard_name(file.path, start, at), hasher.finish()});
    }
    return Unit{};
  }

  const MeasureOptions& options_;
  std::vector<MeasuredFile>& out_;
  std::string buffer_;
};

}  // namespace

bool is_ignored(std::string_view path, const std::vector<std::string>& ignore) {
  return std::any_of(ignore.begin(), ignore.end(), [&](std::string_view i) {
    while (!i.empty() && i.back() == '/') i.remove_suffix(1);
    return !i.empty() && path.starts_with(i) && (path.size() == i.size() || path[i.size()] == '/');
  });
}

Result<std::vector<MeasuredFile>> measure_model(const fs::Path& model, const MeasureOptions& options) {
  // The person typed this path: links on the way to it are theirs.
  fs::Fd fd(open(model.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return os_error("cannot open the model", model.string(), errno);
  struct stat st {};
  if (fstat(fd.get(), &st) != 0) return os_error("cannot examine the model", model.string(), errno);
  std::vector<MeasuredFile> out;
  Walk walk(options, out);
  if (S_ISDIR(st.st_mode)) {
    NANO_TRY(walk.folder(std::move(fd), "", 0));
  } else {
    const std::string name = model.filename().string();
    if (!is_utf8(name)) return refused(name, "has a name that is not UTF-8");
    NANO_TRY(walk.entry(std::move(fd), name, 0));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

}  // namespace nano::verify::oms
