#include "rules/ticketing/settings.hpp"

#include "schema/generated/columns.hpp"

namespace eventcore::rules::ticketing {

namespace {

constexpr std::int64_t hold_minutes_default = 15;
constexpr Micros minute_us = 60'000'000;

}  // namespace

Result<SaleSettings> SaleSettings::of(work::Reading& reading, const Record& event) {
  Json settings = Json::object();
  if (const Value& text = event[col::events::settings]; !text.is_null()) {
    EC_TRY(parsed, parse_json(text.text()));
    if (parsed.is_object()) settings = std::move(parsed);
  }
  return SaleSettings(reading, event.organization_id(), std::move(settings));
}

Result<Json> SaleSettings::member(std::string_view name) const {
  if (const auto own = event_.find(name); own != event_.end() && !own->is_null()) return *own;
  EC_TRY(settings, reading_->organization_settings(organization_));
  const auto found = settings.find(name);
  return found == settings.end() ? Json() : *found;
}

Result<Micros> SaleSettings::hold_time_us() const {
  EC_TRY(minutes, member("hold_minutes"));
  if (!minutes.is_number_integer()) return hold_minutes_default * minute_us;
  const auto given = minutes.get<std::int64_t>();
  return (given >= 1 && given <= hold_minutes_max ? given : hold_minutes_default) * minute_us;
}

Result<std::optional<std::int64_t>> SaleSettings::hold_limit_anonymous() const {
  EC_TRY(limit, member("hold_limit_anonymous"));
  if (!limit.is_number_integer()) return std::optional<std::int64_t>{};
  return std::optional<std::int64_t>(limit.get<std::int64_t>());
}

Result<bool> SaleSettings::reentry() const {
  EC_TRY(check_in, member("check_in"));
  const auto found = check_in.is_object() ? check_in.find("reentry") : check_in.end();
  return check_in.is_object() && found != check_in.end() && found->is_boolean() && found->get<bool>();
}

Result<bool> SaleSettings::self_refund() const {
  EC_TRY(allowed, member("self_refund"));
  return allowed.is_boolean() && allowed.get<bool>();
}

Result<pure::Rates> SaleSettings::rates() const {
  if (event_.contains("taxes") && event_.contains("fees")) return pure::parse_rates(event_);
  EC_TRY(settings, reading_->organization_settings(organization_));
  return pure::effective_rates(event_, settings);
}

}  // namespace eventcore::rules::ticketing
