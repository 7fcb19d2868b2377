// Each command may be run by whom the access contract names, and by nobody else.
#include "policy/command_rights.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "schema/commands.hpp"

namespace eventcore::test {
namespace {

TEST(CommandRightsTest, NobodyRunsWhatTheContractDoesNotNameHimFor) {
  CommandRights rights(shared_world());
  std::size_t asked = 0;
  for (const schema::CommandDef* command : schema::all_commands) asked += rights.check(*command);
  std::printf("command rights: %zu commands, %zu questions\n", schema::all_commands.size(), asked);
}

}  // namespace
}  // namespace eventcore::test
