// The table behind the C handles, without any engine: what it finds, what it refuses, and that it does so from many
// threads at once.
#include "../../bindings/c/src/handles.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace eventcore::c {
namespace {

Errc code_of(const Result<std::shared_ptr<void>>& result) {
  return result ? Errc{} : result.assume_error().code();
}

struct HandlesTest : testing::Test {
  HandleTable parent{1, 0, nullptr};
  HandleTable child{2, 1, &parent};
};

TEST_F(HandlesTest, FindsWhatWasAdded) {
  const auto object = std::make_shared<int>(7);
  const std::uintptr_t handle = parent.add(Kind::session, object);
  const auto found = parent.find(handle, Kind::session);
  ASSERT_TRUE(found);
  EXPECT_EQ(found.assume_value().get(), object.get());
  EXPECT_EQ(parent.live(), 1);
}

TEST_F(HandlesTest, ZeroIsNullAndAnotherKindIsInvalid) {
  const std::uintptr_t handle = parent.add(Kind::session, std::make_shared<int>(7));
  EXPECT_EQ(code_of(parent.find(0, Kind::session)), Errc::null_argument);
  EXPECT_EQ(code_of(parent.find(handle, Kind::engine)), Errc::invalid_handle);
  EXPECT_EQ(code_of(parent.remove(handle, Kind::engine)), Errc::invalid_handle);
  EXPECT_EQ(parent.live(), 1);
}

TEST_F(HandlesTest, RemovedTwiceIsClosedAndTheSlotsNextTenantIsSafe) {
  const std::uintptr_t first = parent.add(Kind::bytes, std::make_shared<int>(1));
  ASSERT_TRUE(parent.remove(first, Kind::bytes));
  EXPECT_EQ(code_of(parent.remove(first, Kind::bytes)), Errc::closed);
  std::set<std::uintptr_t> seen{first};
  for (int i = 0; i < 1000; ++i) {  // every slot that is free is used again
    const std::uintptr_t next = parent.add(Kind::bytes, std::make_shared<int>(i));
    EXPECT_TRUE(seen.insert(next).second) << "a handle came twice";
    EXPECT_EQ(code_of(parent.find(first, Kind::bytes)), Errc::closed);
    ASSERT_TRUE(parent.remove(next, Kind::bytes));
  }
  EXPECT_EQ(parent.live(), 0);
}

TEST_F(HandlesTest, NoAlignedAddressIsAHandle) {
  const std::uintptr_t handle = parent.add(Kind::engine, std::make_shared<int>(1));
  EXPECT_NE(handle % 8, 0U);
  const long on_the_stack = 0;
  for (const Kind kind : {Kind::engine, Kind::session, Kind::pending, Kind::bytes, Kind::error})
    EXPECT_EQ(code_of(parent.find(reinterpret_cast<std::uintptr_t>(&on_the_stack), kind)), Errc::invalid_handle);
}

TEST_F(HandlesTest, AChildKnowsItsParentsHandlesAsForkedAndNotTheOtherWayRound) {
  const std::uintptr_t before = parent.add(Kind::engine, std::make_shared<int>(1));
  const std::uintptr_t after = child.add(Kind::engine, std::make_shared<int>(2));
  EXPECT_EQ(code_of(child.find(before, Kind::engine)), Errc::forked);
  EXPECT_EQ(code_of(child.remove(before, Kind::engine)), Errc::forked);
  EXPECT_TRUE(child.find(after, Kind::engine));
  EXPECT_EQ(code_of(parent.find(after, Kind::engine)), Errc::invalid_handle);
}

// A daemon may replace itself by a child each night.
TEST_F(HandlesTest, AHandleOfAnyAncestorIsForkedForHundredsOfGenerations) {
  const std::uintptr_t before = parent.add(Kind::engine, std::make_shared<int>(1));
  for (std::uint32_t depth = 1; depth <= 500; ++depth) {
    HandleTable descendant{static_cast<pid_t>(depth + 1), depth, &parent};
    const std::uintptr_t own = descendant.add(Kind::engine, std::make_shared<int>(2));
    ASSERT_EQ(code_of(descendant.find(before, Kind::engine)), Errc::forked) << depth;
    ASSERT_TRUE(descendant.find(own, Kind::engine)) << depth;
  }
}

TEST_F(HandlesTest, BareErrorsCarryTheirNumberAndAreInNoTable) {
  const std::uintptr_t handle = HandleTable::bare_error(Errc::sold_out);
  EXPECT_EQ(HandleTable::bare_error_number(handle), static_cast<std::int32_t>(Errc::sold_out));
  EXPECT_FALSE(parent.remove(handle, Kind::error));
  EXPECT_EQ(HandleTable::bare_error_number(parent.add(Kind::error, std::make_shared<int>(1))), 0);
  EXPECT_EQ(HandleTable::bare_error_number(parent.add(Kind::bytes, std::make_shared<int>(1))), 0);
}

TEST_F(HandlesTest, TheObjectLivesWhileItIsUsedAndEndsWithItsHandle) {
  auto object = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = object;
  const std::uintptr_t handle = parent.add(Kind::session, std::move(object));
  {
    const auto used = parent.find(handle, Kind::session);
    ASSERT_TRUE(parent.remove(handle, Kind::session));
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST_F(HandlesTest, ManyThreadsNeverMixTheirHandles) {
  constexpr int threads = 8;
  std::atomic<int> wrong{0};
  std::vector<std::thread> running;
  for (int number = 0; number < threads; ++number) {
    running.emplace_back([&, number] {
      for (int round = 0; round < 5000; ++round) {
        const std::uintptr_t handle = parent.add(Kind::pending, std::make_shared<int>(number));
        const auto found = parent.find(handle, Kind::pending);
        if (!found || *std::static_pointer_cast<int>(found.assume_value()) != number) ++wrong;
        if (!parent.remove(handle, Kind::pending)) ++wrong;
        if (code_of(parent.find(handle, Kind::pending)) != Errc::closed) ++wrong;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(parent.live(), 0);
}

}  // namespace
}  // namespace eventcore::c
