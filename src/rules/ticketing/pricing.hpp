// The price of one place of each of some categories: reads the rules and the factors they name, then rules/pure/price.
// Invariant: each table is read once, however many categories there are; sales figures only when a rule names them.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <span>
#include <vector>

#include "base/json.hpp"
#include "rules/pure/price.hpp"
#include "work/reading.hpp"

namespace eventcore::rules::ticketing {

struct CategoryPrice {
  pure::Price price;
  pure::Factors factors;
};

// One answer per category, in their order. A category's available_quantity is taken as it stands in the record.
Result<std::vector<CategoryPrice>> price_categories(work::Reading& reading, const Record& event,
                                                    std::span<const Record* const> categories,
                                                    const Json& host_factors);

// The minor unit of a category's currency.
std::int64_t unit_of(const Record& category);
int digits_of(const Record& category);

}  // namespace eventcore::rules::ticketing
