// expect: a user id, an e-mail with a folded twin, or the long column itself
#include "parts.hpp"

namespace eventcore::schema {

constexpr auto columns = columns_with("email", [](ColumnDef& c) { c.personal = about("price"); });
constexpr TableDef wrong = table_with([](TableDef& t) { t.columns = columns; });
static_assert(consteval_check(wrong));

}  // namespace eventcore::schema
