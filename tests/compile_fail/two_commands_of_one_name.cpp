// expect: two commands have the same name
#include "schema/commands.hpp"

namespace eventcore::schema {

constexpr CommandDef one{.id = 1, .name = "one", .domain = "test", .reply = "nothing", .doc = "One."};
constexpr CommandDef two{.id = 2, .name = "one", .domain = "test", .reply = "nothing", .doc = "Two."};
constexpr std::array<const CommandDef*, 2> wrong{&one, &two};
static_assert(detail::check_commands(wrong));

}  // namespace eventcore::schema
