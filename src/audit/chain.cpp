#include "audit/chain.hpp"

#include <algorithm>

#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::audit {

namespace {

constexpr std::string_view domain_tag = "ec-audit-v1";
constexpr std::uint32_t null_length = 0xFFFFFFFFU;

// canonical(...): each field a 4-byte big-endian length and its bytes; null is the length FFFFFFFF.
class Canonical {
 public:
  Canonical& text(std::string_view value) { return bytes(as_bytes(value)); }
  Canonical& uuid(const Uuid& value) { return value.is_nil() ? null() : bytes(ByteView(value.bytes)); }
  Canonical& organization(const Uuid& value) { return bytes(ByteView(value.bytes)); }  // nil is a value here
  Canonical& integer(std::int64_t value) {
    put_u32(out_, 8);
    put_u64(out_, static_cast<std::uint64_t>(value));
    return *this;
  }
  [[nodiscard]] ByteView view() const { return out_; }

 private:
  Canonical& null() {
    put_u32(out_, null_length);
    return *this;
  }
  Canonical& bytes(ByteView value) {
    put_u32(out_, static_cast<std::uint32_t>(value.size()));
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
  }
  Bytes out_;
};

Bytes to_bytes(const Digest& digest) {
  return {digest.begin(), digest.end()};
}

Digest to_digest(const Bytes& bytes) {
  Digest digest{};
  if (bytes.size() == digest.size()) std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

Value json_or_null(const std::string& image) {
  return image.empty() ? Value() : Value(image);
}
Value uuid_or_null(const Uuid& id) {
  return id.is_nil() ? Value() : Value(id);
}

}  // namespace

Digest commitment(std::string_view image, ByteView salt) {
  return blake2b(as_bytes(image), salt);
}

Digest entry_hash(const Digest& previous, const Act& act, std::int64_t seq, const std::array<Digest, 4>& commitments) {
  Canonical fields;
  fields.organization(act.organization).integer(seq).integer(act.time).text(act.principal_kind);
  fields.uuid(act.principal_id).text(act.table).uuid(act.row).text(act.operation).text(act.command);
  Blake2b hash;
  hash.add(domain_tag).add(ByteView(previous)).add(fields.view());
  for (const Digest& c : commitments) hash.add(ByteView(c));
  return hash.finish();
}

Record make_entry(const Act& act, const Images& images, store::ChainHead& head, const Uuid& entry_id, ByteView salts) {
  namespace a = col::audit_logs;
  const std::string* const image[4] = {&images.before_personal, &images.before_other, &images.after_personal,
                                       &images.after_other};
  std::array<Digest, 4> c{};
  for (std::size_t i = 0; i < 4; ++i) c[i] = commitment(*image[i], salts.subspan(i * salt_bytes, salt_bytes));
  const std::int64_t seq = head.seq + 1;
  const Digest hash = entry_hash(head.hash, act, seq, c);

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
  Canonical fields;
  fields.organization(organization).integer(seq).integer(time);
  constexpr std::string_view tag = "ec-checkpoint-v1";
  Bytes message(tag.begin(), tag.end());
  message.insert(message.end(), fields.view().begin(), fields.view().end());
  message.insert(message.end(), head.begin(), head.end());
  return message;
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

Digest recompute(const Digest& previous, const Record& entry) {
  namespace a = col::audit_logs;
  Act act;
  act.organization = entry[a::organization_id].uuid();
  act.time = entry[a::timestamp].integer();
  act.principal_kind = entry[a::principal_kind].text();
  act.principal_id = entry[a::principal_id].uuid();
  act.table = entry[a::table_name].text();
  act.row = entry[a::record_id].uuid();
  act.operation = entry[a::operation].text();
  act.command = entry[a::command].text();
  const std::array<Digest, 4> c{to_digest(entry[a::c1].bytes()), to_digest(entry[a::c2].bytes()),
                                to_digest(entry[a::c3].bytes()), to_digest(entry[a::c4].bytes())};
  return entry_hash(previous, act, entry[a::seq].integer(), c);
}

}  // namespace eventcore::audit
