// What an event's settings say about selling and admission; where an event is silent its organization's settings speak.
//   hold_minutes          how long an unpaid order holds its places (1 to 10,080, default 15)
//   hold_limit_anonymous  most unpaid places of the event at which anonymous callers may still order; absent: no limit
//   check_in.reentry      whether who went out may come in again (default no)
//   self_refund           whether customers return tickets themselves (default no)
//   taxes, fees           as rules/pure/rates.hpp reads them
// Thread: belongs to one unit of work.
#pragma once

#include <cstdint>
#include <eventcore/result.hpp>
#include <optional>

#include "base/json.hpp"
#include "rules/pure/rates.hpp"
#include "work/reading.hpp"

namespace eventcore::rules::ticketing {

inline constexpr std::int64_t hold_minutes_max = 7 * 24 * 60;

class SaleSettings {
 public:
  // Reads the event's settings now and the organization's when they are needed.
  static Result<SaleSettings> of(work::Reading& reading, const Record& event);

  Result<Micros> hold_time_us() const;
  Result<std::optional<std::int64_t>> hold_limit_anonymous() const;
  Result<bool> reentry() const;
  Result<bool> self_refund() const;
  Result<pure::Rates> rates() const;

 private:
  SaleSettings(work::Reading& reading, const Uuid& organization, Json event)
      : reading_(&reading), organization_(organization), event_(std::move(event)) {}

  // The event's member, else the organization's, else null.
  Result<Json> member(std::string_view name) const;

  work::Reading* reading_;
  Uuid organization_;
  Json event_;
};

}  // namespace eventcore::rules::ticketing
