// Keys of devices and programs: made, shown once, kept as a keyed hash, taken back.
#include <array>

#include "rules/organization/commands.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::organization {

using schema::Arguments;
using schema::CommandDef;
using schema::TableDef;
using work::As;
using work::UnitOfWork;

namespace {

constexpr std::size_t public_id_bytes = 10;
constexpr std::size_t secret_bytes = 32;

struct NewKey {
  std::string public_id;
  std::string secret;
  Bytes hash;
};

Result<NewKey> new_key(UnitOfWork& uow, const Uuid& organization) {
  std::array<std::uint8_t, public_id_bytes> id{};
  std::array<std::uint8_t, secret_bytes> secret{};
  uow.call().draws.fill(id);
  uow.call().draws.fill(secret);
  NewKey key{hex(id), hex(secret), {}};
  EC_TRY(digest, policy::key_digest(uow.reader(), organization, key.secret));
  key.hash.assign(digest.begin(), digest.end());
  return key;
}

bool is_permission(std::string_view text) {
  constexpr std::string_view read_only = ":read";
  if (text.ends_with(read_only)) text.remove_suffix(read_only.size());
  for (const TableDef* table : schema::all_tables)
    if (schema::group_name(table->access.group) == text) return true;
  return false;
}

// A key of the organization has permissions, a key of a sponsor has the sponsor.
Status check_permissions(const Arguments& arguments, const Json& permissions) {
  FailureDetail detail;
  const bool of_sponsor = arguments.optional_uuid("sponsor_id").has_value();
  if (of_sponsor && !permissions.empty())
    detail.fields.push_back({"permissions", "a sponsor's key has none of its own"});
  if (!of_sponsor && permissions.empty()) detail.fields.push_back({"permissions", "is required"});
  for (std::size_t i = 0; i < permissions.size(); ++i)
    if (!is_permission(permissions[i].get<std::string>()))
      detail.fields.push_back({"permissions[" + std::to_string(i) + "]", "is no permission group"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_argument, std::move(detail));
}

// Sets revoked_at, once.
Result<Json> revoke(UnitOfWork& uow, const CommandDef& command, const TableDef& table, const Uuid& id,
                    const std::optional<Uuid>& organization) {
  EC_TRY(row, uow.get(table, id, organization));
  EC_TRYV(require(uow, command, row));
  const int column = table.index_of("revoked_at");
  if (row.at(static_cast<std::size_t>(column)).is_null())
    EC_TRYV(uow.change(row, {{static_cast<std::uint16_t>(column), Value(uow.now())}}));
  return uow.show_as_reply(row);
}

}  // namespace

Result<Json> register_device(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  namespace d = col::devices;
  EC_TRY(event, uow.get(schema::tables::events, arguments.uuid("event_id")));
  EC_TRYV(require(uow, command, event));
  EC_TRY(key, new_key(uow, event.organization_id()));
  Changes changes = {{d::event_id.index, Value(event.id())},
                     {d::name.index, Value(arguments.text("name"))},
                     {d::public_id.index, Value(key.public_id)},
                     {d::key_hash.index, Value(std::move(key.hash))}};
  if (const auto gate = arguments.optional_text("gate")) changes.push_back({d::gate.index, Value(*gate)});
  EC_TRY(device, uow.insert(schema::tables::devices, changes, As::engine));
  EC_TRY(reply, uow.show_as_reply(device));
  return Json{{"device", std::move(reply)}, {"token", "ec_device_" + key.public_id + "_" + key.secret}};
}

Result<Json> revoke_device(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  EC_TRY(reply, revoke(uow, command, schema::tables::devices, arguments.uuid("device_id"),
                       arguments.optional_uuid("organization_id")));
  return Json{{"device", std::move(reply)}};
}

Result<Json> create_api_key(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  namespace k = col::api_keys;
  const Json given = arguments.json("permissions");
  const Json permissions = given.is_null() ? Json::array() : given;
  EC_TRYV(check_permissions(arguments, permissions));
  EC_TRY(id, organization_of(uow, arguments));
  EC_TRY(organization, uow.get(schema::tables::organizations, id));
  EC_TRYV(require(uow, command, organization));
  EC_TRY(key, new_key(uow, id));
  Changes changes = {{k::organization_id.index, Value(id)},
                     {k::name.index, Value(arguments.text("name"))},
                     {k::public_id.index, Value(key.public_id)},
                     {k::key_hash.index, Value(std::move(key.hash))},
                     {k::permissions.index, Value(dump(permissions))}};
  if (const auto sponsor_id = arguments.optional_uuid("sponsor_id")) {
    auto sponsor = uow.get(schema::tables::sponsors, *sponsor_id, id);
    if (!sponsor && sponsor.error().code() == Errc::not_found)
      return fail_field(Errc::reference_not_found, "sponsor_id", "there is no such row");
    EC_TRYV(sponsor);
    changes.push_back({k::sponsor_id.index, Value(*sponsor_id)});
  }
  if (const auto expires_at = arguments.optional_time("expires_at"))
    changes.push_back({k::expires_at.index, Value(*expires_at)});
  EC_TRY(row, uow.insert(schema::tables::api_keys, changes, As::engine));
  EC_TRY(reply, uow.show_as_reply(row));
  return Json{{"api_key", std::move(reply)}, {"token", "ec_live_" + key.public_id + "_" + key.secret}};
}

Result<Json> revoke_api_key(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  EC_TRY(reply, revoke(uow, command, schema::tables::api_keys, arguments.uuid("api_key_id"),
                       arguments.optional_uuid("organization_id")));
  return Json{{"api_key", std::move(reply)}};
}

}  // namespace eventcore::rules::organization
