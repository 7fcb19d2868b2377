// expect: the doc of a table is a sentence that ends with a full stop
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.doc = "Things"; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
