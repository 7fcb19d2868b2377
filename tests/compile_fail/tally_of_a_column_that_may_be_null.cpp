// expect: the columns of a tally are short and never null
#include "parts.hpp"
#include "schema/tallies.hpp"

namespace eventcore::schema {

constexpr TallyDef wrong = tally(right, {"colour"}, "price");

}  // namespace eventcore::schema
