// expect: a tally groups by ids, texts and enumerations
#include "parts.hpp"
#include "schema/tallies.hpp"

namespace eventcore::schema {

constexpr TallyDef wrong = tally(right, {"version"}, "version");

}  // namespace eventcore::schema
