// Files over POSIX.
//
// lock() and fairness. Open file description locks work between processes and between two holders in one process, and
// go away with their holder. The kernel's own waiting (F_OFD_SETLKW) has no bound and wakes all waiters at once, so
// lock() tries and sleeps. Trying alone would starve sleepers: whoever releases and asks again at once would always be
// first. Hence a queue of bytes before the lock itself. Everybody takes its last place, then the one before it, and
// gives back the place behind only when he has the next. So the one who stands foremost is next, a holder who comes
// back stands behind all who wait, and readers who keep coming cannot hold up a writer. Among those who find the queue
// full the order is by chance, with equal chances.
#include "store/files.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace eventcore::store {

int SystemCalls::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}
int SystemCalls::close(int file) {
  return ::close(file);
}
ssize_t SystemCalls::pread(int file, void* data, std::size_t size, off_t offset) {
  return ::pread(file, data, size, offset);
}
ssize_t SystemCalls::pwrite(int file, const void* data, std::size_t size, off_t offset) {
  return ::pwrite(file, data, size, offset);
}
int SystemCalls::fsync(int file) {
  return ::fsync(file);
}
int SystemCalls::fdatasync(int file) {
  return ::fdatasync(file);
}
int SystemCalls::rename(const char* from, const char* to) {
  return ::rename(from, to);
}
int SystemCalls::unlink(const char* path) {
  return ::unlink(path);
}
int SystemCalls::lstat(const char* path, struct stat* found) {
  return ::lstat(path, found);
}
int SystemCalls::fstat(int file, struct stat* found) {
  return ::fstat(file, found);
}
int SystemCalls::set_lock(int file, struct flock* range) {
  return ::fcntl(file, F_OFD_SETLK, range);
}
int SystemCalls::allocate(int file, off_t size) {
  errno = ::posix_fallocate(file, 0, size);
  return errno == 0 ? 0 : -1;
}
int SystemCalls::truncate(int file, off_t size) {
  return ::ftruncate(file, size);
}

namespace {

// O_NONBLOCK: opening a FIFO must not hang; regular files do not know it.
constexpr int open_flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
constexpr mode_t private_mode = 0600;

Failure system_failure(int error, const std::string& path, bool writing = false) {
  Errc code = Errc::io_error;
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: code = Errc::disk_full; break;
    case ENOMEM: code = Errc::out_of_memory; break;
    case EROFS: code = Errc::read_only; break;
    case EACCES:
    case EPERM:
    case EBADF:  // written through a descriptor opened for reading
      if (writing) code = Errc::read_only;
      break;
    default: break;
  }
  FailureDetail detail;
  detail.facts.emplace_back("file", path);
  detail.facts.emplace_back("reason", std::generic_category().message(error));
  return {code, std::move(detail)};
}

// Repeats a call that a signal interrupted.
template <class Call>
auto retry(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(SystemCalls& calls, int file) : calls_(&calls), file_(file) {}
  Descriptor(Descriptor&& other) noexcept : calls_(other.calls_), file_(std::exchange(other.file_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(calls_, other.calls_);
    std::swap(file_, other.file_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (file_ >= 0) calls_->close(file_);
  }
  [[nodiscard]] int number() const { return file_; }
  [[nodiscard]] SystemCalls& calls() const { return *calls_; }
  int close() { return calls_->close(std::exchange(file_, -1)); }

 private:
  SystemCalls* calls_;
  int file_;
};

Status write_whole(SystemCalls& calls, int file, std::int64_t offset, ByteView data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = retry([&] { return calls.pwrite(file, data.data(), data.size(), offset); });
    if (written < 0) return system_failure(errno, path, true);
    if (written == 0) return system_failure(EIO, path);
    offset += written;
    data = data.subspan(static_cast<std::size_t>(written));
  }
  return ok();
}

Result<Bytes> read_some(SystemCalls& calls, int file, std::int64_t offset, std::size_t size, const std::string& path) {
  Bytes bytes;
  std::size_t filled = 0;
  while (filled < size) {
    bytes.resize(filled + std::min<std::size_t>(size - filled, 64 * 1024));
    const ssize_t got = retry([&] {
      return calls.pread(file, bytes.data() + filled, bytes.size() - filled,
                         offset + static_cast<std::int64_t>(filled));
    });
    if (got < 0) return system_failure(errno, path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

class PosixOpenFile final : public OpenFile {
 public:
  PosixOpenFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<Bytes> read_at(std::int64_t offset, std::size_t size) override {
    return read_some(file_.calls(), file_.number(), offset, size, path_);
  }
  Status write_at(std::int64_t offset, ByteView data) override {
    return write_whole(file_.calls(), file_.number(), offset, data, path_);
  }
  Status sync() override {
    if (retry([&] { return file_.calls().fdatasync(file_.number()); }) < 0) return system_failure(errno, path_);
    return ok();
  }

 private:
  Descriptor file_;
  const std::string path_;
};

// Where a lock and the queue before it lie in the file; the foremost place comes last.
struct LockBytes {
  off_t lock;
  std::span<const off_t> queue;
};
constexpr off_t turn_queue[] = {6, 5, 4, 1};  // five processes take turns
constexpr off_t presence_queue[] = {3};
constexpr LockBytes turn_bytes{0, turn_queue};
constexpr LockBytes presence_bytes{2, presence_queue};

int set_lock(const Descriptor& file, int type, off_t byte) {
  struct flock range {};
  range.l_type = static_cast<short>(type);
  range.l_whence = SEEK_SET;
  range.l_start = byte;
  range.l_len = 1;
  return retry([&] { return file.calls().set_lock(file.number(), &range); });
}

class PosixLock final : public FileLock {
 public:
  PosixLock(Descriptor file, off_t byte, std::string path)
      : file_(std::move(file)), byte_(byte), path_(std::move(path)) {}
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;
  ~PosixLock() override {
    // A forked child shares the lock with its parent and must not take it from him; and while such a child lives,
    // closing alone would not release it.
    if (::getpid() == process_) set_lock(file_, F_UNLCK, byte_);
  }
  Status make_exclusive() override { return convert(F_WRLCK); }
  Status share() override { return convert(F_RDLCK); }

 private:
  // The kernel exchanges a lock that one holds already in one step, or leaves it as it is.
  Status convert(int type) {
    if (set_lock(file_, type, byte_) == 0) return ok();
    if (errno == EAGAIN || errno == EACCES) return Errc::store_busy;
    return system_failure(errno, path_);
  }

  Descriptor file_;
  const off_t byte_;
  const std::string path_;
  const pid_t process_ = ::getpid();
};

class PosixFiles final : public Files {
 public:
  explicit PosixFiles(FilesEnvironment environment) : environment_(std::move(environment)) {}

  Result<bool> exists(const std::string& path) override {
    struct stat found {};
    if (calls().lstat(path.c_str(), &found) == 0) return true;
    if (errno == ENOENT) return false;
    return system_failure(errno, path);
  }

  Result<std::int64_t> size(const std::string& path) override {
    EC_TRY(found, mark(path));
    return found.size;
  }

  Result<FileMark> mark(const std::string& path) override {
    struct stat found {};
    if (calls().lstat(path.c_str(), &found) == 0)
      return FileMark{found.st_ino, found.st_size, found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec};
    if (errno == ENOENT) return Errc::store_not_found;
    return system_failure(errno, path);
  }

  Result<std::optional<Bytes>> read(const std::string& path, std::size_t size_max) override {
    auto file = open_file(path, O_RDONLY);
    if (!file) {
      if (file.error().code() == Errc::store_not_found) return std::optional<Bytes>();
      return std::move(file).error();
    }
    EC_TRY(bytes, read_some(calls(), file.assume_value().number(), 0, size_max, path));
    return std::optional<Bytes>(std::move(bytes));
  }

  Status replace(const std::string& path, ByteView data) override {
    const std::string temporary = temporary_name(path);
    Status written = write_new(temporary, data);
    if (written && calls().rename(temporary.c_str(), path.c_str()) < 0) written = system_failure(errno, path, true);
    if (!written) {
      calls().unlink(temporary.c_str());
      return written;
    }
    return sync_folder_of(path);
  }

  Status remove(const std::string& path) override {
    if (calls().unlink(path.c_str()) == 0 || errno == ENOENT) return ok();
    return system_failure(errno, path, true);
  }

  Status allocate(const std::string& path, std::int64_t size, std::int64_t spare) override {
    EC_TRY(file, open_file(path, O_RDWR | O_CREAT));
    const auto cut = [&](std::int64_t length) {
      return retry([&] { return calls().truncate(file.number(), length); });
    };
    if (retry([&] { return calls().allocate(file.number(), size + spare); }) < 0) {
      const int error = errno;
      (void)cut(0);
      return system_failure(error, path, true);
    }
    return cut(size) == 0 ? Status(ok()) : Status(system_failure(errno, path, true));
  }

  Status empty(const std::string& path) override {
    EC_TRY(file, open_file(path, O_RDWR));
    if (retry([&] { return calls().truncate(file.number(), 0); }) < 0) return system_failure(errno, path, true);
    return ok();
  }

  Status move(const std::string& from, const std::string& to) override {
    if (calls().rename(from.c_str(), to.c_str()) < 0) return system_failure(errno, from, true);
    return sync_folder_of(to);
  }

  Status sync_file(const std::string& path) override {
    EC_TRY(file, open_file(path, O_RDWR));
    if (retry([&] { return calls().fsync(file.number()); }) < 0) return system_failure(errno, path);
    return ok();
  }

  Status sync_folder_of(const std::string& path) override {
    const std::string folder = folder_of(path);
    const Descriptor file(calls(),
                          retry([&] { return calls().open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); }));
    if (file.number() < 0) return system_failure(errno, folder);
    // EINVAL: a file system that does not sync folders, and so has nothing to lose there.
    if (retry([&] { return calls().fsync(file.number()); }) < 0 && errno != EINVAL) {
      return system_failure(errno, folder);
    }
    return ok();
  }

  Result<std::unique_ptr<OpenFile>> open(const std::string& path, bool create) override {
    auto file = open_file(path, O_RDWR | (create ? O_CREAT : 0));
    if (!file && !create && file.error().code() == Errc::read_only) file = open_file(path, O_RDONLY);
    if (!file) return std::move(file).error();
    return std::make_unique<PosixOpenFile>(std::move(file).assume_value(), path);
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool shared, std::int64_t wait_us) override {
    return take(path, turn_bytes, shared, true, wait_us);
  }

  Result<std::unique_ptr<FileLock>> presence(const std::string& path, bool shared, bool create,
                                             std::int64_t wait_us) override {
    return take(path, presence_bytes, shared, create, wait_us);
  }

 private:
  [[nodiscard]] SystemCalls& calls() const { return environment_.calls; }

  Result<std::unique_ptr<FileLock>> take(const std::string& path, LockBytes bytes, bool shared, bool create,
                                         std::int64_t wait_us) {
    auto opened = open_file(path, O_RDWR | (create ? O_CREAT : 0));
    const bool queued = opened.has_value();
    // Where nothing can be written there is no queue either: there are no writers to be fair to.
    if (!opened && shared && opened.error().code() == Errc::read_only) opened = open_file(path, O_RDONLY);
    if (!opened) return std::move(opened).error();
    Descriptor file = std::move(opened).assume_value();
    const std::int64_t start = environment_.clock.steady_us();
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() - start;
    const std::int64_t deadline = start + std::clamp<std::int64_t>(wait_us, 0, most);
    std::optional<off_t> stands_at;
    const auto step_from = [&] {
      if (stands_at) set_lock(file, F_UNLCK, *stands_at);
    };
    // Left behind or given up: a child that was forked meanwhile shares the place, and closing alone would not free it.
    const auto wait = [&](int type, off_t byte, std::int64_t pause_max) -> Status {
      Status waited = wait_for(file, type, byte, deadline, pause_max, path);
      step_from();
      return waited;
    };
    for (const off_t place : bytes.queue) {
      if (!queued) break;
      EC_TRYV(wait(F_WRLCK, place, 1'000));
      stands_at = place;
    }
    // Whoever stands foremost is next, so he may look often: it is one who looks.
    EC_TRYV(wait(shared ? F_RDLCK : F_WRLCK, bytes.lock, 250));
    return std::make_unique<PosixLock>(std::move(file), bytes.lock, path);
  }

  // store_not_found when there is none.
  Result<Descriptor> open_file(const std::string& path, int flags) {
    Descriptor file(calls(), retry([&] { return calls().open(path.c_str(), flags | open_flags, private_mode); }));
    if (file.number() < 0) {
      const int error = errno;
      if (error == ENOENT && (flags & O_CREAT) == 0) return Errc::store_not_found;
      return system_failure(error, path, (flags & O_ACCMODE) != O_RDONLY);
    }
    struct stat found {};
    if (calls().fstat(file.number(), &found) != 0) return system_failure(errno, path);
    if (!S_ISREG(found.st_mode)) return system_failure(EINVAL, path);
    return file;
  }

  // Distinct, so that two who replace one file at once never write into each other's.
  std::string temporary_name(const std::string& path) {
    std::array<std::uint8_t, 8> name{};
    environment_.random.fill(name);
    return path + ".new-" + hex(name);
  }

  Status write_new(const std::string& path, ByteView data) {
    EC_TRY(file, open_file(path, O_WRONLY | O_CREAT | O_EXCL));
    EC_TRYV(write_whole(calls(), file.number(), 0, data, path));
    if (retry([&] { return calls().fsync(file.number()); }) < 0) return system_failure(errno, path);
    // Some file systems tell of a failed write only here. After EINTR the descriptor is gone all the same.
    if (file.close() < 0 && errno != EINTR) return system_failure(errno, path);
    return ok();
  }

  Status wait_for(const Descriptor& file, int type, off_t byte, std::int64_t deadline, std::int64_t pause_max,
                  const std::string& path) {
    std::int64_t pause = 20;
    for (;;) {
      if (set_lock(file, type, byte) == 0) return ok();
      if (errno != EAGAIN && errno != EACCES) return system_failure(errno, path);
      const std::int64_t left = deadline - environment_.clock.steady_us();
      if (left <= 0) return Errc::store_busy;
      // Half fixed, half by chance, so that waiters do not march in step.
      const auto chance = environment_.random.uniform(static_cast<std::uint32_t>(pause / 2 + 1));
      environment_.sleep(std::min(left, pause / 2 + static_cast<std::int64_t>(chance) + 1));
      pause = std::min(pause * 2, pause_max);
    }
  }

  const FilesEnvironment environment_;
};

}  // namespace

std::unique_ptr<Files> make_files(FilesEnvironment environment) {
  return std::make_unique<PosixFiles>(std::move(environment));
}

Files& system_files() {
  // Never destroyed: a store may still be closing while the program's statics go.
  static SystemCalls& calls = *new SystemCalls;
  static SystemClock& clock = *new SystemClock;
  static SystemRandom& random = *new SystemRandom;
  static Files& files =
      *make_files({calls, clock, random,
                   [](std::int64_t wait_us) { std::this_thread::sleep_for(std::chrono::microseconds(wait_us)); }})
           .release();
  return files;
}

}  // namespace eventcore::store
