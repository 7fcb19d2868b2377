#include "rules/pure/rates.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "base/currency.hpp"
#include "rules/pure/price.hpp"

namespace eventcore::rules::pure {

namespace {

// Reads one object of a list, noting what is wrong with it.
class Fields {
 public:
  Fields(const Json& object, std::string path, std::vector<FieldError>& errors)
      : object_(object), path_(std::move(path)), errors_(errors) {}

  // False if there is nothing to read.
  bool check_shape(std::initializer_list<std::string_view> known) {
    if (!object_.is_object()) {
      errors_.push_back({path_, "must be an object"});
      return false;
    }
    for (const auto& [name, value] : object_.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        complain(name, "unknown field");
      }
    }
    return true;
  }

  std::string text(const char* name) {
    const Json* value = find(name);
    if (value == nullptr || !value->is_string() || value->get_ref<const std::string&>().empty()) {
      complain(name, "must be a text");
      return {};
    }
    return value->get<std::string>();
  }

  bool flag(const char* name, bool when_absent) {
    const Json* value = find(name);
    if (value == nullptr) {
      return when_absent;
    }
    if (!value->is_boolean()) {
      complain(name, "must be true or false");
      return when_absent;
    }
    return value->get<bool>();
  }

  Exact share(const char* name, bool required, int highest) {
    const Json* value = find(name);
    if (value == nullptr && !required) {
      return 0;
    }
    if (value != nullptr && (value->is_string() || is_number(*value))) {
      auto number = parse_exact(value->is_string() ? value->get<std::string>() : number_text(*value));
      if (number && number.assume_value() >= 0 && number.assume_value() <= highest) {
        return std::move(number).assume_value();
      }
    }
    complain(name, "must be a decimal from 0 to " + std::to_string(highest));
    return 0;
  }

  std::int64_t money(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) {
      return 0;
    }
    if (value->is_string() || value->is_number_integer()) {
      const auto units =
          parse_decimal(value->is_string() ? value->get<std::string>() : number_text(*value), money_scale);
      if (units && units.assume_value() >= 0 && units.assume_value() <= max_fixed_fee) {
        return units.assume_value();
      }
    }
    complain(name, "must be an amount that is not negative, a decimal string or an integer");
    return 0;
  }

  bool per_ticket() {
    const Json* value = find("per");
    if (value == nullptr || !value->is_string() || (*value != "ticket" && *value != "order")) {
      complain("per", "must be ticket or order");
      return false;
    }
    return *value == "ticket";
  }

  void complain(std::string_view name, std::string reason) {
    errors_.push_back({path_ + "." + std::string(name), std::move(reason)});
  }

 private:
  [[nodiscard]] const Json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  const Json& object_;
  std::string path_;
  std::vector<FieldError>& errors_;
};

TaxRate read_tax(Fields fields) {
  TaxRate tax;
  if (fields.check_shape({"name", "rate", "inclusive", "on_fees"})) {
    tax.name = fields.text("name");
    tax.rate = fields.share("rate", true, 1);
    tax.inclusive = fields.flag("inclusive", false);
    tax.on_fees = fields.flag("on_fees", false);
  }
  return tax;
}

FeeRate read_fee(Fields fields) {
  FeeRate fee;
  if (fields.check_shape({"name", "fixed", "percent", "per", "refundable"})) {
    fee.name = fields.text("name");
    fee.fixed = fields.money("fixed");
    fee.percent = fields.share("percent", false, 100);
    fee.per_ticket = fields.per_ticket();
    fee.refundable = fields.flag("refundable", true);
  }
  return fee;
}

template <class Read>
auto read_list(const Json& settings, const char* name, Read read, std::vector<FieldError>& errors) {
  std::vector<decltype(read(std::declval<Fields>()))> list;
  const auto found = settings.is_object() ? settings.find(name) : settings.end();
  if (found == settings.end() || found->is_null()) {
    return list;
  }
  if (!found->is_array() || found->size() > max_rates) {
    errors.push_back({name, "must be a list of at most " + std::to_string(max_rates)});
    return list;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    list.push_back(read(Fields((*found)[i], std::string(name) + "[" + std::to_string(i) + "]", errors)));
  }
  return list;
}

const Json& holder_of(const char* name, const Json& event_settings, const Json& organization_settings) {
  const bool own = event_settings.is_object() && event_settings.contains(name) && !event_settings[name].is_null();
  return own ? event_settings : organization_settings;
}

}  // namespace

Result<Rates> parse_rates(const Json& settings) {
  std::vector<FieldError> errors;
  Rates rates;
  rates.taxes = read_list(settings, "taxes", read_tax, errors);
  rates.fees = read_list(settings, "fees", read_fee, errors);
  for (std::size_t i = 1; i < rates.taxes.size(); ++i) {
    if (rates.taxes[i].on_fees != rates.taxes[0].on_fees) {
      errors.push_back({"taxes[" + std::to_string(i) + "].on_fees", "must be the same for all taxes"});
    }
  }
  if (!errors.empty()) {
    return Failure(Errc::invalid_argument, FailureDetail{.message = {}, .fields = std::move(errors), .facts = {}});
  }
  return rates;
}

Result<Rates> effective_rates(const Json& event_settings, const Json& organization_settings) {
  EC_TRY(with_taxes, parse_rates(holder_of("taxes", event_settings, organization_settings)));
  EC_TRY(with_fees, parse_rates(holder_of("fees", event_settings, organization_settings)));
  return Rates{.taxes = std::move(with_taxes.taxes), .fees = std::move(with_fees.fees)};
}

Json rates_json(const Rates& rates) {
  Json taxes = Json::array();
  for (const TaxRate& tax : rates.taxes) {
    taxes.push_back({{"name", tax.name},
                     {"rate", exact_text(tax.rate, 0)},
                     {"inclusive", tax.inclusive},
                     {"on_fees", tax.on_fees}});
  }
  Json fees = Json::array();
  for (const FeeRate& fee : rates.fees) {
    fees.push_back({{"name", fee.name},
                    {"fixed", format_decimal_short(fee.fixed, money_scale)},
                    {"percent", exact_text(fee.percent, 0)},
                    {"per", fee.per_ticket ? "ticket" : "order"},
                    {"refundable", fee.refundable}});
  }
  return {{"taxes", std::move(taxes)}, {"fees", std::move(fees)}};
}

}  // namespace eventcore::rules::pure
