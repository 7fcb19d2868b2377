#include "store/key_slots.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/hash.hpp"
#include "store/sealing.hpp"

namespace eventcore::store {
namespace {

using Kind = KeyInput::Kind;

constexpr std::string_view magic = "ec-keys\n";
constexpr std::uint16_t format = 1;
constexpr std::size_t key_size = 32;
constexpr std::size_t salt_size = crypto_pwhash_SALTBYTES;
constexpr std::size_t public_size = crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t secret_size = crypto_sign_SECRETKEYBYTES;

constexpr std::size_t format_at = 8;
constexpr std::size_t count_at = 10;
constexpr std::size_t length_at = 12;
constexpr std::size_t store_id_at = 16;
constexpr std::size_t next_number_at = 32;
constexpr std::size_t reserved_at = 36;
constexpr std::size_t header_size = 40;

constexpr std::size_t slot_head_size = 24 + salt_size;  // number, kind, three zeros, two limits, salt
constexpr std::size_t wrapped_size = key_size + sealed_overhead;
constexpr std::size_t slot_size = slot_head_size + wrapped_size;
constexpr std::size_t sealed_signing_size = secret_size + sealed_overhead;
constexpr std::size_t signing_size = public_size + sealed_signing_size;
constexpr std::size_t tail_size = 2 * sizeof(Digest);  // MAC, checksum

constexpr std::size_t size_of(std::size_t slots) {
  return header_size + slots * slot_size + signing_size + tail_size;
}
// A newer release may need more; beyond this it is no key-slot file.
constexpr std::size_t file_size_max = 64 * 1024;

constexpr std::size_t passphrase_size_max = 4096;
// Beyond these a file asks for more than any release would: opening it must not exhaust the machine.
constexpr std::uint64_t operations_max = 64;
constexpr std::uint64_t memory_min = crypto_pwhash_argon2id_MEMLIMIT_MIN;
constexpr std::uint64_t memory_max = 1024ULL * 1024 * 1024;

constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's: no I, L, O, U
constexpr std::size_t recovery_size = 52;                                 // 51 at random (255 bits) and one to check
constexpr std::size_t recovery_group = 4;

void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Failure tampered(const std::string& path, std::string what) {
  FailureDetail detail;
  detail.facts.emplace_back("file", path);
  detail.facts.emplace_back("reason", std::move(what));
  return {Errc::key_slots_tampered, std::move(detail)};
}

// One step of a sum over GF(32), x^5 + x^2 + 1: it notices every single wrong symbol and every two neighbours swapped.
unsigned check_step(unsigned sum, unsigned symbol) {
  sum <<= 1U;
  if ((sum & 32U) != 0) sum ^= 0b100101U;
  return sum ^ symbol;
}

unsigned check_sum(ByteView values) {
  unsigned sum = 0;
  for (const std::uint8_t value : values) sum = check_step(sum, value);
  return check_step(sum, 0);  // the place of the check symbol, which is then what makes this zero
}

// A symbol's value; nothing for what is no symbol. People confuse O with 0 and I or L with 1.
std::optional<std::uint8_t> symbol_value(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const auto at = symbols.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

// The values of the 52 symbols; invalid_key unless they are 52 and check.
Result<SecretBytes> recovery_values(ByteView text) {
  SecretBytes values(recovery_size);
  std::size_t count = 0;
  for (const std::uint8_t byte : text) {
    const char c = static_cast<char>(byte);
    if (c == '-' || c == ' ') continue;
    const auto value = symbol_value(c);
    if (!value || count == recovery_size) return Errc::invalid_key;
    values.writable()[count++] = *value;
  }
  if (count != recovery_size) return Errc::invalid_key;
  if (check_sum(values.view().first(recovery_size - 1)) != values.view().back()) return Errc::invalid_key;
  return values;
}

Status check_key(const KeyInput& key) {
  switch (key.kind) {
    case Kind::none: return Errc::key_required;
    case Kind::raw: return key.bytes.size() == key_size ? Status(ok()) : Errc::invalid_key;
    case Kind::passphrase:
      return !key.bytes.empty() && key.bytes.size() <= passphrase_size_max ? Status(ok()) : Errc::invalid_key;
    case Kind::recovery_code: {
      const auto values = recovery_values(key.bytes.view());
      return values ? Status(ok()) : values.error();
    }
  }
  return Errc::invalid_key;
}

// BLAKE2b-256 of context | salt, keyed.
SecretBytes keyed_wrap(ByteView key, std::string_view context, ByteView salt) {
  Bytes message;
  append(message, as_bytes(context));
  append(message, salt);
  SecretBytes out(key_size);
  crypto_generichash(out.writable().data(), out.size(), message.data(), message.size(), key.data(), key.size());
  return out;
}

}  // namespace

// The file's bytes to slots and back; what follows from the data key.
struct KeySlotFile {
  using Slot = KeySlots::Slot;

  std::int32_t next_number = 1;
  std::vector<Slot> slots;
  Uuid store_id;
  Bytes signing_public_key;
  Bytes sealed_signing_key;
  Digest mac{};
  Bytes authenticated;  // what the MAC covers

  static Result<KeySlotFile> read(Files& files, const std::string& path);
  static Result<Slot> parse_slot(ByteView bytes, const std::string& path);
  static Bytes slot_head(const Slot& slot);
  static Bytes slot_place(const Uuid& store_id, const Slot& slot);
  static Result<SecretBytes> wrap_key(const Slot& slot, const KeyInput& key);
  static Result<Slot> make_slot(std::int32_t number, const KeyInput& key, const PassphraseCost& cost,
                                const StoreKeys& keys, Random& random);
  static Digest mac_of(const SecretBytes& data_key, ByteView authenticated);
  static Bytes signing_place(const Uuid& store_id, ByteView public_key);

  [[nodiscard]] Bytes bytes(const SecretBytes& data_key) const;
  [[nodiscard]] Status verify(const SecretBytes& data_key, const std::string& path) const;
  struct Opened {
    std::int32_t slot;
    SecretBytes data_key;
  };
  [[nodiscard]] Result<Opened> data_key(const KeyInput& key) const;
};

Result<KeySlotFile> KeySlotFile::read(Files& files, const std::string& path) {
  EC_TRY(found, files.read(path, file_size_max + 1));
  if (!found) return tampered(path, "missing");
  const ByteView all = *found;
  // Every version begins with the magic and its number and ends with the checksum of all before.
  if (all.size() < size_of(1) || all.size() > file_size_max) return tampered(path, "length");
  if (as_text(all.first(magic.size())) != magic) return tampered(path, "magic");
  const ByteView checked = all.first(all.size() - sizeof(Digest));
  if (!equal_constant_time(blake2b(checked), all.subspan(checked.size()))) return tampered(path, "checksum");
  if (get_u16(all, format_at) > format) return fail_fact(Errc::store_newer, "file", path);
  const std::size_t count = get_u16(all, count_at);
  const std::uint32_t next_number = get_u32(all, next_number_at);
  if (get_u16(all, format_at) != format || count < 1 || count > KeySlots::slots_max || all.size() != size_of(count) ||
      get_u32(all, length_at) != all.size() || get_u32(all, reserved_at) != 0 ||
      next_number > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max())) {
    return tampered(path, "header");
  }
  KeySlotFile file;
  file.next_number = static_cast<std::int32_t>(next_number);
  std::copy_n(all.begin() + store_id_at, file.store_id.bytes.size(), file.store_id.bytes.begin());
  std::int32_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    EC_TRY(slot, parse_slot(all.subspan(header_size + i * slot_size, slot_size), path));
    if (slot.number <= last || slot.number >= file.next_number) return tampered(path, "slot");
    last = slot.number;
    file.slots.push_back(std::move(slot));
  }
  const ByteView signing = all.subspan(header_size + count * slot_size, signing_size);
  file.signing_public_key.assign(signing.begin(), signing.begin() + public_size);
  file.sealed_signing_key.assign(signing.begin() + public_size, signing.end());
  const ByteView authenticated = all.first(all.size() - tail_size);
  file.authenticated.assign(authenticated.begin(), authenticated.end());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(authenticated.size()), file.mac.size(), file.mac.begin());
  return file;
}

Result<KeySlots::Slot> KeySlotFile::parse_slot(ByteView bytes, const std::string& path) {
  const std::uint32_t number = get_u32(bytes, 0);
  const std::uint8_t kind = bytes[4];
  Slot slot;
  slot.ops_limit = get_u64(bytes, 8);
  slot.memory_limit = get_u64(bytes, 16);
  const bool zeros = bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
  const bool known =
      kind >= static_cast<std::uint8_t>(Kind::raw) && kind <= static_cast<std::uint8_t>(Kind::recovery_code);
  if (!zeros || !known || number > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max())) {
    return tampered(path, "slot");
  }
  slot.number = static_cast<std::int32_t>(number);
  slot.kind = static_cast<Kind>(kind);
  const bool costs = slot.ops_limit >= 1 && slot.ops_limit <= operations_max && slot.memory_limit >= memory_min &&
                     slot.memory_limit <= memory_max;
  const bool free = slot.ops_limit == 0 && slot.memory_limit == 0;
  if (slot.kind == Kind::passphrase ? !costs : !free) return tampered(path, "slot");
  const auto salt = bytes.subspan(slot_head_size - salt_size, salt_size);
  slot.salt.assign(salt.begin(), salt.end());
  slot.wrapped.assign(bytes.begin() + slot_head_size, bytes.end());
  return slot;
}

Bytes KeySlotFile::slot_head(const Slot& slot) {
  Bytes out;
  put_u32(out, static_cast<std::uint32_t>(slot.number));
  out.push_back(static_cast<std::uint8_t>(slot.kind));
  out.resize(out.size() + 3);
  put_u64(out, slot.ops_limit);
  put_u64(out, slot.memory_limit);
  append(out, slot.salt);
  return out;
}

// What the wrapped key is bound to: not the count of slots, which changes.
Bytes KeySlotFile::slot_place(const Uuid& store_id, const Slot& slot) {
  Bytes out;
  append(out, as_bytes("ec-slot-v1"));
  append(out, store_id.bytes);
  append(out, slot_head(slot));
  return out;
}

Result<SecretBytes> KeySlotFile::wrap_key(const Slot& slot, const KeyInput& key) {
  switch (key.kind) {
    case Kind::none: return Errc::key_required;
    case Kind::raw: return keyed_wrap(key.bytes.view(), "ec-slot-raw", slot.salt);
    case Kind::recovery_code: {
      EC_TRY(values, recovery_values(key.bytes.view()));
      return keyed_wrap(values.view(), "ec-slot-recovery", slot.salt);
    }
    case Kind::passphrase: break;
  }
  SecretBytes out(key_size);
  if (crypto_pwhash(out.writable().data(), out.size(), reinterpret_cast<const char*>(key.bytes.view().data()),
                    key.bytes.size(), slot.salt.data(), slot.ops_limit, static_cast<std::size_t>(slot.memory_limit),
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Errc::out_of_memory;  // its only failure: the limits have been checked
  }
  return out;
}

Result<KeySlots::Slot> KeySlotFile::make_slot(std::int32_t number, const KeyInput& key, const PassphraseCost& cost,
                                              const StoreKeys& keys, Random& random) {
  Slot slot;
  slot.number = number;
  slot.kind = key.kind;
  if (key.kind == Kind::passphrase) {
    slot.ops_limit = cost.operations;
    slot.memory_limit = cost.memory_bytes;
    if (cost.operations < 1 || cost.operations > operations_max || cost.memory_bytes < memory_min ||
        cost.memory_bytes > memory_max) {
      return fail_field(Errc::invalid_argument, "cost", "outside what a key-slot file may ask for");
    }
  }
  slot.salt.resize(salt_size);
  random.fill(slot.salt);
  EC_TRY(wrap, wrap_key(slot, key));
  slot.wrapped = encrypt(wrap.view(), keys.data_key.view(), slot_place(keys.store_id, slot), random);
  return slot;
}

Digest KeySlotFile::mac_of(const SecretBytes& data_key, ByteView authenticated) {
  const SecretBytes key = derive(data_key, derivation::key_slots_mac);
  return blake2b(authenticated, key.view());
}

Bytes KeySlotFile::signing_place(const Uuid& store_id, ByteView public_key) {
  Bytes out;
  append(out, as_bytes("ec-signing-key-v1"));
  append(out, store_id.bytes);
  append(out, public_key);
  return out;
}

Bytes KeySlotFile::bytes(const SecretBytes& data_key) const {
  Bytes out;
  append(out, as_bytes(magic));
  put_u16(out, format);
  put_u16(out, static_cast<std::uint16_t>(slots.size()));
  put_u32(out, static_cast<std::uint32_t>(size_of(slots.size())));
  append(out, store_id.bytes);
  put_u32(out, static_cast<std::uint32_t>(next_number));
  put_u32(out, 0);
  for (const Slot& slot : slots) {
    append(out, slot_head(slot));
    append(out, slot.wrapped);
  }
  append(out, signing_public_key);
  append(out, sealed_signing_key);
  append(out, mac_of(data_key, out));
  append(out, blake2b(out));
  return out;
}

Status KeySlotFile::verify(const SecretBytes& data_key, const std::string& path) const {
  if (!equal_constant_time(mac_of(data_key, authenticated), mac)) return tampered(path, "mac");
  return ok();
}

// The 51 random symbols as text in groups, with the check symbol.
std::string make_recovery_code(Random& random) {
  SecretBytes values(recovery_size);
  random.fill(values.writable());
  for (std::uint8_t& value : values.writable()) value &= 31U;  // 32 divides 256: every symbol equally likely
  values.writable().back() = static_cast<std::uint8_t>(check_sum(values.view().first(recovery_size - 1)));
  std::string text;
  text.reserve(recovery_size + recovery_size / recovery_group);  // so that no part stays behind in freed memory
  for (std::size_t i = 0; i < recovery_size; ++i) {
    if (i > 0 && i % recovery_group == 0) text += '-';
    text += symbols[values.view()[i]];
  }
  return text;
}

Result<KeySlotFile::Opened> KeySlotFile::data_key(const KeyInput& key) const {
  for (const Slot& slot : slots) {
    if (slot.kind != key.kind) continue;
    EC_TRY(wrap, wrap_key(slot, key));
    auto opened = decrypt(wrap.view(), slot.wrapped, slot_place(store_id, slot));
    if (opened) return Opened{slot.number, std::move(opened).assume_value()};
  }
  return Errc::wrong_key;
}

// `keys` names store and signing key; the data key is drawn here.
Result<KeySlots> KeySlots::make(const std::string& path, const KeyInput& key, StoreKeys keys, Random& random,
                                const PassphraseCost& cost) {
  KeySlots made;
  made.path_ = path;
  keys.data_key = SecretBytes(key_size);
  random.fill(keys.data_key.writable());
  keys.root_key = derive(keys.data_key, derivation::root);
  const SecretBytes sealing = derive(keys.data_key, derivation::key_slots_signing);
  made.sealed_signing_key_ = encrypt(sealing.view(), keys.signing_key.view(),
                                     KeySlotFile::signing_place(keys.store_id, keys.signing_public_key), random);
  EC_TRY(slot, KeySlotFile::make_slot(1, key, cost, keys, random));
  made.keys_ = std::move(keys);
  made.table_.next_number = 2;
  made.table_.slots.push_back(std::move(slot));
  return made;
}

Result<KeySlots> KeySlots::create(Files& files, const std::string& path, const KeyInput& key, const Uuid& store_id,
                                  Random& random, const PassphraseCost& cost) {
  crypto_init();
  EC_TRYV(check_key(key));
  EC_TRY(there, files.exists(path));
  if (there) return fail_fact(Errc::store_exists, "file", path);
  StoreKeys keys;
  keys.store_id = store_id;
  SecretBytes seed(crypto_sign_SEEDBYTES);
  random.fill(seed.writable());
  keys.signing_public_key.resize(public_size);
  keys.signing_key = SecretBytes(secret_size);
  crypto_sign_seed_keypair(keys.signing_public_key.data(), keys.signing_key.writable().data(), seed.view().data());
  EC_TRY(made, make(path, key, std::move(keys), random, cost));
  EC_TRYV(made.store(files, made.table_));
  return made;
}

Result<KeySlots> KeySlots::create_for_copy(Files& files, const std::string& path, const KeyInput& key,
                                           const StoreKeys& like, Random& random, const PassphraseCost& cost) {
  EC_TRYV(check_key(key));
  StoreKeys keys;
  keys.store_id = like.store_id;
  keys.signing_key = like.signing_key.clone();
  keys.signing_public_key = like.signing_public_key;
  EC_TRY(made, make(path, key, std::move(keys), random, cost));
  EC_TRYV(made.store(files, made.table_));
  return made;
}

Result<KeySlots> KeySlots::open(Files& files, const std::string& path, const KeyInput& key) {
  crypto_init();
  const Status well_formed = check_key(key);
  if (!well_formed && well_formed.error().code() == Errc::invalid_key) return well_formed.error();
  EC_TRY(file, KeySlotFile::read(files, path));
  EC_TRYV(well_formed);
  KeySlots opened;
  opened.path_ = path;
  StoreKeys& keys = opened.keys_;
  keys.store_id = file.store_id;
  EC_TRY(found, file.data_key(key));
  EC_TRYV(file.verify(found.data_key, path));
  opened.opened_slot_ = found.slot;
  keys.data_key = std::move(found.data_key);
  keys.root_key = derive(keys.data_key, derivation::root);
  const SecretBytes sealing = derive(keys.data_key, derivation::key_slots_signing);
  auto signing = decrypt(sealing.view(), file.sealed_signing_key,
                         KeySlotFile::signing_place(file.store_id, file.signing_public_key));
  if (!signing) return tampered(path, "signing key");
  keys.signing_key = std::move(signing).assume_value();
  keys.signing_public_key = std::move(file.signing_public_key);
  opened.sealed_signing_key_ = std::move(file.sealed_signing_key);
  opened.table_ = {file.next_number, std::move(file.slots)};
  return opened;
}

std::vector<KeySlotInfo> KeySlots::list() const {
  std::vector<KeySlotInfo> out;
  for (const Slot& slot : table_.slots) out.push_back({slot.number, slot.kind});
  return out;
}

Result<KeySlots::Table> KeySlots::read_again(Files& files) const {
  EC_TRY(file, KeySlotFile::read(files, path_));
  EC_TRYV(file.verify(keys_.data_key, path_));
  return Table{file.next_number, std::move(file.slots)};
}

Status KeySlots::store(Files& files, Table table) {
  KeySlotFile file;
  file.next_number = table.next_number;
  file.slots = table.slots;
  file.store_id = keys_.store_id;
  file.signing_public_key = keys_.signing_public_key;
  file.sealed_signing_key = sealed_signing_key_;
  EC_TRYV(files.replace(path_, file.bytes(keys_.data_key)));
  table_ = std::move(table);
  return ok();
}

Status KeySlots::refresh(Files& files) {
  EC_TRY(table, read_again(files));
  table_ = std::move(table);
  return ok();
}

Result<KeySlots::Change> KeySlots::plan(Files& files, const NewKey* added, std::optional<std::int32_t> removed) const {
  if (added != nullptr) EC_TRYV(check_key(added->key));
  EC_TRY(table, read_again(files));
  Change change;
  change.before_ = table;
  if (removed) {
    const auto found = std::find_if(table.slots.begin(), table.slots.end(),
                                    [&](const Slot& candidate) { return candidate.number == *removed; });
    if (found == table.slots.end()) return fail_fact(Errc::not_found, "slot", std::to_string(*removed));
    table.slots.erase(found);
  }
  if (added != nullptr) {
    if (table.slots.size() >= slots_max)
      return fail_field(Errc::invalid_argument, "key", "all " + std::to_string(slots_max) + " key slots are taken");
    EC_TRY(slot, KeySlotFile::make_slot(table.next_number, added->key, added->cost, keys_, added->random));
    change.added = table.next_number++;
    table.slots.push_back(std::move(slot));
  }
  if (table.slots.empty())
    return fail_field(Errc::invalid_argument, "slot", "the last one stays: without it nobody could open the store");
  change.after_ = std::move(table);
  change.opened_before_ = opened_slot_;
  return change;
}

Status KeySlots::apply(Files& files, const Change& change) {
  EC_TRYV(store(files, change.after_));
  const bool stays = std::any_of(table_.slots.begin(), table_.slots.end(),
                                 [this](const Slot& slot) { return slot.number == opened_slot_; });
  if (!stays && change.added != 0) opened_slot_ = change.added;
  return ok();
}

// The number that was given stays given.
Status KeySlots::undo(Files& files, const Change& change) {
  Table before = change.before_;
  before.next_number = change.after_.next_number;
  EC_TRYV(store(files, std::move(before)));
  opened_slot_ = change.opened_before_;
  return ok();
}

Status KeySlots::add(Files& files, const KeyInput& key, Random& random, const PassphraseCost& cost) {
  const NewKey added{key, random, cost};
  EC_TRY(change, plan(files, &added, std::nullopt));
  return apply(files, change);
}

Result<std::string> KeySlots::add_recovery_code(Files& files, Random& random) {
  std::string text = make_recovery_code(random);
  const Status added = add(files, KeyInput::recovery_code(as_bytes(text)), random);
  if (added) return text;
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return added.error();
}

Status KeySlots::remove(Files& files, std::int32_t slot) {
  EC_TRY(change, plan(files, nullptr, slot));
  return apply(files, change);
}

void KeySlots::adopt(KeySlots&& renewed) {
  keys_.data_key = std::move(renewed.keys_.data_key);
  keys_.root_key = std::move(renewed.keys_.root_key);
  sealed_signing_key_ = std::move(renewed.sealed_signing_key_);
  table_ = std::move(renewed.table_);
  opened_slot_ = renewed.opened_slot_;
}

Bytes sign_with(const SecretBytes& signing_key, ByteView message) {
  Bytes signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), signing_key.view().data());
  return signature;
}

Bytes KeySlots::sign(ByteView message) const {
  return sign_with(keys_.signing_key, message);
}

bool verify_signature(ByteView public_key, ByteView message, ByteView signature) {
  crypto_init();
  if (public_key.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES) return false;
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

}  // namespace eventcore::store
