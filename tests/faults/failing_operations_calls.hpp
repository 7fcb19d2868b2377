// FailingCalls: every file operation of a store in one count, SQLite's own and those on the side files, of which the
// n-th fails, once or from then on. SQLite's are met below its file layer, so that what it makes of an errno is tested
// too; its syncs, which cannot be met there, in a file layer above.
// It can also be the disk that is full: what would make the files of a folder longer than allowed meets ENOSPC.
// Invariants: only operations that can fail in the armed way are counted; nothing fails and nothing counts while
// disarmed. SQLite has one table of system calls per process, hence one object at a time.
// Thread: one.
#pragma once

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "store/files.hpp"
#include "support/fault_vfs.hpp"

namespace eventcore::test {

enum class Call : std::uint8_t { open, read, write, truncate, sync, rename, remove, lock, map, look };

struct FileFault {
  const char* name;
  int error;  // 0: the call succeeds with half of what it was asked
  bool for_ever;

  [[nodiscard]] bool meets(Call call) const;
};

class FailingCalls final : public store::SystemCalls {
 public:
  FailingCalls();
  ~FailingCalls() override;

  // From now on: the `nth` (1: the next) operation that can fail so.
  void arm(const FileFault& fault, int nth);
  void disarm() { armed_ = false; }
  [[nodiscard]] bool hit() const { return hit_; }
  [[nodiscard]] int counted() const { return counted_; }  // since it was armed

  // The files of `folder` have so much room together, what they have already included; nullopt: any.
  void limit_space(const std::string& folder, std::optional<std::int64_t> bytes);
  [[nodiscard]] std::int64_t used_space() const;

  [[nodiscard]] store::Files& files() { return *files_; }
  [[nodiscard]] const std::string& vfs() const { return vfs_.name(); }

  // Whether this operation fails; errno is set then. `size`: what a cut one is cut to.
  bool fails(Call call, std::size_t* size = nullptr);
  // Whether the open file may become `size` long; errno is ENOSPC otherwise.
  bool has_room(int file, off_t size) const;

  int open(const char* path, int flags, mode_t mode) override;
  ssize_t pread(int file, void* data, std::size_t size, off_t offset) override;
  ssize_t pwrite(int file, const void* data, std::size_t size, off_t offset) override;
  int fsync(int file) override;
  int fdatasync(int file) override;
  int rename(const char* from, const char* to) override;
  int unlink(const char* path) override;
  int allocate(int file, off_t size) override;
  int truncate(int file, off_t size) override;

 private:
  class SyncVfs final : public FaultVfs {
   public:
    explicit SyncVfs(FailingCalls& calls) : FaultVfs("ec-failing-operations"), calls_(calls) {}
    int decide(FaultAt at) override {
      return at == FaultAt::sync && calls_.fails(Call::sync) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    }

   private:
    FailingCalls& calls_;
  };

  FileFault fault_{"none", 0, false};
  bool armed_ = false;
  bool hit_ = false;
  int nth_ = 0;
  int counted_ = 0;
  std::string folder_;
  std::optional<std::int64_t> space_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<store::Files> files_;
  SyncVfs vfs_;
};

}  // namespace eventcore::test
