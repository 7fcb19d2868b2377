#include "handles.hpp"

#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace eventcore::c {

namespace {

static_assert(sizeof(std::uintptr_t) == 8, "a handle needs 64 bits");

// kind 3 bits | epoch 9 | index 24 | generation 28
constexpr std::uint32_t epoch_max = (1U << 9) - 1;
constexpr std::uint32_t bare_index = (1U << 24) - 1;
constexpr std::uint32_t generation_max = (1U << 28) - 1;

constexpr std::uintptr_t pack(Kind kind, std::uint32_t epoch, std::uint32_t index, std::uint32_t generation) {
  return static_cast<std::uintptr_t>(kind) | static_cast<std::uintptr_t>(epoch) << 3 |
         static_cast<std::uintptr_t>(index) << 12 | static_cast<std::uintptr_t>(generation) << 36;
}

constexpr Kind kind_in(std::uintptr_t handle) {
  return static_cast<Kind>(handle & 7);
}

constexpr std::uint32_t epoch_in(std::uintptr_t handle) {
  return static_cast<std::uint32_t>(handle >> 3) & epoch_max;
}

constexpr std::uint32_t index_in(std::uintptr_t handle) {
  return static_cast<std::uint32_t>(handle >> 12) & bare_index;
}

constexpr std::uint32_t generation_in(std::uintptr_t handle) {
  return static_cast<std::uint32_t>(handle >> 36);
}

// Never destroyed: handles may be given back while the process ends.
std::atomic<HandleTable*> current{nullptr};

}  // namespace

HandleTable& HandleTable::of_this_process() {
  const pid_t process = ::getpid();
  HandleTable* table = current.load(std::memory_order_acquire);
  if (table != nullptr && table->process_ == process) return *table;
  // The first use in this process. A parent's locks may be held for ever by threads that did not come along, and its
  // engines belong to it: its table is left as it is.
  const std::uint32_t epoch = table == nullptr ? 0 : std::min(table->epoch_ + 1, epoch_max);
  auto fresh = std::make_unique<HandleTable>(process, epoch, table);
  if (current.compare_exchange_strong(table, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  return *table;
}

std::uintptr_t HandleTable::add(Kind kind, std::shared_ptr<void> object) {
  const std::uint32_t number = turn_.fetch_add(1, std::memory_order_relaxed) % shard_count;
  Shard& shard = shards_[number];
  const std::lock_guard lock(shard.mutex);
  std::uint32_t at = shard.first_free;
  if (at == no_slot) {
    if (shard.slots.size() >= slots_max) throw std::bad_alloc();
    shard.slots.emplace_back();
    at = static_cast<std::uint32_t>(shard.slots.size() - 1);
  } else {
    shard.first_free = shard.slots[at].next_free;
  }
  Slot& slot = shard.slots[at];
  slot.kind = kind;
  slot.object = std::move(object);
  live_.fetch_add(1, std::memory_order_relaxed);
  return pack(kind, epoch_, at * shard_count + number, slot.generation);
}

Result<HandleTable::Place> HandleTable::place_of(std::uintptr_t handle, Kind kind) {
  if (handle == 0) return Errc::null_argument;
  if (kind_in(handle) != kind || generation_in(handle) == 0) return Errc::invalid_handle;
  if (epoch_in(handle) > epoch_) return Errc::invalid_handle;
  if (epoch_in(handle) < epoch_) return Errc::forked;
  const std::uint32_t index = index_in(handle);
  return Place{&shards_[index % shard_count], index / shard_count, generation_in(handle)};
}

// Under the shard's lock.
Status HandleTable::check(const Place& place, Kind kind) {
  if (place.slot >= place.shard->slots.size()) return Errc::invalid_handle;
  const Slot& slot = place.shard->slots[place.slot];
  if (slot.generation == 0 || place.generation < slot.generation) return Errc::closed;
  if (place.generation > slot.generation || slot.kind != kind) return Errc::invalid_handle;
  return ok();
}

Result<std::shared_ptr<void>> HandleTable::find(std::uintptr_t handle, Kind kind) {
  EC_TRY(place, place_of(handle, kind));
  const std::lock_guard lock(place.shard->mutex);
  EC_TRYV(check(place, kind));
  return place.shard->slots[place.slot].object;
}

Result<std::shared_ptr<void>> HandleTable::remove(std::uintptr_t handle, Kind kind) {
  EC_TRY(place, place_of(handle, kind));
  const std::lock_guard lock(place.shard->mutex);
  EC_TRYV(check(place, kind));
  Slot& slot = place.shard->slots[place.slot];
  slot.kind = Kind::none;
  slot.generation = slot.generation == generation_max ? 0 : slot.generation + 1;
  if (slot.generation != 0) {
    slot.next_free = place.shard->first_free;
    place.shard->first_free = place.slot;
  }
  live_.fetch_sub(1, std::memory_order_relaxed);
  return std::move(slot.object);
}

std::uintptr_t HandleTable::bare_error(Errc code) {
  return pack(Kind::error, 0, bare_index, static_cast<std::uint32_t>(code));
}

std::int32_t HandleTable::bare_error_number(std::uintptr_t handle) {
  if (kind_in(handle) != Kind::error || index_in(handle) != bare_index) return 0;
  return static_cast<std::int32_t>(generation_in(handle));
}

}  // namespace eventcore::c
