#include "support/fault_vfs.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace eventcore::test {

namespace {

// What SQLite holds for one open file: our methods, then the real file behind it.
struct FaultFile {
  sqlite3_file base;
  FaultVfs* owner;
  sqlite3_file* real;
};

sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<FaultFile*>(file)->real;
}

int close_file(sqlite3_file* file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}

int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), data, size, offset);
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const int code = reinterpret_cast<FaultFile*>(file)->owner->decide(FaultAt::write);
  return code != SQLITE_OK ? code : real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  const int code = reinterpret_cast<FaultFile*>(file)->owner->decide(FaultAt::sync);
  return code != SQLITE_OK ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

int lock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

int check_lock(sqlite3_file* file, int* locked) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), locked);
}

int control(sqlite3_file* file, int op, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

int sector_size(sqlite3_file* file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}
int characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

void barrier(sqlite3_file* file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}
int unmap_shared(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

constexpr sqlite3_io_methods methods{
    2,           close_file,  read_file,    write_file, truncate_file, sync_file,       file_size,
    lock_file,   unlock_file, check_lock,   control,    sector_size,   characteristics, map_shared,
    lock_shared, barrier,     unmap_shared, nullptr,    nullptr,
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* owner = static_cast<FaultVfs*>(vfs->pAppData);
  auto* ours = reinterpret_cast<FaultFile*>(file);
  ours->owner = owner;
  ours->real = reinterpret_cast<sqlite3_file*>(ours + 1);
  ours->base.pMethods = nullptr;
  const int code = owner->real()->xOpen(owner->real(), name, ours->real, flags, out_flags);
  if (ours->real->pMethods != nullptr) ours->base.pMethods = &methods;
  return code;
}

sqlite3_vfs* real_of(sqlite3_vfs* vfs) {
  return static_cast<FaultVfs*>(vfs->pAppData)->real();
}

}  // namespace

FaultVfs::FaultVfs(std::string name) : name_(std::move(name)) {
  sqlite3_initialize();
  real_ = sqlite3_vfs_find(nullptr);
  vfs_ = *real_;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.szOsFile = real_->szOsFile + static_cast<int>(sizeof(FaultFile));
  vfs_.xOpen = open_file;
  vfs_.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync) {
    return real_of(vfs)->xDelete(real_of(vfs), path, sync);
  };
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* out) {
    return real_of(vfs)->xAccess(real_of(vfs), path, flags, out);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* path, int size, char* out) {
    return real_of(vfs)->xFullPathname(real_of(vfs), path, size, out);
  };
  sqlite3_vfs_register(&vfs_, 0);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

void FaultVfs::arm(FaultAt at, int nth, int code, int times) {
  left_.store(nth);
  times_.store(times);
  code_.store(code);
  hits_.store(0);
  at_.store(at);
}

int FaultVfs::decide(FaultAt at) {
  if (at_.load() != at) return SQLITE_OK;
  if (left_.fetch_sub(1) > 1) return SQLITE_OK;
  if (hits_.fetch_add(1) >= times_.load()) return SQLITE_OK;
  if (code_.load() == kill_process) ::kill(::getpid(), SIGKILL);
  return code_.load();
}

}  // namespace eventcore::test
