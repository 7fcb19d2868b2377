// expect: what only reads needs no reserve
#include "schema/commands.hpp"

namespace eventcore::schema {

constexpr CommandDef one{.id = 1,
                         .name = "one",
                         .domain = "test",
                         .mutates = false,
                         .runs = Runs::anyone,
                         .reply = "nothing",
                         .on_full_disk = OnFullDisk::goes_on,
                         .doc = "One."};
constexpr std::array<const CommandDef*, 1> wrong{&one};
static_assert(detail::check_commands(wrong));

}  // namespace eventcore::schema
