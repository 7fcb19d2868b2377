// expect: access says who may view, create, update and remove
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.access.remove = {}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
