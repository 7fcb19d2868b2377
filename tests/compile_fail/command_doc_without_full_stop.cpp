// expect: a command's doc must end with a full stop
#include "schema/commands.hpp"

namespace eventcore::schema {

constexpr CommandDef one{.id = 1, .name = "one", .domain = "test", .reply = "nothing", .doc = "One"};
constexpr std::array<const CommandDef*, 1> wrong{&one};
static_assert(detail::check_commands(wrong));

}  // namespace eventcore::schema
