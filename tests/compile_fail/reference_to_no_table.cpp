// expect: a reference names a table that does not exist
#include "parts.hpp"

namespace eventcore::schema {

constexpr const TableDef* all[] = {&right};
static_assert(consteval_check(AllTables{all}));

}  // namespace eventcore::schema
