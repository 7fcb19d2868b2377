// expect: the parent column is not null and never changes
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.parent = "owner_id"; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
