// Handles: what a host holds instead of addresses. The pointer's bits name a kind, a table, a slot and the slot's
// generation; they are looked up, never followed, so that any value at all is a safe argument.
// Invariants: a slot's generation never comes twice (a slot that has used them all is retired); an object is destroyed
// outside the locks; a child process gets a table of its own and never destroys, nor locks, what its parent made.
// Thread: any thread may do anything; a found object is held by its shared_ptr while it is used.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <eventcore/result.hpp>

namespace eventcore::c {

// Also the lowest bits of a handle: no aligned address carries them.
enum class Kind : std::uint8_t { none = 0, engine = 1, session = 3, pending = 5, bytes = 6, error = 7 };

class HandleTable {
 public:
  static HandleTable& of_this_process();

  HandleTable(pid_t process, std::uint32_t epoch, const HandleTable* before)
      : process_(process), epoch_(epoch), before_(before) {}
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  std::uintptr_t add(Kind kind, std::shared_ptr<void> object);  // std::bad_alloc when it cannot grow
  // null_argument, invalid_handle, closed or forked.
  Result<std::shared_ptr<void>> find(std::uintptr_t handle, Kind kind);
  Result<std::shared_ptr<void>> remove(std::uintptr_t handle, Kind kind);
  [[nodiscard]] std::int64_t live() const { return live_.load(); }
  [[nodiscard]] const HandleTable* before() const { return before_; }  // the parent process's, left as it was

  // The handle of an error that needs no memory, and the number it carries; 0: it is none of these.
  static std::uintptr_t bare_error(Errc code);
  static std::int32_t bare_error_number(std::uintptr_t handle);

 private:
  struct Slot {
    std::uint32_t generation = 1;  // 0: retired
    Kind kind = Kind::none;        // none: free
    std::uint32_t next_free = 0;
    std::shared_ptr<void> object;
  };
  struct Shard {
    std::mutex mutex;
    std::vector<Slot> slots;
    std::uint32_t first_free = no_slot;
  };
  struct Place {
    Shard* shard;
    std::uint32_t slot;
    std::uint32_t generation;
  };
  static constexpr std::uint32_t shard_count = 16;
  static constexpr std::uint32_t slots_max = (1U << 20) - 1;  // the last index is for bare errors
  static constexpr std::uint32_t no_slot = UINT32_MAX;

  Result<Place> place_of(std::uintptr_t handle, Kind kind);
  static Status check(const Place& place, Kind kind);

  const pid_t process_;
  const std::uint32_t epoch_;  // how many processes deep, up to 511
  const HandleTable* const before_;
  std::atomic<std::int64_t> live_{0};
  std::atomic<std::uint32_t> turn_{0};
  std::array<Shard, shard_count> shards_;
};

}  // namespace eventcore::c
