// Files: the few file operations the engine needs beside SQLite's own, behind an interface so that tests can fail,
// tear and lose them. Paths are UTF-8. A symbolic link in the last place of a path is never followed, and only regular
// files are touched. Errors: disk_full, read_only (the place cannot be written), out_of_memory, else io_error with the
// file and the system's reason as facts.
// Thread: any thread; an OpenFile and a FileLock belong to one thread at a time.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <eventcore/result.hpp>
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace eventcore::store {

// A small file held open for in-place writes (the anchor).
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  virtual Result<Bytes> read_at(std::int64_t offset, std::size_t size) = 0;  // short at the end of the file
  virtual Status write_at(std::int64_t offset, ByteView data) = 0;
  virtual Status sync() = 0;  // fdatasync
};

// An advisory lock between processes and between threads; released when destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
  // Makes a shared lock an exclusive one when nobody else holds it, in one step and without waiting: store_busy, and it
  // stays shared. share() makes it shared again.
  virtual Status make_exclusive() = 0;
  virtual Status share() = 0;
};

// Differs when a file was written or replaced, as far as its file system keeps time.
struct FileMark {
  std::uint64_t number = 0;  // inode
  std::int64_t size = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const FileMark&) const = default;
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<std::int64_t> size(const std::string& path) = 0;  // store_not_found when absent
  virtual Result<FileMark> mark(const std::string& path) = 0;      // store_not_found when absent
  // The first size_max bytes of the file; nullopt: there is none.
  virtual Result<std::optional<Bytes>> read(const std::string& path, std::size_t size_max) = 0;
  // Write to a temporary name, fsync, rename over `path`, fsync the folder: the old or the new content, never a mix.
  // After an error either may be there. A crash may leave a file `path`.new-<hex> behind; nothing ever reads it.
  virtual Status replace(const std::string& path, ByteView data) = 0;
  virtual Status remove(const std::string& path) = 0;  // absent already: fine
  // A file of that length with all its space on the disk, which then has `spare` bytes free beside it. disk_full leaves
  // an empty file.
  virtual Status allocate(const std::string& path, std::int64_t size, std::int64_t spare) = 0;
  virtual Status empty(const std::string& path) = 0;
  // Renames over `to` and syncs the folder. Both lie in one folder.
  virtual Status move(const std::string& from, const std::string& to) = 0;
  // fsync of a file that nobody holds open.
  virtual Status sync_file(const std::string& path) = 0;
  virtual Status sync_folder_of(const std::string& path) = 0;
  // store_not_found when absent and not `create`. A file that may only be read is opened so; write_at says read_only.
  virtual Result<std::unique_ptr<OpenFile>> open(const std::string& path, bool create) = 0;
  // Waits its turn at most wait_us (0: one try); Errc::store_busy after it. The file is created when absent and its
  // bytes are never touched. Between processes and between holders in one process alike. See files.cpp on fairness.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool shared, std::int64_t wait_us) = 0;
  // A second lock on the same file, independent of the first: who has the store open holds it shared, who replaces its
  // files holds it exclusively. Without `create`, store_not_found when there is no such file.
  virtual Result<std::unique_ptr<FileLock>> presence(const std::string& path, bool shared, bool create,
                                                     std::int64_t wait_us) = 0;
};

Files& system_files();

// The system calls below system_files(), so that tests can let the n-th one fail, be interrupted or cut short, or put
// another disk below them. Results and errno as the calls of the same names; set_lock is fcntl with F_OFD_SETLK.
class SystemCalls {
 public:
  virtual ~SystemCalls() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual int close(int file);
  virtual ssize_t pread(int file, void* data, std::size_t size, off_t offset);
  virtual ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset);
  virtual int fsync(int file);
  virtual int fdatasync(int file);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);
  virtual int lstat(const char* path, struct stat* found);
  virtual int fstat(int file, struct stat* found);
  virtual int set_lock(int file, struct flock* range);
  virtual int allocate(int file, off_t size);  // posix_fallocate from 0, with -1 and errno as the others
  virtual int truncate(int file, off_t size);
};

struct FilesEnvironment {
  SystemCalls& calls;
  const Clock& clock;                               // steady time, for the bound of lock()
  Random& random;                                   // temporary names and jitter
  std::function<void(std::int64_t wait_us)> sleep;  // between two tries of lock()
};

std::unique_ptr<Files> make_files(FilesEnvironment environment);

}  // namespace eventcore::store
