// expect: a command names an error that is not in errors.hpp
#include "schema/commands.hpp"

namespace eventcore::schema {

constexpr std::string_view errors[] = {"sold_in"};
constexpr CommandDef one{.id = 1, .name = "one", .domain = "test", .errors = errors, .reply = "nothing", .doc = "One."};
constexpr std::array<const CommandDef*, 1> wrong{&one};
static_assert(detail::check_commands(wrong));

}  // namespace eventcore::schema
