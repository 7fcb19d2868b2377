// Secrets shared with outside services: set_integration_secret keeps one sealed and never shows it again;
// reveal_secret shows the sealed column of a table that allows it, and leaves a trace.
#include <algorithm>

#include "base/text.hpp"
#include "rules/organization/commands.hpp"
#include "rules/organization/secrets.hpp"
#include "rules/rules.hpp"
#include "rules/support.hpp"
#include "schema/all.hpp"
#include "schema/generated/columns.hpp"

namespace eventcore::rules::organization {

using schema::Arguments;
using schema::CommandDef;
using work::As;
using work::UnitOfWork;

namespace {

namespace s = col::integration_secrets;

bool is_kind(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// A secret is compared byte by byte by those who share it: what was pasted with a line's end would never match.
Status check_secret(const std::string& kind, const std::string& name, const std::optional<std::string>& value) {
  FailureDetail detail;
  if (!is_kind(kind)) detail.fields.push_back({"kind", "must be lower-case letters, digits and '_'"});
  if (name.empty()) detail.fields.push_back({"name", "must not be empty"});
  if (value && value->empty()) detail.fields.push_back({"value", "must not be empty"});
  if (value && trim(*value) != *value) detail.fields.push_back({"value", "must not begin or end with white space"});
  if (detail.fields.empty()) return ok();
  return Failure(Errc::invalid_argument, std::move(detail));
}

Result<std::optional<Record>> find_secret(UnitOfWork& uow, const Uuid& organization, const std::string& kind,
                                          const std::string& name) {
  store::Query query;
  query.table = &schema::tables::integration_secrets;
  query.organization = organization;
  query.where = Expr::all_of({Expr::equals(s::kind.index, kind), Expr::equals(s::name.index, name)});
  query.limit = 1;
  EC_TRY(rows, uow.scan(query));
  if (rows.empty()) return std::optional<Record>{};
  return std::optional<Record>(std::move(rows.front()));
}

}  // namespace

Result<std::vector<SecretBytes>> active_secrets(work::Reading& reading, const Uuid& organization,
                                                std::string_view kind) {
  store::Query query;
  query.table = &schema::tables::integration_secrets;
  query.organization = organization;
  query.where = Expr::all_of({Expr::equals(s::kind.index, kind), Expr::equals(s::is_active.index, true)});
  EC_TRY(rows, reading.scan(query));
  std::vector<SecretBytes> secrets;
  for (const Record& row : rows) {
    EC_TRY(secret, reading.reader().open_sealed(row, s::value.index));
    secrets.push_back(std::move(secret));
  }
  return secrets;
}

Result<Json> set_integration_secret(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  const std::string kind = arguments.text("kind");
  const std::string name = arguments.text("name");
  const std::optional<std::string> value = arguments.optional_text("value");
  EC_TRYV(check_secret(kind, name, value));
  EC_TRY(id, organization_of(uow, arguments));
  EC_TRY(organization, uow.get(schema::tables::organizations, id));
  EC_TRYV(require(uow, command, organization));
  if (kind == stripe_billing && !uow.facts().is_service())
    return fail_fact(Errc::command_denied, "kind", std::string(stripe_billing));
  EC_TRY(known, find_secret(uow, id, kind, name));
  Changes changes = {{s::is_active.index, Value(arguments.boolean("is_active"))}};
  if (value) changes.push_back({s::value.index, Value(*value)});
  if (known) {
    EC_TRYV(uow.change(*known, changes));
  } else {
    if (!value) return fail_field(Errc::invalid_argument, "value", "is required for a new secret");
    changes.push_back({s::organization_id.index, Value(id)});
    changes.push_back({s::kind.index, Value(kind)});
    changes.push_back({s::name.index, Value(name)});
    EC_TRY(row, uow.insert(schema::tables::integration_secrets, changes, As::engine));
    known = std::move(row);
  }
  EC_TRY(reply, uow.show_as_reply(*known));
  return Json{{"integration_secret", std::move(reply)}};
}

Result<Json> reveal_secret(UnitOfWork& uow, const CommandDef& command, const Arguments& arguments) {
  const schema::TableDef& table = schema::tables::social_media_accounts;  // the only one the argument can name
  constexpr Column sealed = col::social_media_accounts::api_credentials;
  EC_TRY(row, uow.get(table, arguments.uuid("id"), arguments.optional_uuid("organization_id")));
  EC_TRYV(require(uow, command, row));
  const Json seen = {{"table", std::string(table.name)},
                     {"row", to_text(row.id())},
                     {"column", std::string(table.columns[sealed.index].name)}};
  EC_TRYV(uow.enter(row.organization_id()));
  EC_TRYV(uow.record_act(row.organization_id(), "reveal", dump(seen)));
  if (row[sealed].is_null()) return Json{{"value", nullptr}};
  EC_TRY(secret, uow.reader().open_sealed(row, sealed.index));
  return Json{{"value", std::string(as_text(secret.view()))}};
}

}  // namespace eventcore::rules::organization
