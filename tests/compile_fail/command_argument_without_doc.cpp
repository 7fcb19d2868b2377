// expect: an argument's doc must end with a full stop
#include "schema/commands.hpp"

namespace eventcore::schema {

constexpr ArgumentDef arguments[] = {{.name = "id", .type = Type::uuid}};
constexpr CommandDef one{
    .id = 1, .name = "one", .domain = "test", .arguments = arguments, .reply = "nothing", .doc = "One."};
constexpr std::array<const CommandDef*, 1> wrong{&one};
static_assert(detail::check_commands(wrong));

}  // namespace eventcore::schema
