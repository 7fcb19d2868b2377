// expect: allow is written for by_predicates commands, and only for them
#include "schema/commands.hpp"

namespace eventcore::schema {

constexpr CommandDef one{
    .id = 1, .name = "one", .domain = "test", .runs = Runs::by_predicates, .reply = "nothing", .doc = "One."};
constexpr std::array<const CommandDef*, 1> wrong{&one};
static_assert(detail::check_commands(wrong));

}  // namespace eventcore::schema
