#include "rules/support.hpp"

#include "base/currency.hpp"
#include "base/text.hpp"
#include "rules/pure/rates.hpp"
#include "rules/ticketing/settings.hpp"

namespace eventcore::rules {

Failure under(std::string_view prefix, const Failure& failure) {
  FailureDetail detail = failure.detail();
  if (detail.fields.empty()) return failure;
  for (FieldError& field : detail.fields) field.field.insert(0, prefix);
  return {failure.code(), std::move(detail)};
}

Result<Uuid> organization_of(const work::Reading& reading, const schema::Arguments& arguments) {
  if (const auto named = arguments.optional_uuid("organization_id")) return *named;
  if (reading.facts().organization) return *reading.facts().organization;
  return fail_field(Errc::organization_required, "organization_id", "is needed here");
}

Failure broken(Column column, const schema::TableDef& table, std::string reason) {
  return fail_field(Errc::invariant_violated, std::string(table.columns[column.index].name), std::move(reason));
}

Result<Json> stored_json(const Value& value) {
  if (value.is_null()) return Json();
  return parse_json(value.text(), JsonLimits{.depth = 2 * static_cast<int>(schema::json_depth_max)});
}

std::vector<Uuid> stored_ids(const Value& value) {
  std::vector<Uuid> ids;
  const auto list = stored_json(value);
  if (!list || !list.assume_value().is_array()) return ids;
  for (const Json& element : list.assume_value()) {
    if (!element.is_string()) continue;
    const auto id = parse_uuid(element.get_ref<const std::string&>());
    if (id) ids.push_back(id.assume_value());
  }
  return ids;
}

bool is_slug(std::string_view text) {
  return !text.empty() && slugify(text) == text;
}

namespace {

constexpr std::int64_t places_max = 1'000'000'000;
constexpr std::int64_t days_max = 100 * 366;

class SettingsCheck {
 public:
  explicit SettingsCheck(const Json& settings) : settings_(settings) {}

  void flag(const char* name) { flag_of(settings_, name, "settings."); }
  void flag(const char* group, const char* name) {
    if (const Json* inner = object(group)) flag_of(*inner, name, std::string("settings.") + group + ".");
  }
  void count(const char* name, std::int64_t min, std::int64_t max) {
    const Json* value = member(settings_, name);
    if (value == nullptr) return;
    if (!value->is_number_integer() || value->get<std::int64_t>() < min || value->get<std::int64_t>() > max)
      bad(std::string("settings.") + name,
          "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  void currency() {
    const Json* value = member(settings_, "currency");
    if (value == nullptr) return;
    if (!value->is_string() || !currency_digits(value->get_ref<const std::string&>()))
      bad("settings.currency", "is not a currency of ISO 4217");
  }
  void rates() {
    const auto parsed = pure::parse_rates(settings_);
    if (parsed) return;
    for (const FieldError& field : parsed.error().detail().fields) bad("settings." + field.field, field.reason);
    if (parsed.error().detail().fields.empty()) bad("settings", "taxes or fees are not well formed");
  }
  Status result() {
    if (detail_.fields.empty()) return ok();
    return Failure(Errc::invalid_argument, std::move(detail_));
  }

 private:
  static const Json* member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  const Json* object(const char* name) {
    const Json* value = member(settings_, name);
    if (value == nullptr || value->is_object()) return value;
    bad(std::string("settings.") + name, "must be an object");
    return nullptr;
  }
  void flag_of(const Json& object, const char* name, const std::string& path) {
    const Json* value = member(object, name);
    if (value != nullptr && !value->is_boolean()) bad(path + name, "must be true or false");
  }
  void bad(std::string field, std::string reason) { detail_.fields.push_back({std::move(field), std::move(reason)}); }

  const Json& settings_;
  FailureDetail detail_;
};

}  // namespace

Status check_settings(const Value& settings) {
  EC_TRY(json, stored_json(settings));
  if (json.is_null()) return ok();
  if (!json.is_object()) return fail_field(Errc::invalid_argument, "settings", "must be an object");
  SettingsCheck check(json);
  check.currency();
  check.rates();
  check.flag("check_in", "reentry");
  check.flag("self_refund");
  check.count("hold_minutes", 1, ticketing::hold_minutes_max);
  check.count("hold_limit_anonymous", 0, places_max);
  check.count("legal_hold_days", 0, days_max);
  return check.result();
}

Result<std::int64_t> sum_of(store::Reader& reader, const schema::TableDef& table, const Uuid& organization,
                            Column measured, Expr where) {
  store::Aggregate query;
  query.table = &table;
  query.organization = organization;
  query.where = std::move(where);
  query.measures = {{store::Aggregate::Kind::sum, measured.index}};
  EC_TRY(rows, reader.aggregate(query));
  return rows.empty() || rows.front().front().is_null() ? 0 : rows.front().front().integer();
}

}  // namespace eventcore::rules
