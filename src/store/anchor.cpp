#include "store/anchor.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace eventcore::store {
namespace {

constexpr std::string_view magic = "ecanchor";
constexpr std::uint16_t format = 1;
constexpr std::size_t block_size = 4096;  // slots never share a page or a sector
constexpr std::size_t signed_size = 64;
constexpr std::size_t record_size = signed_size + sizeof(Digest);
constexpr std::int64_t sync_after_us = 1'000'000;
constexpr std::int64_t lock_wait_us = 5'000'000;  // holders write 96 bytes; longer means a stopped process

constexpr std::size_t format_at = 8;
constexpr std::size_t index_at = 10;
constexpr std::size_t commit_at = 16;
constexpr std::size_t store_seq_at = 24;
constexpr std::size_t heads_at = 32;

std::int64_t block_of(std::size_t index) {
  return static_cast<std::int64_t>(index * block_size);
}

// The key binds the store, the record binds its slot: neither can be carried elsewhere.
Digest record_mac(const SecretBytes& key, const Uuid& store_id, ByteView signed_part) {
  return Blake2b(key.view()).add("ec-anchor-record").add(store_id.bytes).add(signed_part).finish();
}

Failure tampered(const std::string& path) {
  return fail_fact(Errc::anchor_tampered, "file", path);
}

}  // namespace

Anchor::Anchor(Files& files, std::string path, SecretBytes key, const Uuid& store_id)
    : files_(files), path_(std::move(path)), key_(std::move(key)), store_id_(store_id) {}

Result<std::unique_ptr<Anchor>> Anchor::open(Files& files, const std::string& path, const SecretBytes& key,
                                             const Uuid& store_id, bool create) {
  std::unique_ptr<Anchor> anchor(new Anchor(files, path, key.clone(), store_id));
  const std::lock_guard guard(anchor->mutex_);
  auto file = files.open(path, create);
  if (!file) {
    if (file.error().code() == Errc::store_not_found) return tampered(path);
    return std::move(file).error();
  }
  anchor->file_ = std::move(file).assume_value();
  const auto turn = files.lock(path, !create, lock_wait_us);
  if (!turn) return turn.error();
  const Status loaded = anchor->load();
  if (loaded) return anchor;
  if (!create || loaded.error().code() != Errc::anchor_tampered) return loaded.error();
  EC_TRYV(anchor->put_both({}));
  EC_TRYV(files.sync_folder_of(path));
  return anchor;
}

std::optional<AnchorState> Anchor::last() const {
  const std::lock_guard guard(mutex_);
  return newest();
}

bool Anchor::slot_damaged() const {
  const std::lock_guard guard(mutex_);
  return !slots_[0] || !slots_[1];
}

Result<std::optional<AnchorState>> Anchor::refresh() {
  const std::lock_guard guard(mutex_);
  const auto turn = files_.lock(path_, true, lock_wait_us);
  if (!turn) return turn.error();
  EC_TRYV(load());
  return newest();
}

Status Anchor::write(const AnchorState& state) {
  const std::lock_guard guard(mutex_);
  const auto turn = files_.lock(path_, false, lock_wait_us);
  if (!turn) return turn.error();
  EC_TRYV(load());
  if (state.commit <= std::max(commit_in(0), commit_in(1))) return ok();
  const std::size_t older = commit_in(0) <= commit_in(1) ? 0 : 1;
  const std::size_t newer = 1 - older;
  if (!is_durable(older) && !is_durable(newer)) {
    unsynced_ = true;  // by another object, perhaps
    EC_TRYV(sync_locked());
  }
  return write_slot(is_durable(newer) ? older : newer, state);
}

// One record must be on the disk at any moment: a power cut may spoil every sector that was written and not yet synced.
bool Anchor::is_durable(std::size_t index) const {
  return slots_[index] && durable_[index] == slots_[index];
}

Status Anchor::reset(const AnchorState& state) {
  const std::lock_guard guard(mutex_);
  const auto turn = files_.lock(path_, false, lock_wait_us);
  if (!turn) return turn.error();
  return put_both(state);
}

Status Anchor::sync() {
  const std::lock_guard guard(mutex_);
  return sync_locked();
}

Status Anchor::sync_locked() {
  if (!unsynced_) return ok();
  EC_TRYV(file_->sync());
  durable_ = slots_;
  unsynced_ = false;
  unsynced_since_us_.reset();
  return ok();
}

bool Anchor::needs_sync(std::int64_t now_us) {
  const std::lock_guard guard(mutex_);
  if (!unsynced_) return false;
  if (!unsynced_since_us_) unsynced_since_us_ = now_us;
  return now_us - *unsynced_since_us_ >= sync_after_us;
}

// A slot that does not verify counts as the oldest, so that the next write mends it.
std::int64_t Anchor::commit_in(std::size_t index) const {
  return slots_[index] ? slots_[index]->commit : -1;
}

std::optional<AnchorState> Anchor::newest() const {
  const auto& state = commit_in(0) >= commit_in(1) ? slots_[0] : slots_[1];
  return state && state->commit > 0 ? state : std::nullopt;
}

Status Anchor::load() {
  Slots found;
  for (std::size_t index = 0; index < 2; ++index) {
    EC_TRY(bytes, file_->read_at(block_of(index), record_size));
    EC_TRY(state, parse(index, bytes));
    found[index] = state;
  }
  if (!found[0] && !found[1]) return tampered(path_);
  slots_ = found;
  return ok();
}

// Whole blocks, so that later writes never make the file longer. The first is synced before the second is touched: a
// crash in between leaves one good slot, and the higher commit wins, so nothing is forgotten too early.
Status Anchor::put_both(const AnchorState& state) {
  for (std::size_t index = 0; index < 2; ++index) {
    Bytes block = record(index, state);
    block.resize(block_size);
    EC_TRYV(file_->write_at(block_of(index), block));
    slots_[index] = state;
    unsynced_ = true;
    EC_TRYV(sync_locked());
  }
  return ok();
}

Status Anchor::write_slot(std::size_t index, const AnchorState& state) {
  const Status written = file_->write_at(block_of(index), record(index, state));
  unsynced_ = true;  // a failed write may have left something, too
  if (!written) {
    slots_[index].reset();
    return written;
  }
  slots_[index] = state;
  return ok();
}

Bytes Anchor::record(std::size_t index, const AnchorState& state) const {
  Bytes out(magic.begin(), magic.end());
  put_u16(out, format);
  put_u16(out, static_cast<std::uint16_t>(index));
  put_u32(out, 0);
  put_u64(out, static_cast<std::uint64_t>(state.commit));
  put_u64(out, static_cast<std::uint64_t>(state.store_seq));
  out.insert(out.end(), state.heads.begin(), state.heads.end());
  const Digest mac = record_mac(key_, store_id_, out);
  out.insert(out.end(), mac.begin(), mac.end());
  return out;
}

Result<std::optional<AnchorState>> Anchor::parse(std::size_t index, ByteView bytes) const {
  const std::optional<AnchorState> none;
  if (bytes.size() != record_size) return none;
  const ByteView signed_part = bytes.first(signed_size);
  if (!equal_constant_time(record_mac(key_, store_id_, signed_part), bytes.subspan(signed_size))) return none;
  // Authentic from here on. Every version keeps these places of magic, version, slot and MAC.
  if (as_text(bytes.first(magic.size())) != magic || get_u16(bytes, index_at) != index) return none;
  if (get_u16(bytes, format_at) > format) return Errc::store_newer;
  AnchorState state;
  state.commit = static_cast<std::int64_t>(get_u64(bytes, commit_at));
  state.store_seq = static_cast<std::int64_t>(get_u64(bytes, store_seq_at));
  std::copy_n(bytes.begin() + heads_at, state.heads.size(), state.heads.begin());
  return std::optional(state);
}

}  // namespace eventcore::store
