// What the tests of the side files share: a fresh folder, whole files, and system calls that fail on demand.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "store/files.hpp"

namespace eventcore::store {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "eventcore-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::string path_;
};

inline Bytes whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Writes in place: cutting a file to nothing first makes some file systems wait for the disk.
inline void put(const std::string& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app).flush();
  std::filesystem::resize_file(path, bytes.size());
  std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline Bytes text_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// Lets the n-th call fail with `error`, or every call be interrupted once and cut short.
class FaultyCalls final : public SystemCalls {
 public:
  int fail_at = -1;  // counts from 0; -1: never
  int error = EIO;
  bool interrupt = false;
  bool cut_short = false;
  int count = 0;
  std::vector<std::string> calls;

  int open(const char* path, int flags, mode_t mode) override {
    return hit("open") ? -1 : SystemCalls::open(path, flags, mode);
  }
  int close(int file) override {
    const bool failed = hit("close", false);
    const int result = SystemCalls::close(file);  // a failed close has closed all the same
    if (failed) errno = error;
    return failed ? -1 : result;
  }
  ssize_t pread(int file, void* data, std::size_t size, off_t offset) override {
    return hit("pread") ? -1 : SystemCalls::pread(file, data, shorter(size), offset);
  }
  ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset) override {
    if (!hit("pwrite")) return SystemCalls::pwrite(file, data, shorter(size), offset);
    const int reason = errno;
    if (reason != EINTR) SystemCalls::pwrite(file, data, size / 2, offset);  // torn
    errno = reason;
    return -1;
  }
  int fsync(int file) override { return hit("fsync") ? -1 : SystemCalls::fsync(file); }
  int fdatasync(int file) override { return hit("fdatasync") ? -1 : SystemCalls::fdatasync(file); }
  int rename(const char* from, const char* to) override {
    return hit("rename", false) ? -1 : SystemCalls::rename(from, to);
  }
  int unlink(const char* path) override { return hit("unlink", false) ? -1 : SystemCalls::unlink(path); }

 private:
  bool hit(const char* name, bool interruptible = true) {
    if (interrupt && interruptible && !interrupted_) {
      interrupted_ = true;
      errno = EINTR;
      return true;
    }
    interrupted_ = false;
    calls.emplace_back(name);
    if (count++ != fail_at) return false;
    errno = error;
    return true;
  }
  [[nodiscard]] std::size_t shorter(std::size_t size) const {
    return cut_short ? std::max<std::size_t>(1, size / 3) : size;
  }
  bool interrupted_ = false;
};

inline std::unique_ptr<Files> faulty_files(FaultyCalls& calls) {
  static SystemClock clock;
  static SystemRandom random;
  return make_files({calls, clock, random, [](std::int64_t wait_us) { ::usleep(static_cast<useconds_t>(wait_us)); }});
}

template <class T>
Errc code(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? Errc{} : result.error().code();
}

}  // namespace eventcore::store
