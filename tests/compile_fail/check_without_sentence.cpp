// expect: a check has a name, a condition and a sentence
#include "parts.hpp"

namespace eventcore::schema {

constexpr CheckDef checks[] = {{.name = "things_prices", .sql = "price > 0", .doc = "no sentence"}};
constexpr TableDef wrong = table_with([](TableDef& t) { t.checks = checks; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
