// expect: the id of a column was retired
#include "parts.hpp"

namespace eventcore::schema {

constexpr RetiredColumn retired[] = {{100, 13}};
consteval bool checked() {
  check::not_retired(right, {}, retired);
  return true;
}
static_assert(checked());

}  // namespace eventcore::schema
