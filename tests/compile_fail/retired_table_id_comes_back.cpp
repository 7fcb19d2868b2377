// expect: the id of a table was retired
#include "parts.hpp"

namespace eventcore::schema {

constexpr std::uint16_t retired[] = {100};
consteval bool checked() {
  check::not_retired(right, retired, {});
  return true;
}
static_assert(checked());

}  // namespace eventcore::schema
