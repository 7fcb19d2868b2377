// The claims of failing_allocations_main.cpp, for SQLite's allocator. EC_ALLOCATION_FAULTS=all for every allocation.
// Operator new is left to runs by hand (docs/reliability.md, "Memory"): JSON values allocate when they are destroyed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/test_store.hpp"

namespace eventcore::test {
namespace {

TEST(FailingAllocationsTest, AnyOfSqlitesAnswersOutOfMemoryAndChangesNothing) {
  const TestFolder folder;
  const char* const asked = std::getenv("EC_ALLOCATION_FAULTS");
  const std::string how_many = asked != nullptr ? std::string(" ") + asked : "";
  EXPECT_EQ(std::system((EC_TEST_PROGRAMS "/failing_allocations " + folder.folder() + " sqlite" + how_many).c_str()),
            0);
}

}  // namespace
}  // namespace eventcore::test
