#include "rules/ticketing/event_key.hpp"

#include <algorithm>
#include <limits>

#include "base/bytes.hpp"
#include "rules/ticketing/terms.hpp"
#include "schema/all.hpp"

namespace eventcore::rules::ticketing {

namespace {

store::Query keys_of(const Record& event) {
  store::Query query;
  query.table = &schema::tables::event_keys;
  query.organization = event.organization_id();
  query.where = is(col::event_keys::event_id, event.id());
  query.limit = 1;
  return query;
}

Result<SigningKey> open_key(work::UnitOfWork& uow, const Record& row) {
  EC_TRY(secret, uow.reader().open_sealed_key(row, col::event_keys::private_key.index));
  return SigningKey{static_cast<std::uint16_t>(row[col::event_keys::key_id].integer()), std::move(secret)};
}

struct MadeKey {
  Record row;
  SigningKey key;
};

Result<MadeKey> make_key(work::UnitOfWork& uow, const Record& event, std::int64_t key_id) {
  namespace c = col::event_keys;
  if (key_id > std::numeric_limits<std::uint16_t>::max())
    return fail(Errc::wrong_state, "the event has used up its key numbers");
  work::DrawnRandom random(uow.call().draws);
  ticket::KeyPair pair = ticket::make_key_pair(random);
  const Uuid id = uow.call().draws.id();
  EC_TRY(sealed, uow.reader().seal_key(schema::tables::event_keys, c::private_key.index, event.organization_id(), id,
                                       pair.secret_key));
  Changes row{assign(c::id, id),
              assign(c::organization_id, event.organization_id()),
              assign(c::event_id, event.id()),
              assign(c::key_id, key_id),
              assign(c::public_key, Bytes(pair.public_key.begin(), pair.public_key.end())),
              assign(c::private_key, std::move(sealed))};
  EC_TRY(stored, uow.insert(schema::tables::event_keys, row, work::As::engine));
  return MadeKey{std::move(stored),
                 {static_cast<std::uint16_t>(key_id), std::make_shared<const SecretBytes>(std::move(pair.secret_key))}};
}

Result<std::optional<Record>> newest_key(work::UnitOfWork& uow, const Record& event) {
  store::Query query = keys_of(event);
  query.order = {{col::event_keys::key_id.index, true}};
  EC_TRY(rows, uow.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

std::int64_t number_after(const std::optional<Record>& newest) {
  return newest ? (*newest)[col::event_keys::key_id].integer() + 1 : 1;
}

}  // namespace

Result<SigningKey> signing_key(work::UnitOfWork& uow, const Record& event) {
  EC_TRY(newest, newest_key(uow, event));
  if (newest && (*newest)[col::event_keys::retired_at].is_null()) return open_key(uow, *newest);
  EC_TRY(made, make_key(uow, event, number_after(newest)));
  return std::move(made.key);
}

Result<Rotation> rotate_key(work::UnitOfWork& uow, const Record& event) {
  namespace c = col::event_keys;
  EC_TRY(newest, newest_key(uow, event));
  Rotation rotation;
  if (newest && (*newest)[c::retired_at].is_null()) {
    rotation.retired = (*newest)[c::key_id].integer();
    EC_TRYV(uow.change(*newest, {assign(c::retired_at, uow.now())}));
  }
  EC_TRY(made, make_key(uow, event, number_after(newest)));
  rotation.made = std::move(made.row);
  return rotation;
}

Result<std::optional<ticket::PublicKey>> public_key(work::Reading& reading, const Record& event, std::uint16_t key_id) {
  store::Query query = keys_of(event);
  query.where = Expr::all_of({std::move(query.where), is(col::event_keys::key_id, static_cast<std::int64_t>(key_id))});
  query.columns = store::ColumnSet::short_only(schema::tables::event_keys);
  EC_TRY(rows, reading.scan(query));
  std::optional<ticket::PublicKey> key;
  if (rows.empty()) return key;
  const Bytes& bytes = rows.front()[col::event_keys::public_key].bytes();
  if (bytes.size() != ticket::public_key_bytes) return key;
  key.emplace();
  std::copy(bytes.begin(), bytes.end(), key->begin());
  return key;
}

}  // namespace eventcore::rules::ticketing
