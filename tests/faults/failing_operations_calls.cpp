#include "faults/failing_operations_calls.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace eventcore::test {

namespace {

FailingCalls* active = nullptr;

bool fails(Call call, std::size_t* size = nullptr) {
  return active != nullptr && active->fails(call, size);
}

// SQLite's table of system calls: our functions, and what stood there before.
struct Entry {
  const char* name;
  sqlite3_syscall_ptr ours;
  sqlite3_syscall_ptr real = nullptr;
};

int open_file(const char* path, int flags, int mode) {
  return fails(Call::open) ? -1 : ::open(path, flags, mode);
}
ssize_t read_at(int file, void* data, std::size_t size, off_t offset) {
  return fails(Call::read, &size) ? -1 : ::pread(file, data, size, offset);
}
ssize_t read_here(int file, void* data, std::size_t size) {
  return fails(Call::read, &size) ? -1 : ::read(file, data, size);
}
// A disk may have taken a part of what it refused.
ssize_t write_at(int file, const void* data, std::size_t size, off_t offset) {
  if (active != nullptr && !active->has_room(file, offset + static_cast<off_t>(size))) return -1;
  const std::size_t asked = size;
  if (!fails(Call::write, &size)) return ::pwrite(file, data, size, offset);
  const int reason = errno;
  if (reason == EIO) static_cast<void>(!::pwrite(file, data, asked / 2, offset));
  errno = reason;
  return -1;
}
ssize_t write_here(int file, const void* data, std::size_t size) {
  return fails(Call::write, &size) ? -1 : ::write(file, data, size);
}
int truncate_file(int file, off_t size) {
  return fails(Call::truncate) ? -1 : ::ftruncate(file, size);
}
int remove_file(const char* path) {
  return fails(Call::remove) ? -1 : ::unlink(path);
}
int control(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  const bool takes_lock = command == F_SETLK && static_cast<struct flock*>(argument)->l_type != F_UNLCK;
  return takes_lock && fails(Call::lock) ? -1 : ::fcntl(file, command, argument);
}
void* map_file(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  return fails(Call::map) ? MAP_FAILED : ::mmap(at, size, protection, flags, file, offset);
}
int look_at_file(int file, struct stat* out) {
  return fails(Call::look) ? -1 : ::fstat(file, out);
}

template <class Function>
sqlite3_syscall_ptr as_pointer(Function* function) {
  return reinterpret_cast<sqlite3_syscall_ptr>(function);
}

std::array<Entry, 12>& table() {
  static std::array<Entry, 12> entries{{{"open", as_pointer(open_file)},
                                        {"pread", as_pointer(read_at)},
                                        {"pread64", as_pointer(read_at)},
                                        {"read", as_pointer(read_here)},
                                        {"pwrite", as_pointer(write_at)},
                                        {"pwrite64", as_pointer(write_at)},
                                        {"write", as_pointer(write_here)},
                                        {"ftruncate", as_pointer(truncate_file)},
                                        {"unlink", as_pointer(remove_file)},
                                        {"fcntl", as_pointer(control)},
                                        {"mmap", as_pointer(map_file)},
                                        {"fstat", as_pointer(look_at_file)}}};
  return entries;
}

}  // namespace

bool FileFault::meets(Call call) const {
  switch (error) {
    case 0: return call == Call::read || call == Call::write;
    case EINTR: return call == Call::open || call == Call::read || call == Call::write || call == Call::truncate;
    case EMFILE: return call == Call::open;
    case ENOSPC: return call == Call::write || call == Call::truncate;
    default: return true;
  }
}

FailingCalls::FailingCalls()
    : files_(store::make_files(
          {*this, clock_, random_, [](std::int64_t wait_us) { ::usleep(static_cast<useconds_t>(wait_us)); }})),
      vfs_(*this) {
  if (active != nullptr) std::abort();
  active = this;
  sqlite3_vfs* const below = vfs_.real();
  for (Entry& entry : table()) {
    entry.real = below->xGetSystemCall(below, entry.name);
    if (entry.real != nullptr) below->xSetSystemCall(below, entry.name, entry.ours);
  }
}

FailingCalls::~FailingCalls() {
  sqlite3_vfs* const below = vfs_.real();
  for (const Entry& entry : table())
    if (entry.real != nullptr) below->xSetSystemCall(below, entry.name, entry.real);
  active = nullptr;
}

void FailingCalls::arm(const FileFault& fault, int nth) {
  fault_ = fault;
  nth_ = nth;
  counted_ = 0;
  hit_ = false;
  armed_ = true;
}

bool FailingCalls::fails(Call call, std::size_t* size) {
  if (!armed_ || !fault_.meets(call) || ++counted_ < nth_) return false;
  if (counted_ > nth_ && !fault_.for_ever) return false;
  hit_ = true;
  if (fault_.error == 0) {
    if (size != nullptr) *size = std::max<std::size_t>(1, *size / 2);
    return false;
  }
  errno = fault_.error;
  return true;
}

void FailingCalls::limit_space(const std::string& folder, std::optional<std::int64_t> bytes) {
  folder_ = folder;
  space_ = bytes;
}

std::int64_t FailingCalls::used_space() const {
  std::int64_t used = 0;
  std::error_code gone;  // a file may go between being listed and being looked at
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    if (const auto size = entry.file_size(gone); !gone) used += static_cast<std::int64_t>(size);
  return used;
}

bool FailingCalls::has_room(int file, off_t size) const {
  struct stat found {};
  if (!space_ || ::fstat(file, &found) != 0 || size <= found.st_size) return true;
  if (used_space() + size - found.st_size <= *space_) return true;
  errno = ENOSPC;
  return false;
}

int FailingCalls::open(const char* path, int flags, mode_t mode) {
  return fails(Call::open) ? -1 : SystemCalls::open(path, flags, mode);
}
ssize_t FailingCalls::pread(int file, void* data, std::size_t size, off_t offset) {
  return fails(Call::read, &size) ? -1 : SystemCalls::pread(file, data, size, offset);
}
ssize_t FailingCalls::pwrite(int file, const void* data, std::size_t size, off_t offset) {
  if (!has_room(file, offset + static_cast<off_t>(size))) return -1;
  return fails(Call::write, &size) ? -1 : SystemCalls::pwrite(file, data, size, offset);
}
int FailingCalls::fsync(int file) {
  return fails(Call::sync) ? -1 : SystemCalls::fsync(file);
}
int FailingCalls::fdatasync(int file) {
  return fails(Call::sync) ? -1 : SystemCalls::fdatasync(file);
}
int FailingCalls::rename(const char* from, const char* to) {
  return fails(Call::rename) ? -1 : SystemCalls::rename(from, to);
}
int FailingCalls::unlink(const char* path) {
  return fails(Call::remove) ? -1 : SystemCalls::unlink(path);
}
int FailingCalls::allocate(int file, off_t size) {
  if (!has_room(file, size)) return -1;
  return fails(Call::write) ? -1 : SystemCalls::allocate(file, size);
}
int FailingCalls::truncate(int file, off_t size) {
  return fails(Call::truncate) ? -1 : SystemCalls::truncate(file, size);
}

}  // namespace eventcore::test
