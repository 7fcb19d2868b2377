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

// Sealed columns hold text: the secret key in hex.
Result<SigningKey> open_key(work::UnitOfWork& uow, const Record& row) {
  EC_TRY(sealed, uow.reader().open_sealed(row, col::event_keys::private_key.index));
  EC_TRY(bytes, from_hex(as_text(sealed.view())));
  SigningKey key{static_cast<std::uint16_t>(row[col::event_keys::key_id].integer()), SecretBytes::copy_of(bytes)};
  wipe(bytes);
  return key;
}

Result<SigningKey> make_key(work::UnitOfWork& uow, const Record& event, std::int64_t key_id) {
  namespace c = col::event_keys;
  if (key_id > std::numeric_limits<std::uint16_t>::max())
    return fail(Errc::wrong_state, "the event has used up its key numbers");
  work::DrawnRandom random(uow.call().draws);
  ticket::KeyPair pair = ticket::make_key_pair(random);
  Changes row{assign(c::organization_id, event.organization_id()), assign(c::event_id, event.id()),
              assign(c::key_id, key_id), assign(c::public_key, Bytes(pair.public_key.begin(), pair.public_key.end())),
              assign(c::private_key, hex(pair.secret_key.view()))};
  EC_TRYV(uow.insert(schema::tables::event_keys, row, work::As::engine));
  return SigningKey{static_cast<std::uint16_t>(key_id), std::move(pair.secret_key)};
}

}  // namespace

Result<SigningKey> signing_key(work::UnitOfWork& uow, const Record& event) {
  store::Query query = keys_of(event);
  query.order = {{col::event_keys::key_id.index, true}};
  EC_TRY(rows, uow.scan(query));
  if (rows.empty()) return make_key(uow, event, 1);
  const Record& newest = rows.front();
  if (newest[col::event_keys::retired_at].is_null()) return open_key(uow, newest);
  return make_key(uow, event, newest[col::event_keys::key_id].integer() + 1);
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
