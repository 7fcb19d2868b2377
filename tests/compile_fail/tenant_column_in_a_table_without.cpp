// expect: a table in the list of those without a tenant column has one
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.name = "organizations"; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
