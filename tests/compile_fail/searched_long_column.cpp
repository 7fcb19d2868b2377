// expect: words are those of short text columns of the table
#include "parts.hpp"

namespace eventcore::schema {

constexpr TableDef wrong = table_with([](TableDef& t) { t.searched = {"email", "notes"}; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
