#include "audit/chain.hpp"

#include <algorithm>
#include <utility>

#include "audit/entry.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::audit {

namespace {

constexpr std::string_view domain_tag = "ec-audit-v1";
constexpr std::uint32_t null_length = 0xFFFFFFFFU;

// canonical(...): each field a 4-byte big-endian length and its bytes; null is the length FFFFFFFF.
template <class Out>
class Canonical {
 public:
  explicit Canonical(Out& out) : out_(out) {}
  Canonical& text(std::string_view value) { return bytes(as_bytes(value)); }
  Canonical& bytes(ByteView value) {
    out_.add_u32(static_cast<std::uint32_t>(value.size())).add(value);
    return *this;
  }
  Canonical& bytes_or_null(ByteView value) {
    if (!value.empty()) return bytes(value);
    out_.add_u32(null_length);
    return *this;
  }
  Canonical& integer(std::int64_t value) {
    out_.add_u32(8).add_u64(static_cast<std::uint64_t>(value));
    return *this;
  }

 private:
  Out& out_;
};

// Bytes to be signed are written like bytes to be hashed.
class Message {
 public:
  Message& add(ByteView value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  Message& add_u32(std::uint32_t value) {
    put_u32(bytes_, value);
    return *this;
  }
  Message& add_u64(std::uint64_t value) {
    put_u64(bytes_, value);
    return *this;
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

ByteView bytes_of(const Uuid& id) {
  return ByteView(id.bytes);
}
ByteView bytes_or_none(const Uuid& id) {
  return id.is_nil() ? ByteView() : bytes_of(id);
}

EntryFields fields_of(const Act& act, std::int64_t seq) {
  return {bytes_of(act.organization),  // nil is a value here
          seq,
          act.time,
          act.principal_kind,
          bytes_or_none(act.principal_id),
          act.table,
          bytes_or_none(act.row),
          act.operation,
          act.command};
}

Bytes to_bytes(const Digest& digest) {
  return {digest.begin(), digest.end()};
}

Value json_or_null(const std::string& image) {
  return image.empty() ? Value() : Value(image);
}
Value uuid_or_null(const Uuid& id) {
  return id.is_nil() ? Value() : Value(id);
}

}  // namespace

void add_entry_message(Blake2bMany& hashes, const Digest& previous, const EntryFields& fields,
                       const std::array<Digest, 4>& commitments) {
  hashes.begin().add(domain_tag).add(ByteView(previous));
  Canonical(hashes)
      .bytes(fields.organization)
      .integer(fields.seq)
      .integer(fields.time)
      .text(fields.principal_kind)
      .bytes_or_null(fields.principal_id)
      .text(fields.table)
      .bytes_or_null(fields.row)
      .text(fields.operation)
      .text(fields.command);
  for (const Digest& c : commitments) hashes.add(ByteView(c));
}

Record make_entry(const Act& act, const Images& images, store::ChainHead& head, const Uuid& entry_id, ByteView salts) {
  namespace a = col::audit_logs;
  const std::string* const image[4] = {&images.before_personal, &images.before_other, &images.after_personal,
                                       &images.after_other};
  Blake2bMany hashes;
  for (std::size_t i = 0; i < 4; ++i) hashes.begin(salts.subspan(i * salt_bytes, salt_bytes)).add(*image[i]);
  std::array<Digest, 4> c{};
  std::ranges::copy(hashes.finish(), c.begin());
  const std::int64_t seq = head.seq + 1;
  add_entry_message(hashes, head.hash, fields_of(act, seq), c);
  const Digest hash = hashes.finish().front();

  Record entry(schema::tables::audit_logs);
  entry.set(a::id, entry_id);
  entry.set(a::organization_id, act.organization);
  entry.set(a::table_name, act.table);
  entry.set(a::operation, act.operation);
  entry.set(a::record_id, uuid_or_null(act.row));
  entry.set(a::old_personal, json_or_null(images.before_personal));
  entry.set(a::old_values, json_or_null(images.before_other));
  entry.set(a::new_personal, json_or_null(images.after_personal));
  entry.set(a::new_values, json_or_null(images.after_other));
  entry.set(a::user_id, uuid_or_null(act.user_id));
  entry.set(a::timestamp, act.time);
  entry.set(a::seq, seq);
  entry.set(a::principal_kind, act.principal_kind);
  entry.set(a::principal_id, uuid_or_null(act.principal_id));
  entry.set(a::command, act.command);
  entry.set(a::entry_hash, to_bytes(hash));
  const Column commitments[4] = {a::c1, a::c2, a::c3, a::c4};
  const Column salt_columns[4] = {a::salt1, a::salt2, a::salt3, a::salt4};
  for (std::size_t i = 0; i < 4; ++i) {
    const ByteView salt = salts.subspan(i * salt_bytes, salt_bytes);
    entry.set(commitments[i], to_bytes(c[i]));
    entry.set(salt_columns[i], Bytes(salt.begin(), salt.end()));
  }
  entry.set(a::version, 1);
  entry.set(a::created_at, act.time);
  entry.set(a::updated_at, act.time);
  head.seq = seq;
  head.hash = hash;
  return entry;
}

Bytes checkpoint_message(const Uuid& organization, std::int64_t seq, Micros time, const Digest& head) {
  Message message;
  message.add(as_bytes("ec-checkpoint-v1"));
  Canonical(message).bytes(bytes_of(organization)).integer(seq).integer(time);
  return message.add(ByteView(head)).take();
}

bool checkpoint_due(const store::ChainHead& head, Micros now) {
  if (head.checkpoint.seq == head.seq) return false;
  const Micros since = now - head.checkpoint.time;  // negative when the clock was set back
  return head.checkpoint.seq == 0 || since >= checkpoint_interval_us || since <= -checkpoint_interval_us;
}

store::Checkpoint sign_checkpoint(const store::Reader& reader, const Uuid& organization, const store::ChainHead& head,
                                  Micros now) {
  const Bytes message = checkpoint_message(organization, head.seq, now, head.hash);
  return {head.seq, now, head.hash, reader.sign(message)};
}

}  // namespace eventcore::audit
